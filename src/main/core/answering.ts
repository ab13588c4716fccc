/** Takes in what came of a write, a token refresh, or a registry that could not be written. */
import type { Problem } from '../../shared/problem.ts'
import { refreshToken } from './advancing.ts'
import {
  type Draft,
  latestOf,
  patch,
  patchRecord,
  past,
  patchSession,
  present,
  settle,
  soon,
} from './draft.ts'
import { leaseMsOf, renewalMoment, WRITE_LIMIT_MS } from './lease.ts'
import type { Attempt, Due, SessionKey, Stamp } from './model.ts'
import { judge, type Outcome } from './outcome.ts'
import { LONGEST_PAUSE_MS, pauseMs } from './retry.ts'
import type { Flight, Session, TokenNews } from './state.ts'
import { isBefore, later, LONGEST_OFFSET_MS, SECOND } from './time.ts'

/** `Date` has whole seconds and the way takes time: a smaller difference is none, ms. */
const OFFSET_NOISE_MS = 3 * SECOND

/** This cloud has no presence API: what waits to be set is not sent either. */
const UNSUPPORTED = { unsupported: true, wish: null } as const

/** Takes in one finished attempt. One that nobody waits for (a session that is gone) changes nothing. */
export function answered(draft: Draft, attempt: Attempt): void {
  learnServerTime(draft, attempt)
  const session = draft.state.sessions[attempt.key]
  const flight = session?.flights.find(({ id }) => id === attempt.id)
  if (session === undefined || flight === undefined) return
  const outcome = judge(attempt.result, {
    write: flight.kind,
    cloud: session.record.cloud,
    wall: draft.now.wall,
  })
  patchSession(draft, attempt.key, { flights: session.flights.filter((open) => open !== flight) })
  if (outcome.kind === 'done' || outcome.kind === 'nothing-to-clear') {
    patchSession(draft, attempt.key, { refreshed: false })
  }
  if (outcome.kind === 'pending' && outcome.retryAfterMs !== null)
    keepAwayFor(draft, attempt.key, outcome.retryAfterMs)
  if (flight.kind === 'clear') {
    const until = mayStillLand(flight, outcome)
    const clearsUntil = latestOf(draft, [draft.state.sessions[attempt.key]?.clearsUntil, until])
    patchSession(draft, attempt.key, { clearsUntil })
    clearAnswered(draft, attempt.key, flight, outcome)
    return
  }
  const due = draft.state.sessions[attempt.key]?.record.due ?? null
  if (due !== null) straggled(draft, attempt.key, flight, outcome, due)
  else setAnswered(draft, attempt.key, flight, outcome)
}

/** A `Retry-After`: Graph means every write of this session, whichever was told so and whether or not it is still wanted. */
function keepAwayFor(draft: Draft, key: SessionKey, ms: number): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  const { due } = session.record
  const notBefore = latestOf(draft, [session.notBefore, due?.notBefore, soon(draft, ms)])
  patchSession(draft, key, { notBefore })
  if (due !== null) patchRecord(draft, key, { due: { ...due, notBefore } })
}

/** Keeps the difference between Graph's clock and ours, from answers that are surely Graph's. */
function learnServerTime(draft: Draft, attempt: Attempt): void {
  const { result } = attempt
  if (result.type !== 'answer' || result.requestId === null || result.date === null) return
  // An answer that lay over a sleep, read or unread, is dated before it.
  if (Math.abs(attempt.startedAt - draft.now.wall) > WRITE_LIMIT_MS) return
  // Graph wrote its date somewhere between the two; a slow answer tells less than a fast one.
  const [least, most] = [result.date - attempt.endedAt, result.date - attempt.startedAt]
  const offset = (least + most) / 2
  // No real clock: the registry would not take it, and nothing could be written any more.
  if (Math.abs(offset) > LONGEST_OFFSET_MS) return
  const agrees = (known: number): boolean => known > least - OFFSET_NOISE_MS && known < most + OFFSET_NOISE_MS
  if (agrees(draft.state.serverOffsetMs)) return
  const learnt = agrees(0) ? 0 : offset
  const correction = learnt - draft.state.serverOffsetMs
  patch(draft, { serverOffsetMs: learnt })
  // What was stamped while the difference was unknown would now look hours old, and a clear that is due "expired".
  patch(draft, {
    sessions: correctStamps(draft.state.sessions, draft, correction),
    departures: correctStamps(draft.state.departures, draft, correction),
    waits: correctStamps(draft.state.waits, draft, correction),
  })
}

/** Shifts every stamp below a value that is off by the correction; one made while the clock was right stays. */
function correctStamps<T>(value: T, draft: Draft, correction: number): T {
  if (typeof value !== 'object' || value === null) return value
  if (isStamp(value)) {
    if (value.mono === null) return value
    const off = draft.now.wall + draft.state.serverOffsetMs - value.wall - (draft.now.mono - value.mono)
    // 0 for one made while the clock was right, and the correction for another. A sleep only adds: the monotonic clock stands.
    const isWrong = correction > 0 ? off > correction - OFFSET_NOISE_MS : off < -OFFSET_NOISE_MS
    return isWrong ? { ...value, wall: value.wall + correction } : value
  }
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    correctStamps(part as unknown, draft, correction),
  ])
  // The same shape with the same keys: only stamps inside it are replaced.
  return (Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries)) as T
}

function isStamp(value: object): value is Stamp {
  return 'wall' in value && 'mono' in value && typeof value.wall === 'number'
}

// -------------------------------------------------------------------------------------------------------- clears

function clearAnswered(draft: Draft, key: SessionKey, flight: Flight, outcome: Outcome): void {
  const due = draft.state.sessions[key]?.record.due
  // A clear of an earlier absence settles nothing of a later one, whose own request is under way.
  if (due?.absence !== flight.absence) return
  switch (outcome.kind) {
    case 'done':
    case 'nothing-to-clear': {
      const settlement = outcome.kind === 'done' ? 'cleared' : 'nothing-to-clear'
      if (due.straggler === null || !isBefore(flight.sentAt, due.straggler)) settle(draft, key, settlement)
      else patchSession(draft, key, { answered: { sentAt: flight.sentAt, settlement } })
      return
    }
    case 'not-supported':
      settle(draft, key, 'not-supported')
      patchSession(draft, key, UNSUPPORTED)
      return
    case 'not-permitted':
      patchSession(draft, key, { forbidden: outcome.problem })
      stillDue(draft, key, due, outcome.problem)
      return
    case 'token-refused':
      tokenRefused(draft, key, outcome)
      stillDue(draft, key, due, outcome.problem)
      return
    case 'pending':
      stillDue(draft, key, due, outcome.problem)
      return
    case 'refused':
      stillDue(draft, key, due, outcome.problem, LONGEST_PAUSE_MS)
  }
}

function stillDue(
  draft: Draft,
  key: SessionKey,
  due: Due,
  problem: Problem,
  pause = pauseMs(due.attempts + 1, draft.now.jitter),
): void {
  const attempts = due.attempts + 1
  patchRecord(draft, key, { due: { ...due, attempts, problem } })
  const waitsForToken = draft.state.sessions[key]?.refresh !== null
  patchSession(draft, key, {
    retryAt: waitsForToken ? null : soon(draft, pause),
  })
}

// ---------------------------------------------------------------------------------------------- sets and renewals

/** A set or renewal ended after the user had left: from when on a clear is the last word. */
function straggled(draft: Draft, key: SessionKey, flight: Flight, outcome: Outcome, due: Due): void {
  if (due.straggler === null) return
  const surelyNot = outcome.kind === 'pending' && outcome.sureNot
  // Graph's own answer: it took effect before now at the latest.
  const until = surelyNot ? null : (mayStillLand(flight, outcome) ?? present(draft))
  // An attempt before it may have been lost, and take effect yet.
  const earlier = latestOf(draft, [draft.state.sessions[key]?.record.own?.unsureUntil])
  const straggler =
    until !== null && earlier !== null && isBefore(until, earlier) ? earlier : (until ?? earlier)
  patchRecord(draft, key, { due: { ...due, straggler } })
}

/** Until when a write may still take effect whose end told nothing about it; null when its end told. */
function mayStillLand(flight: Flight, outcome: Outcome): Stamp | null {
  return outcome.kind === 'pending' && !outcome.sureNot ? later(flight.sentAt, flightLimit(flight)) : null
}

function flightLimit(flight: Flight): number {
  return flight.endsBy.wall - flight.sentAt.wall
}

function setAnswered(draft: Draft, key: SessionKey, flight: Flight, outcome: Outcome): void {
  const session = draft.state.sessions[key]
  const own = session?.record.own
  if (session === undefined || own === undefined || own === null) return
  switch (outcome.kind) {
    case 'done': {
      // A longer set before it may have been lost, and take effect yet.
      const unsure = own.unsureUntil !== null && !past(draft, own.unsureUntil)
      const leaseMs = Math.max(leaseMsOf(own.pair), unsure ? own.leaseMs : 0)
      const confirmed = { ...own, leaseMs, confirmed: true }
      patchRecord(draft, key, { own: confirmed })
      patchSession(draft, key, {
        renewAt: renewalMoment(confirmed, draft.now.jitter),
        ownAttempts: 0,
        ownProblem: null,
        setProblem: null,
        before: null,
        notBefore: null,
      })
      return
    }
    case 'refused':
    case 'not-permitted':
    case 'not-supported':
    case 'nothing-to-clear':
      setRefused(draft, key, flight, outcome)
      return
    case 'token-refused':
      tokenRefused(draft, key, outcome)
      stillUnset(draft, key, session, flight, outcome.problem, true)
      return
    case 'pending':
      stillUnset(draft, key, session, flight, outcome.problem, outcome.sureNot)
  }
}

/** Graph said no: what stood before still stands. */
function setRefused(
  draft: Draft,
  key: SessionKey,
  flight: Flight,
  outcome: Extract<Outcome, { kind: 'refused' | 'not-permitted' | 'not-supported' | 'nothing-to-clear' }>,
): void {
  const problem: Problem =
    outcome.kind === 'refused' || outcome.kind === 'not-permitted'
      ? outcome.problem
      : { code: outcome.kind === 'not-supported' ? 'not-supported' : 'set-refused' }
  // Without the API nothing was ever set.
  if (outcome.kind === 'not-supported') patchRecord(draft, key, { own: null, due: null })
  else goBack(draft, key, flight)
  patchSession(draft, key, {
    ...(outcome.kind === 'not-supported' ? UNSUPPORTED : {}),
    ...(outcome.kind === 'not-permitted' ? { forbidden: problem } : {}),
    ...(flight.kind === 'set' ? { setProblem: problem } : { ownProblem: problem }),
    renewAt: soon(draft, LONGEST_PAUSE_MS),
  })
}

/** Brings back what the record said before a write that surely did not take effect. */
function goBack(draft: Draft, key: SessionKey, flight: Flight): void {
  patchRecord(draft, key, flight.before ?? { own: null, due: null })
  patchSession(draft, key, { before: null })
}

function stillUnset(
  draft: Draft,
  key: SessionKey,
  session: Session,
  flight: Flight,
  problem: Problem,
  sureNot: boolean,
): void {
  const own = draft.state.sessions[key]?.record.own ?? null
  // A renewal that surely didn't take effect doesn't lengthen what stands.
  if (own !== null && sureNot) {
    const standing = flight.kind === 'renew' ? flight.before?.own : null
    if (standing) patchRecord(draft, key, { own: { ...own, sentAt: standing.sentAt } })
  } else if (own !== null) {
    patchRecord(draft, key, { own: { ...own, unsureUntil: later(flight.sentAt, WRITE_LIMIT_MS) } })
  }
  const attempts = session.ownAttempts + 1
  const waitsForToken = draft.state.sessions[key]?.refresh !== null
  patchSession(draft, key, {
    ownAttempts: attempts,
    ownProblem: problem,
    renewAt: waitsForToken ? null : soon(draft, pauseMs(attempts, draft.now.jitter)),
  })
}

/** The registry could not be written before a set, so the set was not sent: nothing has changed at Graph. */
export function notWritten(draft: Draft, writeId: number, problem: Problem): void {
  for (const [key, session] of Object.entries(draft.state.sessions)) {
    const flight = session.flights.find(({ id }) => id === writeId)
    if (flight === undefined) continue
    goBack(draft, key, flight)
    patchSession(draft, key, {
      flights: session.flights.filter((open) => open !== flight),
      // The file's own trouble is told beside the face; the set is told what became of it.
      ...(flight.kind === 'set'
        ? { setProblem: { ...problem, code: 'set-not-written' as const } }
        : { ownProblem: problem }),
      renewAt: soon(draft, LONGEST_PAUSE_MS),
    })
  }
}

// -------------------------------------------------------------------------------------------------------- tokens

/** 401: one forced refresh. When that was tried already, the write is retried like any other. */
function tokenRefused(
  draft: Draft,
  key: SessionKey,
  outcome: Extract<Outcome, { kind: 'token-refused' }>,
): void {
  if (draft.state.sessions[key]?.refreshed !== false) return
  patchSession(draft, key, { refreshed: true, token: null })
  refreshToken(draft, key, true, outcome.claims)
}

/** Takes in a token, or why there is none. */
export function tokenCame(draft: Draft, key: SessionKey, news: TokenNews): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  const waited = session.refresh !== null
  switch (news.type) {
    case 'token':
      patchSession(draft, key, {
        token: { expiresAt: news.expiresAt },
        signInProblem: null,
        forbidden: null,
        refresh: null,
        ...(waited || session.signInProblem !== null ? { retryAt: null } : {}),
      })
      return
    case 'needs-sign-in':
      patchSession(draft, key, { signInProblem: news.problem, refresh: null })
      return
    case 'unavailable': {
      if (!waited) return
      const attempts = (session.record.due?.attempts ?? session.ownAttempts) + 1
      const next = soon(draft, pauseMs(attempts, draft.now.jitter))
      patchSession(draft, key, {
        refresh: null,
        retryAt: next,
        renewAt: session.record.own === null ? null : next,
      })
      // A set is not kept waiting for the network: the user is told, and what is owed goes on.
      if (session.wish !== null) patchSession(draft, key, { wish: null, setProblem: news.problem })
      if (session.record.due !== null) {
        patchRecord(draft, key, { due: { ...session.record.due, attempts, problem: news.problem } })
      } else if (session.wish === null) {
        patchSession(draft, key, { ownProblem: news.problem, ownAttempts: attempts })
      }
    }
  }
}
