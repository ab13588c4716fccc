/** Our own back-off between attempts: short, growing, never longer than 30 s. A departure overrides it. */
import { SECOND } from './time.ts'

/** The longest pause between two attempts, ms. */
export const LONGEST_PAUSE_MS = 30 * SECOND

/**
 * ms to wait after the `attempts`-th attempt (1 for the first) did not settle. The jitter, in [0, 1), takes up to a
 * fifth off, so that a fleet that lost its network at once doesn't come back at once.
 */
export function pauseMs(attempts: number, jitter: number): number {
  const full = Math.min(SECOND * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE_MS)
  return Math.round(full * (1 - 0.2 * jitter))
}
