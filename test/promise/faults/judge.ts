/** Judges a cell by what Graph holds and what reached it, never by what the app says of itself. */
import type { RequestRecord, SessionView } from '../../simulator/index.ts'

/** What the call was: set through the app, or by another program under the same registration. */
export type Kind = 'own' | 'assumed'

/** What came of the call status. */
export type Outcome =
  /** Gone by a clear, before it ended by itself. */
  | 'cleared'
  /** Nothing was set when the user left. */
  | 'nothing-set'
  /** The window offers no such way to leave while the fault lasts, and says why. */
  | 'not-offered'
  /** Own: ended by its short lease. */
  | 'expired'
  /** Assumed: still there after the age limit, and the user is told so. */
  | 'given-up'
  /** Still there, and nobody knows. */
  | 'lost'
  /** Own: alive after its age limit. */
  | 'stale'
  /** A write went out after the clear had settled or aged out, or a call set elsewhere after that was touched. */
  | 'wrong'
  /** It came, and later than it could: nothing stood in its way any more. */
  | 'late'

/** What is known of a cell when its age limit has passed and another call has been taken elsewhere. */
export interface Evidence {
  readonly kind: Kind
  /** Graph's session when the user left; undefined: there was none. */
  readonly left: SessionView | undefined
  /** Graph's sessions of the user when the age limit had passed, before a call was taken elsewhere. */
  readonly held: readonly SessionView[]
  /** Presence writes since the user left. */
  readonly writes: readonly RequestRecord[]
  /** Those, and the ones before. */
  readonly all: readonly RequestRecord[]
  /** Simulated time at which a call was taken elsewhere, ms. */
  readonly elsewhereAt: number
  /** That call is still there at the end. */
  readonly elsewhereStands: boolean
  /** When the process was killed in the middle of it, real ms; null: it was not. */
  readonly killedAt: number | null
  /** The age limit, simulated ms. */
  readonly limitAt: number
  /** The history or the window tells that the clear was not confirmed. */
  readonly told: boolean
  /** From when on the app could act: the departure, or the start after a kill; simulated ms. */
  readonly actsFrom: number
  /** How long the departure may take from then on, ms. */
  readonly deadlineMs: number
  /** The fault stood in the way of the clear at the departure. */
  readonly blocked: boolean
  /** When the fault was healed, simulated ms; null: never. */
  readonly healedAt: number | null
  /** The `Retry-After` of the fault's answers, ms; 0: none. */
  readonly retryAfterMs: number
  /** The fault swallows requests: one that was open when it was healed ends by its own limit. */
  readonly swallows: boolean
  /** The fault sets the clock back, behind what an earlier process has written down. */
  readonly agesLost: boolean
}

/** Our own back-off is 30 s at most (core/retry.ts), time is moved in steps of 1 s, and a slow machine has the rest, ms. */
export const LONGEST_WAIT_MS = 32_000
/** The limit of one attempt (core/lease.ts), ms. */
const ATTEMPT_MS = 10_000

/** Faults under which an answer still arrives whole as far as it counts: its status and Graph's headers. */
const ARRIVES: readonly (string | undefined)[] = [undefined, 'latency', 'cut-body', 'slow-drip']

/** Whether this write is a clear with an answer of Graph's own that settles it, and that reached the app. */
export function settles(record: RequestRecord): boolean {
  const { status, fault, outcome, path, errorCode } = record
  if (!path.endsWith('/clearPresence') || status === null || !ARRIVES.includes(fault)) return false
  // A body that is dripped or cut ends in a dropped connection; its headers have arrived all the same.
  if (outcome === 'dropped' && fault === undefined) return false
  // But which 404 it is, only the body tells.
  if (status === 404 && (fault === 'cut-body' || fault === 'slow-drip')) return false
  return (status >= 200 && status < 300) || (status === 404 && errorCode !== 'Request_ResourceNotFound')
}

/** Real time that the app may take to take an answer in, ms. */
const TAKING_IN_MS = 2_000

/**
 * Which of the writes since the user left was the last that had to be: the first clear that settled, and if a set or
 * renewal was on its way when it arrived (or its answer was not taken in), the one after it, which settles alone. -1: none.
 * `killedAt`: when the process was killed (real ms); an answer of that moment may have died with it. `agesLost`: the next
 * process can't tell how old a set is that it finds, and has to take it for one that is still on its way.
 */
export function settledAt(
  writes: readonly RequestRecord[],
  all: readonly RequestRecord[],
  killedAt: number | null = null,
  agesLost = false,
): number {
  const first = writes.findIndex((record) => settles(record) && !diesWith(record, killedAt))
  const clear = writes[first]
  if (clear === undefined) return -1
  const straddled = all.some(
    ({ path, realMs, endedRealMs = Infinity }) =>
      path.endsWith('/setPresence') && realMs <= clear.realMs && endedRealMs + TAKING_IN_MS > clear.realMs,
  )
  if (!straddled && !(agesLost && killedAt !== null)) return first
  const second = writes.findIndex((record, index) => index > first && settles(record))
  return second === -1 ? first : second
}

function diesWith({ realMs, endedRealMs = Infinity }: RequestRecord, killedAt: number | null): boolean {
  return killedAt !== null && realMs <= killedAt && endedRealMs + TAKING_IN_MS > killedAt
}

const isClear = ({ path }: RequestRecord): boolean => path.endsWith('/clearPresence')

/**
 * Simulated time by which a clear must have done its work, ms: where nothing blocks it, the departure's deadline; else our
 * own longest wait after the heal and a `Retry-After` that runs then. Infinity while the fault lasts.
 */
export function clearedBy({
  writes,
  actsFrom,
  deadlineMs,
  blocked,
  healedAt,
  retryAfterMs,
  swallows,
}: Evidence): number {
  if (!blocked) return actsFrom + deadlineMs
  if (healedAt === null) return Infinity
  const refused = writes.findLast((record) => isClear(record) && record.simulatedMs <= healedAt)
  const asked = refused === undefined ? 0 : refused.simulatedMs + retryAfterMs
  return Math.max(healedAt + (swallows ? ATTEMPT_MS : 0), actsFrom, asked) + LONGEST_WAIT_MS
}

/** Whether the first clear that did its work, or found nothing, came later than it could. */
function isLate(evidence: Evidence): boolean {
  const { writes, left, blocked, killedAt } = evidence
  const first = writes.find((record) => isClear(record) && (record.tookEffect || settles(record)))
  if (first !== undefined) return first.simulatedMs > clearedBy(evidence)
  // A departure is never silent, even if nothing was set; only a process that was killed may have had nothing to do.
  return left === undefined && !blocked && killedAt === null
}

/** The outcome of a cell. */
export function judge(evidence: Evidence): Outcome {
  const { kind, left, held, writes, all, killedAt, agesLost, elsewhereAt, elsewhereStands, limitAt, told } =
    evidence
  const last = settledAt(writes, all, killedAt, agesLost)
  const stray = writes.some(
    ({ simulatedMs }, index) =>
      simulatedMs >= elsewhereAt || simulatedMs > limitAt || (last !== -1 && index > last),
  )
  if (stray || !elsewhereStands) return 'wrong'
  if (left === undefined) return isLate(evidence) ? 'late' : 'nothing-set'
  const cleared = writes.some(
    (record) => isClear(record) && record.tookEffect && record.simulatedMs < left.expiresAt,
  )
  if (held.length > 0) {
    if (kind === 'own') return 'stale'
    return told ? 'given-up' : 'lost'
  }
  if (cleared) return isLate(evidence) ? 'late' : 'cleared'
  return kind === 'own' ? 'expired' : 'lost'
}
