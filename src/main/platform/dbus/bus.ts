/** A message bus for as long as the app runs: connects, notices its end, and connects again. */
import type { Clock, Log } from '../../core/model.ts'
import { type BusEnvironment, type BusName, busSockets } from './address.ts'
import { type BusLink, openLink } from './link.ts'

/** Time to the first new attempt, the longest one, and after how long a connection counts as a good one, ms. */
const RETRY_MS = { first: 250, longest: 30_000, good: 5_000 } as const

/** What one user of the bus does with each new connection: subscribes and reads. */
export type LinkHandler = (link: BusLink) => Promise<void>

/** One of the two buses. */
export interface Bus {
  /**
   * Registers a user of the bus, and calls it for a connection that is there already. A handler that rejects costs the
   * connection: the bus is broken.
   */
  onLink(handler: LinkHandler): void
  /** Called at the end of each connection, and of each attempt to get one. */
  onLost(listener: () => void): void
  /** Starts connecting. */
  start(): void
  /** Whether there is a connection whose handlers are done. */
  connected(): boolean
  /** Resolves when the first attempt has come to its end: handlers done, or no bus. Never rejects. */
  readonly firstAttempt: Promise<void>
  /** Ends the connection for good. */
  stop(): void
}

/** Builds a bus. Nothing here throws or rejects: a bus that isn't there is looked for again and again. */
export function createBus({
  name,
  env,
  clock,
  log,
}: {
  readonly name: BusName
  readonly env: BusEnvironment
  readonly clock: Clock
  readonly log: Log
}): Bus {
  const handlers: LinkHandler[] = []
  const lost: (() => void)[] = []
  let state: 'waiting' | 'ready' | 'stopped' = 'waiting'
  let link: BusLink | null = null
  let retryMs: number = RETRY_MS.first
  let cancelRetry = (): void => undefined
  let told = ''
  let settle = (): void => undefined
  const firstAttempt = new Promise<void>((resolve) => {
    settle = resolve
  })
  // Read through a function, because it changes while we wait.
  const stopped = (): boolean => state === 'stopped'

  async function run(): Promise<void> {
    const since = clock.now().mono
    const why = await useOne()
    link = null
    if (stopped()) return
    state = 'waiting'
    for (const listener of lost) listener()
    tell(why)
    settle()
    if (clock.now().mono - since >= RETRY_MS.good) retryMs = RETRY_MS.first
    cancelRetry = clock.after(retryMs, () => void run())
    retryMs = Math.min(RETRY_MS.longest, retryMs * 2)
  }

  /** Connects once and stays until the connection's end. Answers why it ended. */
  async function useOne(): Promise<string> {
    try {
      const mine = await openLink(busSockets(name, env))
      link = mine
      if (stopped()) mine.close()
      await Promise.all(handlers.map((handler) => handler(mine)))
      if (!stopped()) ready()
      await mine.closed
      return 'the connection ended'
    } catch (error) {
      link?.close()
      return error instanceof Error ? error.message : String(error)
    }
  }

  function ready(): void {
    state = 'ready'
    told = 'connected'
    log.info('bus connected', { bus: name })
    settle()
  }

  /** A bus that stays away is logged once. */
  function tell(why: string): void {
    if (why !== told) log.warn('no bus', { bus: name, why })
    told = why
  }

  return {
    onLink(handler) {
      handlers.push(handler)
      const now = link
      if (now !== null) handler(now).catch(() => now.close())
    },
    onLost: (listener) => void lost.push(listener),
    start: () => void run(),
    connected: () => state === 'ready',
    firstAttempt,
    stop() {
      state = 'stopped'
      cancelRetry()
      link?.close()
      settle()
    },
  }
}
