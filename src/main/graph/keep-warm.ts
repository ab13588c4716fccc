/** Keeps one connection open and idle ahead of need, so that a departure's request is on its way at once. */
import type { Http } from './http.ts'

/** A connection that one request has just used comes back on its own; look again after this time, ms. */
const SETTLE_MS = 300
/** First and longest wait between attempts that fail, or after connections that die young, ms. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
/** A connection that lived this long, ms, closed for an ordinary reason and is opened again at once. */
const LONG_LIFE_MS = 20_000
/** How often the clock is looked at, and the jump, ms, from which the machine must have slept. */
const CLOCK_CHECK_MS = 15_000
const SLEPT_MS = 10_000

/** One warm connection. */
export interface Warmth {
  /** Opens one soon, if none is idle: after a request took the idle one. */
  check(): void
  /** Opens a new one now, and drops what is idle: the network may have changed, and nothing says so to a socket. */
  refresh(): void
  /** Ends it. */
  stop(): void
}

/** Keeps a connection to `origin` warm until stopped. Its timers keep no process alive. */
export function keepWarm(http: Http, origin: string): Warmth {
  let stopped = false
  let wait = FIRST_WAIT_MS
  let openedAt = 0
  let timer: NodeJS.Timeout | null = null
  let due = 0
  let seen = Date.now()

  /** The earliest of what was asked for holds. */
  const schedule = (ms: number): void => {
    const at = performance.now() + ms
    if (stopped || (timer !== null && due <= at)) return
    if (timer !== null) clearTimeout(timer)
    due = at
    timer = setTimeout(() => void open(), ms)
    timer.unref()
  }
  const backOff = (): number => {
    const now = wait
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    return now * (0.75 + Math.random() / 2)
  }
  const open = async (): Promise<void> => {
    timer = null
    if (stopped || http.idle(origin) > 0) return
    try {
      await http.warm(origin)
      openedAt = performance.now()
    } catch {
      // The next write says what is wrong with the network; here it only means to try again later.
      schedule(backOff())
    }
  }
  const refresh = (): void => {
    http.dropIdle()
    wait = FIRST_WAIT_MS
    schedule(0)
  }
  http.onClosed(() => {
    if (performance.now() - openedAt > LONG_LIFE_MS) {
      wait = FIRST_WAIT_MS
      schedule(SETTLE_MS)
    } else schedule(backOff())
  })
  // After sleep the far end has long forgotten an idle connection, and nothing tells us so.
  const clock = setInterval(() => {
    const now = Date.now()
    const slept = Math.abs(now - seen - CLOCK_CHECK_MS) > SLEPT_MS
    seen = now
    if (slept) refresh()
  }, CLOCK_CHECK_MS)
  clock.unref()
  schedule(0)
  return {
    check: () => schedule(SETTLE_MS),
    refresh,
    stop: () => {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      clearInterval(clock)
    },
  }
}
