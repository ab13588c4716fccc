/** The simulated clock: real time plus an offset that tests move. */

// Taken at load, so that a test's fake timers don't move the simulator behind its back.
const realNow = Date.now

/** Real time in ms since 1970, whatever a test has done to `Date`. */
export const realTime = (): number => realNow.call(Date)

/** What everything in the simulator asks for the time: expiries, decay, token lifetimes and the Date header. */
export interface Clock {
  /** Simulated time, ms since 1970. */
  now: () => number
  /** Moves the clock by `ms` (backwards if negative) and returns the new time. */
  advance: (ms: number) => number
  /** Sets the clock to `ms` since 1970 (it keeps running from there) and returns that time. */
  set: (ms: number) => number
}

/** A clock that runs with real time from `startMs` (default: now). Throws RangeError for a time that is no number. */
export function createClock(startMs?: number): Clock {
  let offset = 0
  const finite = (ms: number): number => {
    if (!Number.isFinite(ms)) throw new RangeError(`Not a time in milliseconds: ${ms}`)
    return ms
  }
  const now = (): number => realTime() + offset
  const set = (ms: number): number => {
    offset = finite(ms) - realTime()
    return ms
  }
  if (startMs !== undefined) set(startMs)
  return {
    now,
    set,
    advance: (ms) => {
      offset += finite(ms)
      return now()
    },
  }
}
