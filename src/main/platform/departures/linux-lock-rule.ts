/**
 * One rule over everything that a Linux desktop says about its lock: when it is locked, and when it is unlocked again.
 * Pure. No desktop says it all, several say it twice, and some mean a blank screen (docs/architecture.md, "Linux").
 */
import type { AttendanceEvent } from '../../core/attendance.ts'

/** The screen savers of the session bus, by desktop. `freedesktop` is KDE's name; others use it, too. */
export type Saver = 'gnome' | 'freedesktop' | 'cinnamon' | 'mate' | 'xfce'

/** What can say both: locked, and not locked. `hint`: login1's `LockedHint` of this session. */
export type StateSource = 'hint' | Saver

/** What was heard. */
export type LockFact =
  /** A source was read, or signalled. */
  | { readonly type: 'state'; readonly source: StateSource; readonly active: boolean }
  /** A service left a bus that lives, or the login session can't be found any more. A lost bus is no fact at all. */
  | { readonly type: 'gone'; readonly source: StateSource }
  /** login1 `Lock` and `Unlock`: somebody asks for it; the locker may refuse. */
  | { readonly type: 'lock-signal' }
  | { readonly type: 'unlock-signal' }
  /** login1 `Active`: whether this session is the one in front of the screen. */
  | { readonly type: 'session-active'; readonly active: boolean }
  /** Whether it is known that GNOME Shell sets the hint of this session whenever it really locks. */
  | { readonly type: 'shell-sets-hint'; readonly sets: boolean }
  /** A moment asked for by `wakeAt` has come. */
  | { readonly type: 'time' }

/** What the rule remembers. Times are monotonic ms. */
export interface LockState {
  readonly sources: Readonly<Partial<Record<StateSource, SourceState>>>
  /** The hint was true once: this desktop sets it. */
  readonly hintSeen: boolean
  readonly shellSetsHint: boolean
  /** A `Lock` that no state source has confirmed yet. */
  readonly askedAt: number | null
  /** Since when nothing says locked any more, while the vote still stands. */
  readonly openSince: number | null
  /** Our vote as it was last reported. */
  readonly vote: boolean
  /**
   * A `lock-requested` that stands. `signal`: no state source exists. `orphan`: the source that said "locked" has left
   * for good, and nobody knows.
   */
  readonly request: 'signal' | 'orphan' | null
  /** Another session was in front since the request. */
  readonly switchedSinceRequest: boolean
  readonly sessionActive: boolean
}

/** One source. `goneAt`: its service left while it said "locked". */
interface SourceState {
  readonly active: boolean
  readonly goneAt: number | null
}

/** What came of a fact. */
export interface LockStep {
  readonly state: LockState
  readonly reports: readonly AttendanceEvent[]
  /** When to send `time`, monotonic ms; null: no need. */
  readonly wakeAt: number | null
}

/** How long everything must say "not locked" before it counts: sources that turn one after another are one unlock, ms. */
export const UNLOCK_SETTLES_MS = 300
/** How long a `Lock` counts where a state source exists and does not confirm it: the locker may refuse, ms. */
export const LOCK_SIGNAL_COUNTS_MS = 10_000
/** How long a service that left while locked is waited for: desktops restart theirs, ms. */
export const SERVICE_RETURNS_MS = 10_000

/** The one vote of the desktop. */
const LOCK_SOURCE = 'desktop:session'

/** Nothing was heard. */
export const NOTHING_HEARD: LockState = {
  sources: {},
  hintSeen: false,
  shellSetsHint: false,
  askedAt: null,
  openSince: null,
  vote: false,
  request: null,
  switchedSinceRequest: false,
  sessionActive: true,
}

/** Takes in one fact at a monotonic moment (ms). */
export function hear(before: LockState, fact: LockFact, now: number): LockStep {
  const reports: AttendanceEvent[] = []
  const state = settled(taken(before, fact, now, reports), fact, now, reports)
  return { state, reports, wakeAt: wakeAt(state) }
}

/** The reports that bring somebody who heard nothing so far up to this state. */
export function summary(state: LockState): readonly AttendanceEvent[] {
  return [
    ...(state.vote ? [vote(true)] : []),
    ...(state.request === null ? [] : [{ type: 'lock-requested' } as const]),
    ...(state.sessionActive ? [] : [{ type: 'switched', away: true } as const]),
  ]
}

function taken(before: LockState, fact: LockFact, now: number, reports: AttendanceEvent[]): LockState {
  switch (fact.type) {
    case 'state':
      return {
        ...withSource(before, fact.source, { active: fact.active, goneAt: null }),
        hintSeen: before.hintSeen || (fact.source === 'hint' && fact.active),
      }
    case 'gone':
      return gone(before, fact.source, now)
    case 'lock-signal':
      if (saysLocked(before)) return before
      if (canSayLocked(before)) return { ...before, askedAt: now }
      reports.push({ type: 'lock-requested' })
      return { ...before, request: 'signal', switchedSinceRequest: false }
    case 'unlock-signal':
      return { ...(before.request === 'signal' ? withoutRequest(before, reports) : before), askedAt: null }
    case 'session-active':
      return switched(before, fact.active, reports)
    case 'shell-sets-hint':
      return { ...before, shellSetsHint: fact.sets }
    case 'time':
      return before
  }
}

/** Votes, once the fact is taken in. */
function settled(taken: LockState, fact: LockFact, now: number, reports: AttendanceEvent[]): LockState {
  const orphaned = saysLocked(taken)
  let state = withoutExpired(taken, now)
  if (saysLocked(state)) state = { ...state, askedAt: null }
  if (saysLocked(state) || state.askedAt !== null) {
    if (!state.vote) reports.push(vote(true))
    // A source that can report the unlock has taken over: the flag stays, its end is now known.
    if (saysLocked(state)) state = withoutRequest(state, reports)
    return { ...state, vote: true, openSince: null }
  }
  if (state.vote && orphaned) {
    // Nobody is left who could report the unlock. So it becomes a lock that ends as it does on desktops without one.
    reports.push({ type: 'lock-requested' }, vote(false))
    return { ...state, vote: false, openSince: null, request: 'orphan' }
  }
  const saidOpen = fact.type === 'state' && !fact.active && counts(state, fact.source)
  const opens = state.vote || (state.request === 'orphan' && saidOpen)
  const openSince = state.openSince ?? (opens ? now : null)
  if (openSince === null || now - openSince < UNLOCK_SETTLES_MS) return { ...state, openSince }
  if (state.vote) reports.push(vote(false))
  if (state.request === 'orphan') state = withoutRequest(state, reports)
  return { ...state, vote: false, openSince: null }
}

function vote(locked: boolean): AttendanceEvent {
  return { type: 'lock', source: LOCK_SOURCE, locked }
}

/** GNOME's saver is active when the screen only blanks; it counts where the session has no hint that says more. */
function counts(state: LockState, source: StateSource): boolean {
  return source !== 'gnome' || !(state.hintSeen || state.shellSetsHint)
}

function saysLocked(state: LockState): boolean {
  return entries(state).some(([source, { active }]) => active && counts(state, source))
}

/** Whether anything here could confirm a `Lock`. The hint exists everywhere, but many desktops never set it. */
function canSayLocked(state: LockState): boolean {
  return state.hintSeen || entries(state).some(([source]) => source !== 'hint')
}

function gone(before: LockState, source: StateSource, now: number): LockState {
  const known = before.sources[source]
  if (known?.goneAt !== null) return before // Not known, or gone already.
  return known.active ? withSource(before, source, { active: true, goneAt: now }) : without(before, source)
}

function switched(before: LockState, active: boolean, reports: AttendanceEvent[]): LockState {
  if (active === before.sessionActive) return before
  reports.push({ type: 'switched', away: !active })
  const state = { ...before, sessionActive: active }
  if (!active) return { ...state, switchedSinceRequest: true }
  // light-locker: the greeter was in front, and has let the user through.
  return state.request === 'signal' && state.switchedSinceRequest ? withoutRequest(state, reports) : state
}

/** Ends a `lock-requested`: whoever unlocked sits here, which is what use of our window says. */
function withoutRequest(before: LockState, reports: AttendanceEvent[]): LockState {
  if (before.request === null) return before
  reports.push({ type: 'used' })
  return { ...before, request: null, switchedSinceRequest: false }
}

function withoutExpired(before: LockState, now: number): LockState {
  let state = before
  if (state.askedAt !== null && now - state.askedAt >= LOCK_SIGNAL_COUNTS_MS)
    state = { ...state, askedAt: null }
  for (const [source, { goneAt }] of entries(state)) {
    if (goneAt !== null && now - goneAt >= SERVICE_RETURNS_MS) state = without(state, source)
  }
  return state
}

function wakeAt(state: LockState): number | null {
  const moments = entries(state).flatMap(([, { goneAt }]) =>
    goneAt === null ? [] : [goneAt + SERVICE_RETURNS_MS],
  )
  if (state.askedAt !== null) moments.push(state.askedAt + LOCK_SIGNAL_COUNTS_MS)
  if (state.openSince !== null) moments.push(state.openSince + UNLOCK_SETTLES_MS)
  return moments.length === 0 ? null : Math.min(...moments)
}

function entries(state: LockState): readonly (readonly [StateSource, SourceState])[] {
  return Object.entries(state.sources) as [StateSource, SourceState][] // Only its own keys are ever put in.
}

function withSource(before: LockState, source: StateSource, known: SourceState): LockState {
  return { ...before, sources: { ...before.sources, [source]: known } }
}

function without(before: LockState, source: StateSource): LockState {
  const sources = Object.fromEntries(entries(before).filter(([name]) => name !== source))
  return { ...before, sources }
}
