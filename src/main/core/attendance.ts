/** Merges what the sources report (lock votes, polls, sleep, user switch, session end) into away flags and their edges. */
import type { DepartureKind } from '../../shared/presence.ts'
import type { Now } from './model.ts'
import { MINUTE, SECOND } from './time.ts'

/** Departures that a user or a policy can switch off. `quit`, `sign-out` and `manual` can't be. */
export type SwitchableDeparture = Exclude<DepartureKind, 'quit' | 'sign-out' | 'manual'>

/** Which departures count, and after how long without input `idle` does (ms). */
export interface AttendanceSettings {
  readonly enabled: Readonly<Record<SwitchableDeparture, boolean>>
  readonly idleAfterMs: number
}

/** What the end of the session by the OS is for the user; `quit`: only this app is to be closed (an installer asks). */
export type SessionEnd = 'quit' | 'log-off' | 'shutdown'

/** Who can vote on whether the screen is locked. Each vote stands until its own source withdraws it. */
export type LockSource = 'system-events' | 'poll' | `desktop:${string}`

/**
 * What a source reports. Sources only translate; they decide nothing. `found`: it was so already when the source was first
 * asked, and since when nobody knows.
 */
export type AttendanceEvent =
  /** A source that can report both edges says whether the screen is locked. */
  | {
      readonly type: 'lock'
      readonly source: LockSource
      readonly locked: boolean
      readonly found?: boolean
    }
  /** A desktop that never reports an unlock was asked to lock (login1 `Lock`). */
  | { readonly type: 'lock-requested' }
  /** `powerMonitor.getSystemIdleState()` and `getSystemIdleTime()` (s), every 15 s and after a resume. */
  | {
      readonly type: 'poll'
      readonly state: 'active' | 'idle' | 'locked' | 'unknown'
      readonly idleSeconds: number
    }
  /** The machine is about to sleep. `holdMs`: block this handler until the clear is answered, at most that long. */
  | { readonly type: 'suspend'; readonly holdMs?: number }
  | { readonly type: 'resume' }
  /** Another user is in front of the machine (`true`), or this one again. */
  | { readonly type: 'switched'; readonly away: boolean; readonly found?: boolean }
  /** The OS asks to end the session (Windows `query-session-end`); it may still be cancelled by another program. */
  | { readonly type: 'session-ending'; readonly departure: SessionEnd }
  /** The session ends for certain (Windows `session-end`); `holdMs` as for `suspend`. */
  | { readonly type: 'session-ended'; readonly departure: SessionEnd; readonly holdMs?: number }
  /** The user used our window or tray. */
  | { readonly type: 'used' }
  /**
   * The app is about to end: the user quit it, or the OS ends the session in a way that can't be cancelled (macOS and
   * Linux `shutdown`, signals). `deadlineMs`: how long this departure may take.
   */
  | {
      readonly type: 'leaving'
      readonly departure: SessionEnd
      readonly deadlineMs: number
    }

/** What attendance remembers. Raw votes; the flags are derived, so that a switched-off departure sets none. */
export interface Attendance {
  readonly lockedBy: readonly LockSource[]
  /** When a desktop without unlock reports was last asked to lock, monotonic ms; null when that vote is withdrawn. */
  readonly lockRequestedAt: number | null
  readonly asleep: boolean
  /** When the machine last woke, monotonic ms; null while it sleeps or never did. */
  readonly resumedAt: number | null
  readonly switched: boolean
  readonly idle: boolean
  /**
   * The OS announced the session's end at that monotonic moment. `certain` once it can't be cancelled; `input`: somebody
   * has used the machine since, so another program may have cancelled it.
   */
  readonly ending: {
    readonly departure: SessionEnd
    readonly at: number
    readonly certain: boolean
    readonly input: boolean
  } | null
  /** The app is about to end. */
  readonly leaving: SessionEnd | null
}

/** An edge: a departure (the first of its absence or a further one), or the return. */
export type Edge =
  | { readonly type: 'departure'; readonly departure: DepartureKind; readonly first: boolean }
  | { readonly type: 'return' }

/** After how long without the session's end a query that another program answered with "no" is forgotten, ms. */
const ENDING_FORGOTTEN_MS = 60 * SECOND

/** A second request to lock after this long means that the user was back in between, ms. */
const NEW_LOCK_REQUEST_MS = 60 * SECOND

/** Nobody has reported anything. */
export const NOBODY_REPORTED: Attendance = {
  lockedBy: [],
  lockRequestedAt: null,
  asleep: false,
  resumedAt: null,
  switched: false,
  idle: false,
  ending: null,
  leaving: null,
}

/** Every departure counts but idle, which is opt-in. */
export const DEFAULT_ATTENDANCE: AttendanceSettings = {
  enabled: {
    lock: true,
    sleep: true,
    disconnect: true,
    'user-switch': true,
    'log-off': true,
    shutdown: true,
    idle: false,
  },
  idleAfterMs: 15 * MINUTE,
}

/** The departures that hold now, in the order in which an edge is told. */
export function awayBy(attendance: Attendance, settings: AttendanceSettings): readonly DepartureKind[] {
  const flags: DepartureKind[] = []
  if (attendance.lockedBy.length > 0 || attendance.lockRequestedAt !== null) flags.push('lock')
  if (attendance.asleep) flags.push('sleep')
  if (attendance.switched) flags.push('user-switch')
  if (attendance.idle) flags.push('idle')
  if (attendance.ending !== null) flags.push(attendance.ending.departure)
  // What can't be switched off has no switch.
  const switches: Readonly<Partial<Record<DepartureKind, boolean>>> = settings.enabled
  const counted = flags.filter((flag) => switches[flag] ?? true)
  // The end of the app itself is never switched off: nobody is left to clear afterwards.
  return attendance.leaving === null ? counted : [...counted, attendance.leaving]
}

/** Whether the user is away by any flag. */
export function isAway(attendance: Attendance, settings: AttendanceSettings): boolean {
  return awayBy(attendance, settings).length > 0
}

/** Takes in one report and tells the edges that it makes. Pure. */
export function attend(
  before: Attendance,
  event: AttendanceEvent,
  now: Now,
  settings: AttendanceSettings,
): { readonly attendance: Attendance; readonly edges: readonly Edge[] } {
  const back = backMeanwhile(before, event, now)
  if (back !== null) {
    const left = attend(back, event, now, settings)
    return { attendance: left.attendance, edges: [...edgesBetween(before, back, settings), ...left.edges] }
  }
  const attendance = take(before, event, now, settings)
  return { attendance, edges: edgesBetween(before, attendance, settings) }
}

/** Who leaves now although nobody saw them come back was here meanwhile: the state of that moment. Else null. */
function backMeanwhile(before: Attendance, event: AttendanceEvent, now: Now): Attendance | null {
  // Nothing ever reports the unlock here: a new request a minute later means that the user was back meanwhile.
  if (event.type === 'lock-requested' && isNewRequest(before, now)) {
    return { ...before, lockRequestedAt: null, asleep: false }
  }
  // The announced end did not come, and somebody was here since: this is a departure of its own.
  const cancelled = before.ending !== null && !before.ending.certain && before.ending.input
  return cancelled && leavesAgain(event) ? { ...before, ending: null } : null
}

/** Whether the event takes the user away, whatever was known before. */
function leavesAgain(event: AttendanceEvent): boolean {
  switch (event.type) {
    case 'lock':
      return event.locked
    case 'switched':
      return event.away
    case 'lock-requested':
    case 'suspend':
    case 'session-ending':
    case 'session-ended':
    case 'leaving':
      return true
    case 'poll':
      return event.state === 'locked'
    case 'resume':
    case 'used':
      return false
  }
}

function take(
  before: Attendance,
  event: AttendanceEvent,
  now: Now,
  settings: AttendanceSettings,
): Attendance {
  switch (event.type) {
    case 'lock':
      return event.locked ? withVote(before, event.source, true) : unlockedBy(before, event.source)
    case 'lock-requested':
      return { ...before, lockRequestedAt: now.mono }
    case 'poll':
      return polled(before, event, now, settings)
    case 'suspend':
      return { ...before, asleep: true, resumedAt: null }
    case 'resume':
      return { ...before, resumedAt: now.mono }
    case 'switched':
      return { ...before, switched: event.away }
    case 'session-ending':
      // Asked again and again, it is still the same end: it is forgotten a minute after the first question.
      return {
        ...before,
        ending: {
          ...{ at: now.mono, certain: false, input: false, ...before.ending },
          departure: event.departure,
        },
      }
    case 'session-ended':
      return { ...before, ending: { departure: event.departure, at: now.mono, certain: true, input: false } }
    case 'used':
      // Whoever uses our window sits here. Only for desktops that can't report an unlock; elsewhere the votes know better.
      return { ...before, lockRequestedAt: null }
    case 'leaving':
      return { ...before, leaving: event.departure }
  }
}

function withVote(before: Attendance, source: LockSource, locked: boolean): Attendance {
  const others = before.lockedBy.filter((voter) => voter !== source)
  return { ...before, lockedBy: locked ? [...others, source] : others }
}

/** An unlock withdraws the source's own vote and, being newer than the last poll, the poll's; a real unlock is a wake too. */
function unlockedBy(before: Attendance, source: LockSource): Attendance {
  const unlocked = withVote(withVote(before, source, false), 'poll', false)
  return { ...unlocked, asleep: before.lockedBy.length > 0 ? false : before.asleep }
}

function polled(
  before: Attendance,
  poll: Extract<AttendanceEvent, { type: 'poll' }>,
  now: Now,
  settings: AttendanceSettings,
): Attendance {
  let next = before
  if (poll.state === 'locked') next = withVote(next, 'poll', true)
  else if (poll.state !== 'unknown') {
    // The poll saw the lock end: somebody is there, whether or not the machine said that it woke.
    if (next.lockedBy.includes('poll')) next = { ...next, asleep: false }
    next = withVote(next, 'poll', false)
  }

  const input = poll.idleSeconds * SECOND
  // Idle time comes in whole seconds, rounded down: a last input just before the wake must not look like one after it.
  if (next.resumedAt !== null && input + SECOND <= now.mono - next.resumedAt) {
    // Somebody touched the machine after it woke: it is not a wake in a bag.
    next = { ...next, asleep: false, resumedAt: null, lockRequestedAt: null }
  }
  if (next.ending !== null && !next.ending.certain) {
    const age = now.mono - next.ending.at
    const seen = next.ending.input || input + SECOND <= age
    next = { ...next, ending: age >= ENDING_FORGOTTEN_MS && seen ? null : { ...next.ending, input: seen } }
  }
  return { ...next, idle: settings.enabled.idle && input >= settings.idleAfterMs }
}

function isNewRequest(before: Attendance, now: Now): boolean {
  return before.lockRequestedAt !== null && now.mono - before.lockRequestedAt >= NEW_LOCK_REQUEST_MS
}

function edgesBetween(before: Attendance, after: Attendance, settings: AttendanceSettings): readonly Edge[] {
  const had = awayBy(before, settings)
  const has = awayBy(after, settings)
  const risen = has.filter((flag) => !had.includes(flag))
  if (risen.length > 0) {
    return risen.map((departure, index) => ({
      type: 'departure',
      departure,
      first: had.length === 0 && index === 0,
    }))
  }
  return had.length > 0 && has.length === 0 ? [{ type: 'return' }] : []
}
