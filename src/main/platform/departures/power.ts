/** Lock, sleep, user switch and shutdown as Electron's powerMonitor tells them. */
import { type Event, powerMonitor } from 'electron'
import type { AttendanceEvent } from '../../core/attendance.ts'

/**
 * How long the `suspend` handler may block on Linux, ms: Electron lets go of its sleep lock when the handler returns,
 * and logind waits 5 s (InhibitDelayMaxSec).
 */
const SUSPEND_HOLD_MS = 3_000

/** Starts listening; call it after ready. It lasts as long as the process. */
export function watchPower({
  platform,
  report,
  onResume,
  endSession,
}: {
  readonly platform: NodeJS.Platform
  readonly report: (event: AttendanceEvent) => void
  /** The machine woke: look at once whether the user is there. */
  readonly onResume: () => void
  /** The machine shuts down or the user logs off (macOS, Linux): report it and quit. */
  readonly endSession: (departure: 'shutdown') => void
}): void {
  powerMonitor.on('suspend', () =>
    report(platform === 'linux' ? { type: 'suspend', holdMs: SUSPEND_HOLD_MS } : { type: 'suspend' }),
  )
  powerMonitor.on('resume', () => {
    report({ type: 'resume' })
    onResume()
  })
  if (platform !== 'linux') {
    powerMonitor.on('lock-screen', () => report({ type: 'lock', source: 'system-events', locked: true }))
    powerMonitor.on('unlock-screen', () => report({ type: 'lock', source: 'system-events', locked: false }))
  }
  if (platform === 'darwin') {
    powerMonitor.on('user-did-resign-active', () => report({ type: 'switched', away: true }))
    powerMonitor.on('user-did-become-active', () => report({ type: 'switched', away: false }))
  }
  if (platform !== 'win32') {
    // Never the first listener: on Linux Electron would then take no shutdown lock at all. The typings leave out the
    // event that the documentation gives this listener.
    powerMonitor.on('shutdown', (event?: Event) => {
      event?.preventDefault()
      endSession('shutdown')
    })
  }
}
