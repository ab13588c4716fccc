/** What the planner remembers, what it is told, and what it asks for. */
import type { DepartureKind, Pair } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import type { HistoryEntry, Settlement } from '../../shared/snapshot.ts'
import type { Attendance, AttendanceEvent, AttendanceSettings } from './attendance.ts'
import type {
  Attempt,
  Due,
  Identity,
  Own,
  PresenceWrite,
  RegistryData,
  SessionKey,
  SessionRecord,
  Stamp,
} from './model.ts'

/** What a session's record said before a set replaced it. */
export interface Standing {
  readonly own: Own | null
  readonly due: Due | null
}

/** A write that the sender has and that isn't answered yet. */
export interface Flight {
  readonly id: number
  readonly kind: 'set' | 'renew' | 'clear'
  /** For a clear: the absence it is owed for. */
  readonly absence: number
  readonly sentAt: Stamp
  /** The one attempt is given up by then; a flight that outlives it by far was lost with its worker. */
  readonly endsBy: Stamp
  /** For a set or renewal: what stood before it, to go back to when it was surely refused. */
  readonly before: Standing | null
}

/** A token being refreshed because a write waits for it. */
export interface Refresh {
  /** When the write goes out without it. */
  readonly until: Stamp
}

/** One session: its durable record and what this process knows besides. */
export interface Session {
  readonly record: SessionRecord
  /** When the token that the sender is armed with expires, ms since the epoch by this machine's clock. */
  readonly token: { readonly expiresAt: number } | null
  /** Only the user can get a new token. */
  readonly signInProblem: Problem | null
  readonly refresh: Refresh | null
  /** A 401 was already answered with a forced refresh; not again until a write succeeds or the user leaves again. */
  readonly refreshed: boolean
  /** A missing scope or a policy: nothing is sent until there is a new token or sign-in. */
  readonly forbidden: Problem | null
  /** This cloud has no presence API. */
  readonly unsupported: boolean
  readonly flights: readonly Flight[]
  /**
   * A clear ended without Graph's answer and may still take effect until this moment (10 s after it was sent): a set
   * waits for it.
   */
  readonly clearsUntil: Stamp | null
  /**
   * A set of which the record knows nothing any more may still take effect until this moment: only a clear sent after it
   * settles what is owed.
   */
  readonly setsUntil: Stamp | null
  /** A set that waits for an open clear's answer or its limit. */
  readonly wish: { readonly pair: Pair; readonly since: Stamp } | null
  /** Why the last set was refused, until the next one. */
  readonly setProblem: Problem | null
  /** Why the last set or renewal of `own` didn't get through; it is retried. */
  readonly ownProblem: Problem | null
  /** Set or renewal attempts in a row that did not succeed. */
  readonly ownAttempts: number
  /** What stood before the set that Graph has not confirmed yet; null once it has. */
  readonly before: Standing | null
  /** A running `Retry-After` of any answer: nothing is sent before this moment. */
  readonly notBefore: Stamp | null
  /** When the next renewal falls due. */
  readonly renewAt: Stamp | null
  /** Our own back-off for what is due. */
  readonly retryAt: Stamp | null
  /** A clear was answered while a set may still take effect after it: when it was sent, and how it ended. */
  readonly answered: { readonly sentAt: Stamp; readonly settlement: 'cleared' | 'nothing-to-clear' } | null
  /** How the last departure ended, until the user sets something or leaves again. */
  readonly last: {
    readonly departure: DepartureKind
    readonly settlement: Settlement
    readonly at: number
  } | null
  /** Latest answered write, for "Details". */
  readonly lastClearMs: number | null
}

/** What a session has to wait for, and its successor of the same name too. */
export type Waits = Pick<Session, 'notBefore' | 'clearsUntil' | 'setsUntil'>

/** A departure whose deadline runs. */
export interface OpenDeparture {
  readonly id: number
  readonly departure: DepartureKind
  readonly startedAt: Stamp
  readonly deadlineMs: number
}

/** The planner's whole state. Immutable. */
export interface State {
  readonly machineId: string
  /** Number of the current or last absence. */
  readonly absence: number
  readonly serverOffsetMs: number
  readonly attendance: Attendance
  readonly settings: AttendanceSettings
  readonly sessions: Readonly<Record<SessionKey, Session>>
  /** The session of the account that is signed in. */
  readonly active: SessionKey | null
  readonly departures: readonly OpenDeparture[]
  /** What still holds for a session that was removed since, should its user sign in again. */
  readonly waits: Readonly<Record<SessionKey, Waits>>
  readonly nextId: number
}

/** What came of asking for a token, without the token itself: that goes from the engine to the sender only. */
export type TokenNews =
  | { readonly type: 'token'; readonly expiresAt: number }
  | { readonly type: 'needs-sign-in'; readonly problem: Problem }
  | { readonly type: 'unavailable'; readonly problem: Problem }

/** Everything the planner can be told. */
export type PlannerEvent =
  | AttendanceEvent
  /** The process starts: what the registry held, and what was seen of the screen first. */
  | { readonly type: 'start'; readonly registry: RegistryData; readonly locked: boolean }
  /** Who is signed in, as far as the token cache tells: after the start, and again when the user unlocked the keyring. */
  | { readonly type: 'restored'; readonly accounts: readonly Identity[] }
  | { readonly type: 'signed-in'; readonly identity: Identity; readonly expiresAt: number }
  | { readonly type: 'set'; readonly pair: Pair }
  | { readonly type: 'clear' }
  | { readonly type: 'sign-out' }
  | { readonly type: 'forget-now' }
  /** The user asks to try again now. */
  | { readonly type: 'retry' }
  /** `holdMs`: the handler is still held, and has that much time left (ms). */
  | { readonly type: 'attempt'; readonly attempt: Attempt; readonly holdMs?: number }
  | { readonly type: 'token'; readonly key: SessionKey; readonly news: TokenNews }
  /** The network changed, or may have. */
  | { readonly type: 'network' }
  | { readonly type: 'settings'; readonly settings: AttendanceSettings }
  /** The registry could not be written before a set: the set wasn't sent. */
  | { readonly type: 'not-written'; readonly writeId: number; readonly problem: Problem }
  | { readonly type: 'tick' }

/** Everything the planner can ask for. The engine does them in order. */
export type Action =
  /** Give the write to the sender. With `afterWriting`, only once the registry holds it. */
  | { readonly type: 'send'; readonly write: PresenceWrite; readonly afterWriting: boolean }
  | { readonly type: 'abort'; readonly id: number }
  /** Write the registry, now. */
  | { readonly type: 'save' }
  /** Block until these writes are answered, at most `ms`. */
  | { readonly type: 'hold'; readonly ids: readonly number[]; readonly ms: number }
  | {
      readonly type: 'refresh-token'
      readonly key: SessionKey
      readonly force: boolean
      readonly claims: string | null
      readonly timeoutMs: number
    }
  | { readonly type: 'history'; readonly entry: HistoryEntry }
  /** Remove this account's tokens and its armament. */
  | { readonly type: 'forget'; readonly identity: Identity }
  /** A departure has settled or its deadline has passed: let go. */
  | { readonly type: 'release'; readonly departure: DepartureKind; readonly settled: boolean }
