/** The latest snapshot from the main process, and the time by which it is read. */
import { useEffect, useState } from 'react'
import type { Bridge } from '../shared/ipc.ts'
import type { Snapshot } from '../shared/snapshot.ts'

/** The state to show; null until the first one has come. */
export function useSnapshot(bridge: Bridge): Snapshot | null {
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null)
  useEffect(() => {
    let stopped = false
    const stop = bridge.onSnapshot(setSnapshot)
    bridge.snapshot().then(
      // A pushed snapshot is never older than an asked one, so the asked one only fills the empty window.
      (first) => {
        if (!stopped) setSnapshot((current) => current ?? first)
      },
      // The main process answers as long as it lives; without it the window goes too.
      (error: unknown) => {
        reportError(error)
      },
    )
    return () => {
      stopped = true
      stop()
    }
  }, [bridge])
  return snapshot
}

/** ms since the epoch, refreshed every half minute: "Teams may take a few minutes" ends by itself. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
