/** The net under every other source: asks the system every 15 seconds whether the screen is locked and the user idle. */
import { powerMonitor } from 'electron'
import type { AttendanceEvent } from '../../core/attendance.ts'
import type { Clock, Log } from '../../core/model.ts'

/** Time between two looks, ms. */
const POLL_MS = 15_000
/** After a wake, so that the user's first input ends the sleep soon: time between two looks, and for how long, ms. */
const AFTER_RESUME = { everyMs: 2_000, forMs: 60_000 } as const
/** Where the system draws the line between active and idle, s. Attendance looks at the idle time itself. */
const IDLE_THRESHOLD_S = 60

/** The poll. */
export interface IdlePoll {
  /** Whether the screen is locked now; false where the system can't tell. For the start of the app. */
  readLocked(): boolean
  /** Looks now and every 15 s. */
  start(): void
  /** The machine woke: looks at once and more often for a while. */
  resumed(): void
  stop(): void
}

/** Builds the poll; it starts with `start`, after ready. */
export function createIdlePoll({
  clock,
  log,
  report,
}: {
  readonly clock: Clock
  readonly log: Log
  readonly report: (event: AttendanceEvent) => void
}): IdlePoll {
  let cancel = (): void => undefined
  let hurryUntil = -Infinity
  let failed = false

  /** Null when the desktop can't be asked: made-up figures would count as input after a wake. */
  function read(): Extract<AttendanceEvent, { type: 'poll' }> | null {
    try {
      const state = powerMonitor.getSystemIdleState(IDLE_THRESHOLD_S)
      return { type: 'poll', state, idleSeconds: powerMonitor.getSystemIdleTime() }
    } catch (error) {
      if (!failed) log.warn('idle state not readable', { error: String(error) })
      failed = true
      return null
    }
  }

  function look(): void {
    cancel()
    const inHurry = clock.now().mono < hurryUntil
    cancel = clock.after(inHurry ? AFTER_RESUME.everyMs : POLL_MS, look)
    const seen = read()
    if (seen !== null) report(seen)
  }

  return {
    readLocked: () => read()?.state === 'locked',
    start: look,
    resumed() {
      hurryUntil = clock.now().mono + AFTER_RESUME.forMs
      look()
    },
    stop: () => cancel(),
  }
}
