/** The pure heart: (state, event, time) -> (state, actions). It is explored exhaustively, so nothing here touches the world. */
import type { Pair } from '../../shared/presence.ts'
import { advance, LOST_AFTER_MS } from './advancing.ts'
import { answered, notWritten, tokenCame } from './answering.ts'
import {
  attend,
  type AttendanceEvent,
  type AttendanceSettings,
  DEFAULT_ATTENDANCE,
  NOBODY_REPORTED,
} from './attendance.ts'
import { askedFor, departed, releaseDepartures } from './departing.ts'
import { away, ASSUMED_LIMIT_MS, type Draft, patch, patchRecord, patchSession, present } from './draft.ts'
import { mustHaveEndedBy } from './lease.ts'
import type { Now, RegistryData, Stamp } from './model.ts'
import { forgetNow, restoredAccounts, signedIn, started } from './starting.ts'
import type { Action, PlannerEvent, State } from './state.ts'
import { later, MINUTE, untilMs } from './time.ts'

/** A plan: the state after the event, and what to do, in order. */
export interface Plan {
  readonly state: State
  readonly actions: readonly Action[]
}

/** The state before `start`. */
export function initialState(machineId: string, settings: AttendanceSettings = DEFAULT_ATTENDANCE): State {
  return {
    machineId,
    absence: 0,
    serverOffsetMs: 0,
    attendance: NOBODY_REPORTED,
    settings,
    sessions: {},
    active: null,
    departures: [],
    waits: {},
    nextId: 1,
  }
}

/** Takes in one event. Pure: the same arguments give the same plan. */
export function plan(state: State, event: PlannerEvent, now: Now): Plan {
  const holdMs = 'holdMs' in event ? Math.min(event.holdMs ?? 0, holdable(state, event, now)) : 0
  const draft: Draft = { state, now, actions: [], holding: holdMs > 0 }
  take(draft, event)
  // Nothing runs between now and the end of the handler, and perhaps nothing after it: whatever is due is sent at once.
  if (holdMs > 0) hurry(draft)
  advance(draft)
  if (holdMs > 0) hold(draft, holdMs)
  releaseDepartures(draft)
  if (mustSave(state, draft.state)) draft.actions.push({ type: 'save' })
  return { state: draft.state, actions: inOrder(draft.actions) }
}

/** How long the handler of an event may be held, ms: a sleep while the app ends takes nothing of the time that this has. */
function holdable({ departures, serverOffsetMs, attendance }: State, event: PlannerEvent, now: Now): number {
  // The end of a Windows session that was only asked for may be called off.
  if (event.type !== 'suspend' || attendance.leaving === null) return Infinity
  const ends = departures
    .filter(({ departure }) => departure === attendance.leaving)
    .map(({ startedAt, deadlineMs }) => untilMs(later(startedAt, deadlineMs), now, serverOffsetMs))
  return Math.min(Infinity, ...ends)
}

function take(draft: Draft, event: PlannerEvent): void {
  const { active } = draft.state
  switch (event.type) {
    case 'start':
      started(draft, event)
      return
    case 'restored':
      restoredAccounts(draft, event.accounts)
      return
    case 'signed-in':
      signedIn(draft, event.identity, event.expiresAt)
      return
    case 'set':
      wish(draft, event.pair)
      return
    case 'clear':
      if (active !== null) askedFor(draft, 'manual', active)
      return
    case 'sign-out':
      if (active === null) return
      if (draft.state.sessions[active]?.unsupported === true) {
        forgetNow(draft, active)
        return
      }
      patchRecord(draft, active, { signingOut: present(draft) })
      askedFor(draft, 'sign-out', active)
      return
    case 'forget-now':
      if (active !== null) forgetNow(draft, active)
      return
    case 'attempt':
      answered(draft, event.attempt)
      return
    case 'token':
      tokenCame(draft, event.key, event.news)
      return
    case 'retry':
      // Somebody may have given the consent meanwhile, and only Graph can tell.
      for (const key of Object.keys(draft.state.sessions)) patchSession(draft, key, { forbidden: null })
      hurry(draft)
      return
    case 'network':
      hurry(draft)
      return
    case 'not-written':
      notWritten(draft, event.writeId, event.problem)
      return
    case 'settings':
      patch(draft, { settings: event.settings })
      return
    case 'tick':
      return
    default:
      attended(draft, event)
  }
}

function attended(draft: Draft, event: AttendanceEvent): void {
  const { attendance, edges } = attend(draft.state.attendance, event, draft.now, draft.state.settings)
  patch(draft, { attendance })
  for (const edge of edges) {
    if (edge.type === 'departure') {
      departed(draft, edge.departure, {
        first: edge.first,
        found: 'found' in event && event.found,
        ...(event.type === 'leaving' ? { deadlineMs: event.deadlineMs } : {}),
      })
    } else hurry(draft) // The return itself needs nothing more: `advance` settles what is own and drops what is assumed.
  }
  // A second sleep in the same bag is no edge, and may be the last moment with a network.
  if (event.type === 'suspend') hurry(draft)
}

/** Our own back-off ends: the network is back, the user is, the user asks, or a handler is held. A running `Retry-After` does not. */
function hurry(draft: Draft): void {
  for (const [key, session] of Object.entries(draft.state.sessions)) {
    patchSession(draft, key, { retryAt: null, ...(session.ownAttempts > 0 ? { renewAt: null } : {}) })
  }
}

/** Notes a set that the user asks for. Refused, and nothing stored, while away, signed out or signing out. */
function wish(draft: Draft, pair: Pair): void {
  const key = draft.state.active
  const session = key === null ? undefined : draft.state.sessions[key]
  if (key === null || session === undefined) return
  const refuse = (code: 'away' | 'signing-out' | 'not-supported'): void =>
    patchSession(draft, key, { setProblem: { code } })
  if (away(draft)) refuse('away')
  else if (session.record.signingOut !== null) refuse('signing-out')
  else if (session.unsupported) refuse('not-supported')
  else patchSession(draft, key, { wish: { pair, since: present(draft) }, setProblem: null })
}

/** Blocks the handler until every open clear is answered. */
function hold(draft: Draft, ms: number): void {
  const ids = Object.values(draft.state.sessions).flatMap(({ flights }) =>
    flights.filter(({ kind }) => kind === 'clear').map(({ id }) => id),
  )
  if (ids.length > 0) draft.actions.push({ type: 'hold', ids, ms })
}

/**
 * The order of docs/architecture.md: at a departure fire first, then write, then hold; a set the other way round,
 * written first and sent after.
 */
function inOrder(actions: readonly Action[]): readonly Action[] {
  const rank = (action: Action): number => {
    if (action.type === 'abort') return 0
    if (action.type === 'send') return action.afterWriting ? 3 : 1
    if (action.type === 'save') return 2
    if (action.type === 'hold') return 4
    return action.type === 'release' ? 6 : 5
  }
  return actions.toSorted((one, other) => rank(one) - rank(other))
}

/** The part of the state that the registry keeps. */
export function registryOf({ machineId, absence, serverOffsetMs, sessions }: State): RegistryData {
  return { machineId, absence, serverOffsetMs, records: Object.values(sessions).map(({ record }) => record) }
}

/** Records are immutable: what is still the same object has not changed. */
function mustSave(before: State, after: State): boolean {
  if (before.absence !== after.absence || before.serverOffsetMs !== after.serverOffsetMs) return true
  const [old, records] = [registryOf(before).records, registryOf(after).records]
  return old.length !== records.length || records.some((record, index) => record !== old[index])
}

/** ms until time alone may change something, a minute at most; null when it can't. */
export function nextWakeMs(state: State, now: Now): number | null {
  const moments: Stamp[] = state.departures.map(({ startedAt, deadlineMs }) => later(startedAt, deadlineMs))
  for (const { record, refresh, retryAt, renewAt, notBefore, clearsUntil, wish, flights } of Object.values(
    state.sessions,
  )) {
    const { due, own } = record
    if (refresh !== null) moments.push(refresh.until)
    if (notBefore !== null) moments.push(notBefore)
    if (clearsUntil !== null && wish !== null) moments.push(clearsUntil)
    if (retryAt !== null) moments.push(retryAt)
    if (renewAt !== null) moments.push(renewAt)
    for (const { endsBy } of flights) moments.push(later(endsBy, LOST_AFTER_MS))
    if (due === null) continue
    if (due.notBefore !== null) moments.push(due.notBefore)
    if (due.straggler !== null) moments.push(due.straggler)
    moments.push(own === null ? later(due.since, ASSUMED_LIMIT_MS) : mustHaveEndedBy(own))
  }
  if (moments.length === 0) return null
  // What has passed was acted on when it did, unless the wall clock leapt over it: so never look away for long.
  const ahead = moments.map((moment) => untilMs(moment, now, state.serverOffsetMs)).filter((ms) => ms > 0)
  return Math.min(MINUTE, ...ahead)
}
