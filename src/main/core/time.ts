/** Ages and moments: in a running process the larger of monotonic and wall time counts, after a restart wall time. */
import type { Now, Stamp } from './model.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** A clock that is wrong by more than ten years is no offset to reckon with, ms. */
export const LONGEST_OFFSET_MS = 10 * 366 * 24 * HOUR

/** This moment as a stamp. `serverOffsetMs` is server time minus this machine's clock. */
export function stamp(now: Now, serverOffsetMs: number): Stamp {
  return { wall: now.wall + serverOffsetMs, mono: now.mono }
}

/** The moment `ms` after a stamp. */
export function later(start: Stamp, ms: number): Stamp {
  return { wall: start.wall + ms, mono: start.mono === null ? null : start.mono + ms }
}

/**
 * Whether one moment came before another. Of two of this process, only if both clocks say so: what came before by
 * monotonic time alone lies behind a sleep, and had been reached by wall time.
 */
export function isBefore(moment: Stamp, other: Stamp): boolean {
  const byWall = moment.wall < other.wall
  return moment.mono !== null && other.mono !== null ? byWall && moment.mono < other.mono : byWall
}

/**
 * ms since a stamp. A machine that slept has more wall time than monotonic time, a clock that was set back has less:
 * the larger one is the age.
 */
export function ageMs(since: Stamp, now: Now, serverOffsetMs: number): number {
  const wall = now.wall + serverOffsetMs - since.wall
  return since.mono === null ? wall : Math.max(wall, now.mono - since.mono)
}

/** Whether a stamped moment has come. */
export function reached(moment: Stamp, now: Now, serverOffsetMs: number): boolean {
  return ageMs(moment, now, serverOffsetMs) >= 0
}

/** ms until a stamped moment by the clock that gets there first, never negative. */
export function untilMs(moment: Stamp, now: Now, serverOffsetMs: number): number {
  return Math.max(0, -ageMs(moment, now, serverOffsetMs))
}

/**
 * A stamp read from a file, as this process counts it. One that lies in the future (the clock went back behind it)
 * counts from now, except for at most `aheadMs` where the moment is one to come.
 */
export function restoredStamp(saved: Stamp, now: Now, serverOffsetMs: number, aheadMs = 0): Stamp {
  const ahead = Math.min(saved.wall - (now.wall + serverOffsetMs), aheadMs)
  return later(stamp(now, serverOffsetMs), ahead)
}
