/** Which clears a departure owes (docs/architecture.md, "Which clears are owed"). */
import type { DepartureKind } from '../../shared/presence.ts'
import {
  abort,
  away,
  type Draft,
  isExplicit,
  latestOf,
  patch,
  patchRecord,
  patchSession,
  past,
  present,
  soon,
} from './draft.ts'
import { mustHaveEnded, WRITE_LIMIT_MS } from './lease.ts'
import type { Due, Own, SessionKey, Stamp } from './model.ts'
import type { OpenDeparture } from './state.ts'
import { isBefore, later, SECOND } from './time.ts'

/** The time each departure leaves us, ms; after it we let go, and what is open stays due. */
export const DEADLINE_MS: Readonly<Record<DepartureKind, number>> = {
  lock: 30 * SECOND,
  sleep: 30 * SECOND,
  disconnect: 30 * SECOND,
  'user-switch': 30 * SECOND,
  idle: 30 * SECOND,
  quit: 5 * SECOND,
  'log-off': 3.5 * SECOND,
  shutdown: 3.5 * SECOND,
  'sign-out': 10 * SECOND,
  manual: 10 * SECOND,
}

/**
 * A departure by which the user goes away: owed by every session. `first`: while present, so a new absence begins.
 * `found`: nobody knows since when, so it is like a start while away: of what another program may have set only what is
 * due already is cleared, for what stands now may be a call elsewhere.
 */
export function departed(
  draft: Draft,
  departure: DepartureKind,
  { first, found, deadlineMs = DEADLINE_MS[departure] }: Leaving,
): void {
  if (first) patch(draft, { absence: draft.state.absence + 1 })
  openDeparture(draft, departure, deadlineMs)
  for (const [key, { record }] of Object.entries(draft.state.sessions)) {
    // Somebody else has signed in since: this user is not the one who leaves.
    const gone = record.signingOut !== null && key !== draft.state.active
    owe(draft, key, departure, first && !gone && !(found && record.own === null))
  }
}

/** How the user left. */
export interface Leaving {
  readonly first: boolean
  readonly found: boolean
  /** ms; default: the departure's own. */
  readonly deadlineMs?: number
}

/**
 * A clear that the user asks for by name while staying (manual, sign-out): it always sends, or joins a clear in
 * flight of the same absence.
 */
export function askedFor(draft: Draft, departure: 'manual' | 'sign-out', key: SessionKey): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  const { due } = session.record
  // A clear of the absence before a return says nothing of what began since.
  const isSame = away(draft) || (due !== null && isExplicit(due.departure))
  const joins =
    isSame && session.flights.some(({ kind, absence }) => kind === 'clear' && absence === draft.state.absence)
  if (!away(draft) && !joins) patch(draft, { absence: draft.state.absence + 1 })
  openDeparture(draft, departure, DEADLINE_MS[departure])
  owe(draft, key, departure, true)
}

function openDeparture(draft: Draft, departure: DepartureKind, deadlineMs: number): void {
  // A refresh that an earlier, longer departure waits for must not cost this one its time.
  const latest = soon(draft, deadlineMs / 2)
  for (const [key, { refresh }] of Object.entries(draft.state.sessions)) {
    if (refresh !== null && isBefore(latest, refresh.until))
      patchSession(draft, key, { refresh: { until: latest } })
  }
  const open: OpenDeparture = { id: draft.state.nextId, departure, startedAt: present(draft), deadlineMs }
  patch(draft, { nextId: open.id + 1, departures: [...draft.state.departures, open] })
}

/**
 * Writes down what one session owes for a departure. `anew`: owed although nothing is due (a departure while present,
 * or one asked for by name); otherwise a departure only joins or hurries what is due already.
 */
export function owe(draft: Draft, key: SessionKey, departure: DepartureKind, anew: boolean): void {
  const session = draft.state.sessions[key]
  if (session === undefined || session.unsupported) return
  const { due } = session.record
  // A wish that wasn't sent yet ends with the departure; a departure overrides our own back-off.
  patchSession(draft, key, { wish: null, retryAt: null, refreshed: false })
  if (due === null && !anew) return
  // Each departure makes one attempt of its own, whatever was refused before.
  if (anew) patchSession(draft, key, { forbidden: null })

  const { absence } = draft.state
  const moments = [stopSets(draft, key), session.record.own?.unsureUntil, session.setsUntil, due?.straggler]
  // Also one that has passed: a clear that was sent before it settles nothing.
  const straggler = latestOf(draft, moments) ?? due?.straggler ?? null
  const fresh: Due = {
    departure,
    absence,
    since: present(draft),
    attempts: 0,
    problem: null,
    notBefore: latestOf(draft, [due?.notBefore, session.notBefore]),
    straggler,
  }
  // What an earlier run left due is joined too: a machine that is still left must not gain time by a further departure.
  const joined = due !== null && (!anew || due.absence === absence)
  const next: Due = joined
    ? { ...due, straggler, departure: isExplicit(departure) ? departure : due.departure }
    : fresh
  patchRecord(draft, key, { due: next, own: endedOwn(draft, key) })
  patchSession(draft, key, joined ? {} : { answered: null })
}

/**
 * Destroys the sockets of sets and renewals that have no answer: they may still take effect until 10 s after they
 * were sent. Returns that moment, or null when there was none.
 */
function stopSets(draft: Draft, key: SessionKey): Stamp | null {
  const sets = draft.state.sessions[key]?.flights.filter(({ kind }) => kind !== 'clear') ?? []
  abort(draft, sets)
  const last = sets.at(-1)
  return last === undefined ? null : later(last.sentAt, WRITE_LIMIT_MS)
}

/** "Until I leave" ends now. What must have ended by itself long ago is `assumed` again, and cleared as such. */
function endedOwn(draft: Draft, key: SessionKey): Own | null {
  const { own = null, due = null } = draft.state.sessions[key]?.record ?? {}
  if (own === null || (own.ended && due !== null)) return own
  return mustHaveEnded(own, draft.now, draft.state.serverOffsetMs) ? null : { ...own, ended: true }
}

/** Lets go of departures that have settled, that only the user can settle, or whose deadline has passed. */
export function releaseDepartures(draft: Draft): void {
  const open = Object.values(draft.state.sessions).filter(({ record }) => record.due !== null)
  const settled = open.length === 0
  const stuck = open.every(
    ({ flights, refresh, signInProblem, forbidden }) =>
      flights.length === 0 && refresh === null && (signInProblem !== null || forbidden !== null),
  )
  const kept: OpenDeparture[] = []
  for (const departure of draft.state.departures) {
    if (settled || stuck || past(draft, later(departure.startedAt, departure.deadlineMs))) {
      draft.actions.push({ type: 'release', departure: departure.departure, settled })
    } else kept.push(departure)
  }
  if (kept.length !== draft.state.departures.length) patch(draft, { departures: kept })
}
