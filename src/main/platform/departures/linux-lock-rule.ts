/**
 * One rule over everything that a Linux desktop says about its lock: when it is locked, and when it is unlocked again.
 * Pure. No desktop says it all, several say it twice, and some mean a blank screen (docs/architecture.md, "Linux").
 */
import type { AttendanceEvent } from '../../core/attendance.ts'
import { ASSUMED_LIMIT_MS } from '../../core/draft.ts'

/** The screen savers of the session bus, by desktop. `freedesktop` is KDE's name; others use it, too. */
export type Saver = 'gnome' | 'freedesktop' | 'cinnamon' | 'mate' | 'xfce'

/** What can say both: locked, and not locked. `hint`: login1's `LockedHint` of this session. */
export type StateSource = 'hint' | Saver

/**
 * How a state was learnt if it was not signalled. `asked`: it may have been so for long. `appeared`: from a service whose
 * name nobody had before on this bus, so that it can't have been locking.
 */
export type Read = 'asked' | 'appeared'

/** What was heard. */
export type LockFact =
  /** A source was read, or signalled. */
  | {
      readonly type: 'state'
      readonly source: StateSource
      readonly active: boolean
      readonly read?: Read
    }
  /** A service left a bus that lives, or the login session can't be found any more. */
  | { readonly type: 'gone'; readonly source: StateSource }
  /** A bus is lost: what its services said stands, but nobody knows any more whether it is still so. */
  | { readonly type: 'lost'; readonly bus: 'system' | 'session' }
  /** login1 `Lock` and `Unlock`: somebody asks for it; the locker may refuse. */
  | { readonly type: 'lock-signal' }
  | { readonly type: 'unlock-signal' }
  /** login1 `Active`: whether this session is the one in front of the screen. */
  | { readonly type: 'session-active'; readonly active: boolean; readonly read?: 'asked' }
  /** GNOME Shell runs here, and sets the hint of this session whenever it really locks. */
  | { readonly type: 'shell-sets-hint' }
  /** A moment asked for by `wakeAt` has come. */
  | { readonly type: 'time' }

/** What the rule remembers. Times are monotonic ms. */
export interface LockState {
  readonly sources: Readonly<Partial<Record<StateSource, SourceState>>>
  /** Until when a source is known to have said "not locked": for ever while it is heard. Missing: it is not known. */
  readonly openUntil: Readonly<Partial<Record<StateSource, number>>>
  /** The hint was true once: this desktop sets it. */
  readonly hintSeen: boolean
  readonly shellSetsHint: boolean
  /** The login session is heard, or was until a moment ago. */
  readonly loginHeard: boolean
  /** Since when it isn't heard any more, while `loginHeard` still stands. */
  readonly loginAwayAt: number | null
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
  /** Until when the session is known to have been in front: for ever while it is heard. Null: it is not known. */
  readonly frontUntil: number | null
  /** When login1 left a bus that lives, while another session was in front. */
  readonly behindGoneAt: number | null
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
/** How long a service that left is waited for: desktops restart theirs, ms. */
export const SERVICE_RETURNS_MS = 10_000

/** The one vote of the desktop. */
const LOCK_SOURCE = 'desktop:session'

/** Who speaks on which bus. */
const SOURCES_OF: Readonly<Record<'system' | 'session', readonly StateSource[]>> = {
  system: ['hint'],
  session: ['gnome', 'freedesktop', 'cinnamon', 'mate', 'xfce'],
}

/** Nothing was heard. */
export const NOTHING_HEARD: LockState = {
  sources: {},
  openUntil: {},
  hintSeen: false,
  shellSetsHint: false,
  loginHeard: false,
  loginAwayAt: null,
  askedAt: null,
  openSince: null,
  vote: false,
  request: null,
  switchedSinceRequest: false,
  sessionActive: true,
  frontUntil: null,
  behindGoneAt: null,
}

/** Takes in one fact at a monotonic moment (ms). */
export function hear(before: LockState, fact: LockFact, now: number): LockStep {
  const reports: AttendanceEvent[] = []
  const found = !isEdge(before, fact, now)
  const state = settled(taken(before, fact, now, reports), { fact, found, now, reports })
  return { state, reports, wakeAt: wakeAt(state) }
}

/** The reports that bring somebody who heard nothing so far up to this state. All of it was found: it stood before. */
export function summary(state: LockState): readonly AttendanceEvent[] {
  return [
    ...(state.vote ? [vote(true, true)] : []),
    ...(state.request === null ? [] : [{ type: 'lock-requested' } as const]),
    ...(state.sessionActive ? [] : [{ type: 'switched', away: true, found: true } as const]),
  ]
}

/**
 * Whether a fact that says "locked" tells when it became so. What was read does, if the same source is known to have said
 * "not locked" a short while ago: younger than what a clear may still end of a session that is only assumed.
 */
function isEdge(before: LockState, fact: LockFact, now: number): boolean {
  if (fact.type !== 'state') return fact.type === 'lock-signal'
  return fact.read !== 'asked' || isRecent(before.openUntil[fact.source] ?? null, now)
}

function isRecent(until: number | null, now: number): boolean {
  return until !== null && now - until < ASSUMED_LIMIT_MS
}

function taken(before: LockState, fact: LockFact, now: number, reports: AttendanceEvent[]): LockState {
  switch (fact.type) {
    case 'state':
      return {
        ...withSource(fact.source === 'hint' ? heardLogin(before) : before, fact.source, fact.active),
        hintSeen: before.hintSeen || (fact.source === 'hint' && fact.active),
      }
    case 'gone':
      return gone(before, fact.source, now)
    case 'lost':
      return lost(before, fact.bus, now)
    case 'lock-signal':
      if (saysLocked(before)) return heardLogin(before)
      if (canSayLocked(before)) return { ...heardLogin(before), askedAt: now }
      reports.push({ type: 'lock-requested' })
      return { ...heardLogin(before), request: 'signal', switchedSinceRequest: false }
    case 'unlock-signal':
      return { ...(before.request === 'signal' ? withoutRequest(before, reports) : before), askedAt: null }
    case 'session-active':
      return switched(heardLogin(before), fact, now, reports)
    case 'shell-sets-hint':
      return { ...heardLogin(before), shellSetsHint: true }
    case 'time':
      return before
  }
}

/** Votes, once the fact is taken in. */
function settled(
  taken: LockState,
  {
    fact,
    found,
    now,
    reports,
  }: {
    readonly fact: LockFact
    /** Whether a lock that comes of it has an unknown beginning. */
    readonly found: boolean
    readonly now: number
    readonly reports: AttendanceEvent[]
  },
): LockState {
  const orphaned = saysLocked(taken)
  let state = withoutExpired(taken, now, reports)
  if (saysLocked(state)) state = { ...state, askedAt: null }
  if (saysLocked(state) || state.askedAt !== null) {
    if (!state.vote) reports.push(vote(true, found))
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

function vote(locked: boolean, found = false): AttendanceEvent {
  return { type: 'lock', source: LOCK_SOURCE, locked, ...(found ? { found } : {}) }
}

/** GNOME's saver is active when the screen only blanks; it counts where the session has no hint that says more. */
function counts(state: LockState, source: StateSource): boolean {
  return source !== 'gnome' || !setsHint(state)
}

/** Whether the hint is heard, and is known to be set here. */
function setsHint({ loginHeard, hintSeen, shellSetsHint }: LockState): boolean {
  return loginHeard && (hintSeen || shellSetsHint)
}

function saysLocked(state: LockState): boolean {
  return entries(state).some(([source, { active }]) => active && counts(state, source))
}

/** Whether anything here could confirm a `Lock`. The hint exists everywhere, but many desktops never set it. */
function canSayLocked(state: LockState): boolean {
  return setsHint(state) || entries(state).some(([source]) => source !== 'hint')
}

function gone(before: LockState, source: StateSource, now: number): LockState {
  const state = source === 'hint' ? loginGone(before, now) : closed(before, source, now)
  const known = state.sources[source]
  if (known?.goneAt !== null) return state // Not known, or gone already.
  return known.active ? put(state, source, { active: true, goneAt: now }) : without(state, source)
}

/** What is waited for is waited for no longer: who left may have come back, and nobody would say so. */
function lost(before: LockState, bus: 'system' | 'session', now: number): LockState {
  let state = bus === 'system' ? { ...loginAway(before, now), behindGoneAt: null } : before
  for (const source of SOURCES_OF[bus]) {
    state = closed(state, source, now)
    const known = state.sources[source]
    if (known !== undefined) state = put(state, source, { ...known, goneAt: null })
  }
  return state
}

function loginGone(before: LockState, now: number): LockState {
  const state = loginAway(before, now)
  return { ...state, behindGoneAt: state.sessionActive ? null : (state.behindGoneAt ?? now) }
}

/** From now on nobody tells whether the session is locked or in front. */
function loginAway(before: LockState, now: number): LockState {
  const { loginHeard, loginAwayAt, frontUntil } = before
  return {
    ...closed(before, 'hint', now),
    loginAwayAt: loginHeard ? (loginAwayAt ?? now) : null,
    frontUntil: frontUntil === null ? null : Math.min(frontUntil, now),
  }
}

function heardLogin(before: LockState): LockState {
  return { ...before, loginHeard: true, loginAwayAt: null }
}

/** From now on the source is not heard: if it said "not locked", that is known until now. */
function closed(before: LockState, source: StateSource, now: number): LockState {
  const until = before.openUntil[source]
  if (until === undefined) return before
  return { ...before, openUntil: { ...before.openUntil, [source]: Math.min(until, now) } }
}

function switched(
  before: LockState,
  { active, read }: Extract<LockFact, { type: 'session-active' }>,
  now: number,
  reports: AttendanceEvent[],
): LockState {
  const state = {
    ...before,
    sessionActive: active,
    frontUntil: active ? Infinity : null,
    behindGoneAt: null,
  }
  if (active === before.sessionActive) return state
  const found = !active && read === 'asked' && !isRecent(before.frontUntil, now)
  reports.push({ type: 'switched', away: !active, ...(found ? { found } : {}) })
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

function withoutExpired(before: LockState, now: number, reports: AttendanceEvent[]): LockState {
  let state = before
  if (state.askedAt !== null && now - state.askedAt >= LOCK_SIGNAL_COUNTS_MS)
    state = { ...state, askedAt: null }
  for (const [source, { goneAt }] of entries(state)) {
    if (hasExpired(goneAt, now)) state = without(state, source)
  }
  if (hasExpired(state.loginAwayAt, now)) {
    state = { ...state, loginHeard: false, loginAwayAt: null }
    // A saver that now counts for the hint says the unlock, too; what the hint said last would outlive it.
    const withoutHint = without(state, 'hint')
    if (saysLocked(withoutHint)) state = withoutHint
  }
  if (hasExpired(state.behindGoneAt, now)) {
    reports.push({ type: 'switched', away: false })
    state = { ...state, sessionActive: true, behindGoneAt: null }
  }
  return state
}

/** Whether what left at that moment is waited for no longer. */
function hasExpired(leftAt: number | null, now: number): boolean {
  return leftAt !== null && now - leftAt >= SERVICE_RETURNS_MS
}

function wakeAt(state: LockState): number | null {
  const left = [state.loginAwayAt, state.behindGoneAt, ...entries(state).map(([, { goneAt }]) => goneAt)]
  const moments = left.flatMap((at) => (at === null ? [] : [at + SERVICE_RETURNS_MS]))
  if (state.askedAt !== null) moments.push(state.askedAt + LOCK_SIGNAL_COUNTS_MS)
  if (state.openSince !== null) moments.push(state.openSince + UNLOCK_SETTLES_MS)
  return moments.length === 0 ? null : Math.min(...moments)
}

function entries(state: LockState): readonly (readonly [StateSource, SourceState])[] {
  return Object.entries(state.sources) as [StateSource, SourceState][] // Only its own keys are ever put in.
}

function withSource(before: LockState, source: StateSource, active: boolean): LockState {
  const others = Object.fromEntries(Object.entries(before.openUntil).filter(([name]) => name !== source))
  const openUntil = active ? others : { ...others, [source]: Infinity }
  return put({ ...before, openUntil }, source, { active, goneAt: null })
}

function put(before: LockState, source: StateSource, known: SourceState): LockState {
  return { ...before, sources: { ...before.sources, [source]: known } }
}

function without(before: LockState, source: StateSource): LockState {
  const sources = Object.fromEntries(entries(before).filter(([name]) => name !== source))
  return { ...before, sources }
}
