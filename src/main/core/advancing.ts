/** Decides from each session's record alone what to send now: what is due, a wish, a renewal. Run after every event. */
import {
  abort,
  age,
  ASSUMED_LIMIT_MS,
  away,
  type Draft,
  isExplicit,
  latestOf,
  past,
  patchRecord,
  patchSession,
  present,
  send,
  settle,
  soon,
} from './draft.ts'
import { countedLeaseMs, leaseMsOf, mustHaveEnded, WRITE_LIMIT_MS } from './lease.ts'
import type { Due, Own, SessionKey, Stamp } from './model.ts'
import type { Session, Standing } from './state.ts'
import { later, SECOND } from './time.ts'

/** A flight without an answer this long after its limit was lost together with its worker, ms. */
export const LOST_AFTER_MS = 5 * SECOND

/** Sends whatever each session may send now. */
export function advance(draft: Draft): void {
  for (const key of Object.keys(draft.state.sessions)) {
    forgetLostFlights(draft, key)
    advanceDue(draft, key)
    advanceWish(draft, key)
    advanceRenewal(draft, key)
  }
}

/**
 * The sender promises an answer for each write. Should it break that promise, nothing may wait for ever. And one that was
 * open when the machine fell asleep must not go out at the wake: its timer slept, too, and the user may be elsewhere.
 */
function forgetLostFlights(draft: Draft, key: SessionKey): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  const lost = session.flights.filter(({ endsBy }) => past(draft, later(endsBy, LOST_AFTER_MS)))
  if (lost.length === 0) return
  abort(draft, lost)
  patchSession(draft, key, { flights: session.flights.filter((flight) => !lost.includes(flight)) })
}

function advanceDue(draft: Draft, key: SessionKey): void {
  const session = draft.state.sessions[key]
  const due = session?.record.due
  if (session === undefined || due === undefined || due === null) return
  const { own, signingOut } = session.record
  if (own !== null && mustHaveEnded(own, draft.now, draft.state.serverOffsetMs)) {
    giveUp(draft, key, session, 'expired')
    return
  }
  // What stands now under our registration may be a live call, here or at another machine.
  if (own === null && age(draft, due.since) >= ASSUMED_LIMIT_MS) {
    giveUp(draft, key, session, 'not-confirmed')
    return
  }
  if (session.flights.some(({ kind, absence }) => kind === 'clear' && absence === due.absence)) return
  // A sign-out stays one, whatever departure came after it: its tokens wait for the clear.
  if (own === null && !(away(draft) || isExplicit(due.departure) || signingOut !== null)) {
    settle(draft, key, 'not-confirmed')
    return
  }
  if (session.wish !== null) return // The set that waits replaces what is due.
  if (session.answered !== null && !secondClearIsDue(draft, key, session, due)) return
  if (!past(draft, due.notBefore) || !past(draft, session.notBefore) || !past(draft, session.retryAt)) return
  if (session.forbidden !== null) {
    if (due.problem === null) patchRecord(draft, key, { due: { ...due, problem: session.forbidden } })
    return
  }
  const token = tokenState(draft, key, session)
  if (token === 'ready') {
    patchSession(draft, key, { answered: null })
    send(draft, key, { kind: 'clear' }, due.absence, null)
  } else if (token === 'needs-sign-in' && due.problem?.code !== session.signInProblem?.code) {
    patchRecord(draft, key, { due: { ...due, problem: session.signInProblem } })
  }
}

/** Ends what is due by its age: a clear that is still on its way must not arrive any more. */
function giveUp(
  draft: Draft,
  key: SessionKey,
  session: Session,
  settlement: 'expired' | 'not-confirmed',
): void {
  abort(
    draft,
    session.flights.filter(({ kind }) => kind === 'clear'),
  )
  settle(draft, key, settlement)
}

/** A clear was answered while an unanswered set could still take effect after it: clear again once that can't happen. */
function secondClearIsDue(draft: Draft, key: SessionKey, session: Session, due: Due): boolean {
  if (due.straggler !== null) return past(draft, due.straggler)
  // The set turned out never to have left this machine: the first clear was the last word.
  settle(draft, key, session.answered?.settlement ?? 'cleared')
  return false
}

function advanceWish(draft: Draft, key: SessionKey): void {
  const session = draft.state.sessions[key]
  const wish = session?.wish
  if (session === undefined || wish === undefined || wish === null) return
  if (session.flights.length > 0 || !past(draft, session.record.due?.straggler ?? null)) return
  const { notBefore } = session
  if (notBefore !== null && !past(draft, later(notBefore, -WRITE_LIMIT_MS))) {
    // A set that came minutes later would surprise; and what is owed waits behind a wish.
    patchSession(draft, key, { wish: null, setProblem: { code: 'set-throttled' } })
    return
  }
  if (!past(draft, notBefore) || !past(draft, session.clearsUntil)) return
  const token = tokenState(draft, key, session)
  if (token === 'waiting') return
  if (token === 'needs-sign-in' || session.forbidden !== null) {
    patchSession(draft, key, { wish: null, setProblem: session.forbidden ?? session.signInProblem })
    return
  }
  const own: Own = {
    pair: wish.pair,
    since: wish.since,
    sentAt: present(draft),
    leaseMs: countedLeaseMs(wish.pair, session.record.own, draft.now, draft.state.serverOffsetMs),
    confirmed: false,
    unsureUntil: stillUnsure(draft, session.record.own),
    ended: false,
  }
  const before = standing(draft, session)
  patchRecord(draft, key, { own, due: null })
  patchSession(draft, key, {
    wish: null,
    answered: null,
    renewAt: null,
    ownAttempts: 0,
    ownProblem: null,
    last: null,
    before,
  })
  send(draft, key, { kind: 'set', pair: own.pair, leaseMs: leaseMsOf(own.pair) }, 0, before)
}

/** Until when an earlier set may still take effect; null when none can any more. */
function stillUnsure(draft: Draft, own: Own | null): Stamp | null {
  const until = own?.unsureUntil ?? null
  return until === null || past(draft, until) ? null : until
}

function advanceRenewal(draft: Draft, key: SessionKey): void {
  const session = draft.state.sessions[key]
  const own = session?.record.own
  if (session === undefined || own === undefined || own === null || own.ended) return
  if (session.record.due !== null || session.wish !== null || session.forbidden !== null) return
  if (session.flights.some(({ kind }) => kind !== 'clear')) return
  if (!past(draft, session.renewAt) || !past(draft, session.notBefore)) return
  if (tokenState(draft, key, session) !== 'ready') return
  patchRecord(draft, key, { own: { ...own, sentAt: present(draft) } })
  // Until Graph has confirmed it, this is still the set that the user asked for.
  const kind = own.confirmed ? 'renew' : 'set'
  const before = standing(draft, session)
  send(draft, key, { kind, pair: own.pair, leaseMs: leaseMsOf(own.pair) }, 0, before)
}

/**
 * What to go back to should Graph refuse a set: what is owed is replaced by it and comes back. A set on a set that surely
 * never took effect goes back to what stood before both; one that may have is not wanted any more, and must still end.
 */
function standing(draft: Draft, { record, before }: Session): Standing {
  const { own, due } = record
  if (own === null || own.confirmed) return { own, due }
  const unsure = own.unsureUntil !== null || (due !== null && due.straggler !== null)
  if (!unsure && before !== null) {
    // A clear that is owed since both is owed for whatever stands.
    return due === null ? before : { own: before.own && { ...before.own, ended: true }, due }
  }
  const owed = due ?? before?.due ?? null
  const straggler = latestOf(draft, [own.unsureUntil, owed?.straggler]) ?? owed?.straggler ?? null
  return { own: { ...own, ended: true }, due: owed && { ...owed, straggler } }
}

/**
 * Whether a write can go out now. A token known to be expired is refreshed first, within half the shortest running
 * deadline; then the write goes out with whatever there is. A held handler has no time for that.
 */
function tokenState(draft: Draft, key: SessionKey, session: Session): 'ready' | 'waiting' | 'needs-sign-in' {
  const { token, refresh } = session
  if (token !== null && (token.expiresAt > draft.now.wall || draft.holding)) return 'ready'
  if (session.signInProblem !== null) return 'needs-sign-in'
  if (refresh !== null) {
    if (!past(draft, refresh.until)) return 'waiting'
    patchSession(draft, key, { refresh: null })
    if (token !== null) return 'ready'
  }
  refreshToken(draft, key, false, null)
  return 'waiting'
}

/** Asks for a token that a write waits for. */
export function refreshToken(draft: Draft, key: SessionKey, force: boolean, claims: string | null): void {
  const deadlines = draft.state.departures.map(
    ({ startedAt, deadlineMs }) => deadlineMs - age(draft, startedAt),
  )
  const timeoutMs = Math.max(SECOND, Math.min(WRITE_LIMIT_MS, ...deadlines.map((left) => left / 2)))
  patchSession(draft, key, { refresh: { until: soon(draft, timeoutMs) } })
  draft.actions.push({ type: 'refresh-token', key, force, claims, timeoutMs })
}
