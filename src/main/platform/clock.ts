/** The clocks and timers of this process: the Clock port on Node's own. */
import type { Clock } from '../core/model.ts'

/** The longest delay that setTimeout takes, ms: a longer one wraps to 1 ms (Node's timers documentation). */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** Builds the clock of the real process. Timers keep the process alive, as its windows and tray do. */
export function createClock(): Clock {
  return {
    now: () => ({ wall: Date.now(), mono: performance.now(), jitter: Math.random() }),
    after: startTimer,
  }
}

/** setTimeout without its upper limit; a delay that isn't a number counts as none. Returns its cancel. */
function startTimer(ms: number, callback: () => void): () => void {
  let left = ms > 0 ? ms : 0
  let timer: NodeJS.Timeout
  const next = (): void => {
    const part = Math.min(left, LONGEST_TIMEOUT_MS)
    left -= part
    timer = setTimeout(left > 0 ? next : callback, part)
  }
  next()
  return () => clearTimeout(timer)
}
