/** The one place where a plan is written down: a state under change and the actions gathered so far. */
import type { DepartureKind } from '../../shared/presence.ts'
import type { HistoryEntry, Settlement } from '../../shared/snapshot.ts'
import { isAway } from './attendance.ts'
import { mustHaveEndedBy, WRITE_LIMIT_MS } from './lease.ts'
import type { Now, PresenceWrite, SessionKey, SessionRecord, Stamp } from './model.ts'
import type { Action, Flight, Session, Standing, State } from './state.ts'
import { ageMs, isBefore, later, reached, SECOND, stamp } from './time.ts'

/** An assumed session is retried for this long after it became due; later, what stands may be a live call elsewhere. */
export const ASSUMED_LIMIT_MS = 15 * 60 * SECOND

/** Departures that the user asks for by name: what they owe outlives a return, until a set. */
const EXPLICIT: readonly DepartureKind[] = ['quit', 'sign-out', 'manual']

/** Whether the user asked for this departure by name. */
export function isExplicit(departure: DepartureKind): boolean {
  return EXPLICIT.includes(departure)
}

/** A plan being made. Local to one call of `plan`, so its mutation is never seen outside. */
export interface Draft {
  state: State
  readonly now: Now
  readonly actions: Action[]
  /** The handler that brought the event blocks until the answer: no time for a token refresh. */
  readonly holding: boolean
}

/** Replaces parts of the state. */
export function patch(draft: Draft, part: Partial<State>): void {
  draft.state = { ...draft.state, ...part }
}

/** Replaces parts of one session; one that is gone stays gone. */
export function patchSession(draft: Draft, key: SessionKey, part: Partial<Session>): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  patch(draft, { sessions: { ...draft.state.sessions, [key]: { ...session, ...part } } })
}

/** Replaces parts of one session's durable record. */
export function patchRecord(draft: Draft, key: SessionKey, part: Partial<SessionRecord>): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  patchSession(draft, key, { record: { ...session.record, ...part } })
}

/**
 * Takes one session out of the registry. What it waits for outlives it: Graph's word, and what its last writes may still
 * do, hold for who signs in again, too. Sets without an answer are cut off; a clear may well get through.
 */
export function removeSession(draft: Draft, key: SessionKey): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  const clears = session.flights.filter(({ kind }) => kind === 'clear')
  abort(
    draft,
    session.flights.filter(({ kind }) => kind !== 'clear'),
  )
  const notBefore = latestOf(draft, [session.notBefore])
  const clearsUntil = latestOf(draft, [session.clearsUntil, ...clears.map(({ endsBy }) => endsBy)])
  const setsUntil = setsMayLandUntil(draft, session)
  const sessions = Object.fromEntries(Object.entries(draft.state.sessions).filter(([other]) => other !== key))
  const { active, waits } = draft.state
  const waitsOn = [notBefore, clearsUntil, setsUntil].some((moment) => moment !== null)
  patch(draft, {
    sessions,
    active: active === key ? newestAccount(sessions) : active,
    ...(waitsOn ? { waits: { ...waits, [key]: { notBefore, clearsUntil, setsUntil } } } : {}),
  })
}

/** Until when a set that nobody waits for any more may still take effect; null when none can. */
function setsMayLandUntil(draft: Draft, { flights, record, setsUntil }: Session): Stamp | null {
  const sets = flights.filter(({ kind }) => kind !== 'clear').map(({ endsBy }) => endsBy)
  return latestOf(draft, [setsUntil, record.own?.unsureUntil, record.due?.straggler, ...sets])
}

/** The account that is signed in: the last of `keys` that isn't being signed out; null when there is none. */
export function newestAccount(
  sessions: State['sessions'],
  keys: readonly SessionKey[] = Object.keys(sessions),
): SessionKey | null {
  return keys.findLast((key) => sessions[key]?.record.signingOut === null) ?? null
}

/** This moment in server time. */
export function present(draft: Draft): Stamp {
  return stamp(draft.now, draft.state.serverOffsetMs)
}

/** Whether a moment has come; null has. */
export function past(draft: Draft, moment: Stamp | null): boolean {
  return moment === null || reached(moment, draft.now, draft.state.serverOffsetMs)
}

/** ms since a stamp. */
export function age(draft: Draft, since: Stamp): number {
  return ageMs(since, draft.now, draft.state.serverOffsetMs)
}

/** This moment plus `ms`. */
export function soon(draft: Draft, ms: number): Stamp {
  return later(present(draft), ms)
}

/** The latest of some moments to come; null when all have passed. */
export function latestOf(draft: Draft, moments: readonly (Stamp | null | undefined)[]): Stamp | null {
  let latest: Stamp | null = null
  for (const moment of moments) {
    if (moment === null || moment === undefined || past(draft, moment)) continue
    if (latest === null || isBefore(latest, moment)) latest = moment
  }
  return latest
}

/** Whether the user is away now. */
export function away(draft: Draft): boolean {
  return isAway(draft.state.attendance, draft.state.settings)
}

/** A stamp as ms since the epoch by this machine's clock, for people to read. */
export function wallOf(draft: Draft, moment: Stamp): number {
  return moment.wall - draft.state.serverOffsetMs
}

/** Hands a write to the sender and remembers that it is open. */
export function send(
  draft: Draft,
  key: SessionKey,
  body: PresenceWrite['body'],
  absence: number,
  before: Standing | null,
): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  const id = draft.state.nextId
  const flight: Flight = {
    id,
    kind: body.kind,
    absence,
    sentAt: present(draft),
    endsBy: soon(draft, WRITE_LIMIT_MS),
    before,
  }
  patch(draft, { nextId: id + 1 })
  patchSession(draft, key, { flights: [...session.flights, flight] })
  const write: PresenceWrite = { id, key, body, timeoutMs: WRITE_LIMIT_MS }
  draft.actions.push({ type: 'send', write, afterWriting: body.kind !== 'clear' })
}

/** Has the sender destroy the sockets of writes that have no answer yet. */
export function abort(draft: Draft, flights: readonly Flight[]): void {
  for (const { id } of flights) draft.actions.push({ type: 'abort', id })
}

/** Ends what is due for a session: history, the face's last line, and the tokens if the user is signing out. */
export function settle(draft: Draft, key: SessionKey, settlement: Settlement): void {
  const session = draft.state.sessions[key]
  const due = session?.record.due
  if (session === undefined || due === undefined || due === null) return
  const own = session.record.own
  const answered = settlement === 'cleared' || settlement === 'nothing-to-clear'
  const at = draft.now.wall
  const tookMs = answered ? Math.round(age(draft, due.since)) : null
  const entry: HistoryEntry = {
    at,
    departure: due.departure,
    settlement,
    tookMs,
    ...(answered || due.problem === null ? {} : { problem: due.problem }),
    ...(answered || own === null ? {} : { endedBy: wallOf(draft, mustHaveEndedBy(own)) }),
  }
  draft.actions.push({ type: 'history', entry })
  patchRecord(draft, key, { due: null, own: null })
  patchSession(draft, key, {
    last: { departure: due.departure, settlement, at },
    lastClearMs: tookMs ?? session.lastClearMs,
    answered: null,
    setsUntil: setsMayLandUntil(draft, session),
    retryAt: null,
    renewAt: null,
    ownProblem: null,
    ownAttempts: 0,
    refreshed: false,
    before: null,
  })
  if (session.record.signingOut !== null) {
    draft.actions.push({ type: 'forget', identity: session.record })
    removeSession(draft, key)
  }
}
