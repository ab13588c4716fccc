/** The short lease of an own session: how long it is asked for, when it is renewed, when it must have ended. */
import type { Pair } from '../../shared/presence.ts'
import type { Now, Own, Stamp } from './model.ts'
import { later, MINUTE, reached, SECOND, untilMs } from './time.ts'

/** The one attempt of a presence write is given up after this many ms; later it can't take effect any more. */
export const WRITE_LIMIT_MS = 10 * SECOND

/** What we add before we believe that a session ended by itself, ms. */
const MARGIN_MS = 60 * SECOND

/** The fleet's renewals are spread over this many ms before the moment they fall due. */
const RENEWAL_SPREAD_MS = 10 * SECOND

/**
 * The lease asked for, ms. An `Available` session decays after 5 minutes (Microsoft Graph, manage presence state), so
 * asking for more would gain nothing; the others don't decay, and a longer lease leaves the quota of 1,500 requests
 * per 30 s for clears.
 */
export function leaseMsOf(pair: Pair): number {
  return pair === 'Available/Available' ? 5 * MINUTE : 15 * MINUTE
}

/** When an own session is renewed: at 4 minutes for `Available`, at half the lease for the others, a little earlier by jitter. */
export function renewalMoment(own: Own, jitter: number): Stamp {
  const after = own.pair === 'Available/Available' ? 4 * MINUTE : own.leaseMs / 2
  return later(own.sentAt, after - Math.round(jitter * RENEWAL_SPREAD_MS))
}

/** The moment by which an own session must have ended by itself, in server time. */
export function mustHaveEndedBy(own: Own): Stamp {
  return later(own.sentAt, WRITE_LIMIT_MS + own.leaseMs + MARGIN_MS)
}

/** Whether an own session must have ended by itself. */
export function mustHaveEnded(own: Own, now: Now, serverOffsetMs: number): boolean {
  return reached(mustHaveEndedBy(own), now, serverOffsetMs)
}

/**
 * The lease to count with for a set of this pair, ms: until Graph has confirmed it, the session that it replaces may
 * still stand, and for longer than the new lease.
 */
export function countedLeaseMs(pair: Pair, replaced: Own | null, now: Now, serverOffsetMs: number): number {
  if (replaced === null) return leaseMsOf(pair)
  const left = untilMs(mustHaveEndedBy(replaced), now, serverOffsetMs) - WRITE_LIMIT_MS - MARGIN_MS
  return Math.max(leaseMsOf(pair), left)
}
