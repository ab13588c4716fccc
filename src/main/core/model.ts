/** The records, requests and answers that every part of the main process speaks of, and the ports that core needs. */
import type { Cloud, DepartureKind, Pair } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import type { HistoryEntry } from '../../shared/snapshot.ts'

// ---------------------------------------------------------------------------------------------------------- time

/** One moment, read once per event so that a plan is a pure function of it. */
export interface Now {
  /** ms since the epoch by this machine's clock. */
  readonly wall: number
  /** Monotonic ms of this process; meaningless after a restart. */
  readonly mono: number
  /** A random number in [0, 1), used to spread renewals and retries of a fleet. */
  readonly jitter: number
}

/**
 * A moment to measure an age from. `wall` is in server time (this machine's clock plus the offset learnt from
 * Graph's `Date`) and survives a restart; `mono` is null after one.
 */
export interface Stamp {
  readonly wall: number
  readonly mono: number | null
}

// ------------------------------------------------------------------------------------------------------ registry

/** (cloud, tenant, user object id, application id) in one string: the identity of a session. */
export type SessionKey = string

/** Who a session belongs to. Graph's `sessionId` is `clientId`. */
export interface Identity {
  readonly cloud: Cloud
  /** The tenant of the token, a GUID. */
  readonly tenantId: string
  /** The user's object id in that tenant, a GUID. */
  readonly userId: string
  /** The application (client) id, a GUID. */
  readonly clientId: string
  /** MSAL's home account id (`oid.tid` of the home tenant): finds the account in the token cache. */
  readonly homeAccountId: string
  readonly username: string
  readonly name: string
}

/** The key of an identity's session. */
export function sessionKey(identity: Identity): SessionKey {
  return [identity.cloud, identity.tenantId, identity.userId, identity.clientId].join('|').toLowerCase()
}

/** What we set ourselves: known from the write of a set until it is settled or expired. */
export interface Own {
  readonly pair: Pair
  /** When the user asked for it. */
  readonly since: Stamp
  /** When the last set or renewal was sent that was not surely refused; the lease counts from here. */
  readonly sentAt: Stamp
  /** The lease to count with, ms: the one asked for, and before Graph has confirmed it no less than what was left of the last. */
  readonly leaseMs: number
  /** Graph has answered at least once with success. */
  readonly confirmed: boolean
  /**
   * A set or renewal ended without Graph's answer and may still take effect until this moment (10 s after it was
   * sent); null when there is none.
   */
  readonly unsureUntil: Stamp | null
  /** The wish has ended ("until I leave", and the user left): to be cleared, never renewed. */
  readonly ended: boolean
}

/** A clear that is owed and not settled. */
export interface Due {
  /** The departure that owes it. One that asks explicitly (quit, sign-out, manual) takes over when it joins. */
  readonly departure: DepartureKind
  /** The stretch of being away in which it is owed; a clear of a later absence is always a new request. */
  readonly absence: number
  /** When it became due; the age limit of an assumed session counts from here. */
  readonly since: Stamp
  /** Attempts answered or failed so far. */
  readonly attempts: number
  /** What kept the last attempt from settling it; null before the first answer. */
  readonly problem: Problem | null
  /** A running `Retry-After`: not sent before this moment, whatever happens. */
  readonly notBefore: Stamp | null
  /**
   * A set or renewal was unanswered when this became due and may still take effect until this moment (10 s after it
   * was sent, or when it was answered after all): only a clear sent after it settles.
   */
  readonly straggler: Stamp | null
}

/** One session of the registry, with what is owed for it. Survives every way the process can end. */
export interface SessionRecord extends Identity {
  /** The machine that wrote it; another machine's record (a roaming profile) is ignored. */
  readonly machineId: string
  /** Null: the session is `assumed`, another program may set it at any time. */
  readonly own: Own | null
  readonly due: Due | null
  /** The user asked to sign out at that moment; the tokens go once the clear is settled or aged out. */
  readonly signingOut: Stamp | null
}

/** What the registry file holds. */
export interface RegistryData {
  readonly machineId: string
  /** Number of the last absence. */
  readonly absence: number
  /** Server time minus this machine's clock, ms. */
  readonly serverOffsetMs: number
  readonly records: readonly SessionRecord[]
}

// ---------------------------------------------------------------------------------------- writes and their answers

/** One presence write, made by the planner and sent by the sender. */
export interface PresenceWrite {
  /** Unique within the process. */
  readonly id: number
  readonly key: SessionKey
  readonly body:
    | { readonly kind: 'clear' }
    | { readonly kind: 'set' | 'renew'; readonly pair: Pair; readonly leaseMs: number }
  /** The one attempt is given up after this many ms. */
  readonly timeoutMs: number
}

/** What came of the one attempt, as plain data that crosses threads; `outcome.ts` judges it. */
export type AttemptResult =
  | {
      readonly type: 'answer'
      readonly status: number
      /** Graph's `request-id`: without it the answer is somebody else's (a proxy, a hotel's login page). */
      readonly requestId: string | null
      /** `Date` header, ms since the epoch. */
      readonly date: number | null
      /** `Retry-After` as received: seconds (may be fractional) or an HTTP date. */
      readonly retryAfter: string | null
      /** Graph's `error.code`; '' when the body had none. */
      readonly errorCode: string
      /** The `WWW-Authenticate` header of a 401 or 403, with its claims challenge; null when absent. */
      readonly authenticate: string | null
    }
  | {
      readonly type: 'failure'
      /** Where it failed: before the request could have left this machine, or after (then it may have taken effect). */
      readonly sent: boolean
      readonly stage:
        'dns' | 'connect' | 'proxy' | 'tls' | 'answer' | 'timeout' | 'aborted' | 'not-armed' | 'worker'
      /** Node's error code or the proxy's status, for the log. */
      readonly code: string
    }

/** One finished attempt. */
export interface Attempt {
  readonly id: number
  readonly key: SessionKey
  /** The `client-request-id` sent, for the log. */
  readonly clientRequestId: string
  /** When the worker began and ended it, ms since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  readonly result: AttemptResult
}

// ---------------------------------------------------------------------------------------------------------- ports

/** Where requests go through, as plain data that crosses threads. */
export interface Route {
  /** `http://host:port` of a CONNECT proxy, with user and password when it wants them; null for a direct connection. */
  readonly proxyUrl: string | null
  /** Every trusted CA as PEM: Node's list, the system's, and `NODE_EXTRA_CA_CERTS` where it applies. */
  readonly ca: readonly string[]
}

/** All the sender needs to write for one session, handed over ahead of need. Holds a secret. */
export interface Armament {
  readonly key: SessionKey
  /** `https://graph.microsoft.com` and the like. */
  readonly graphOrigin: string
  readonly userId: string
  readonly clientId: string
  readonly accessToken: string
  readonly route: Route
}

/** The only writer of presence. Each write is attempted once; what comes next is the planner's business. */
export interface Sender {
  /** Replaces what is known for one session. Only the engine calls it, after token and route events. */
  arm(armament: Armament): void
  /** Forgets one session and its token. */
  disarm(key: SessionKey): void
  /** Sends one write at once. Never throws; the answer comes through `onAttempt`. */
  send(write: PresenceWrite): void
  /** Destroys the socket of a write that has no answer yet; it then fails as `aborted`. */
  abort(id: number): void
  /**
   * Blocks this thread until the writes with these ids have ended, at most `ms`. Their attempts are returned and not
   * delivered again. For handlers after which the OS takes the process or the machine away.
   */
  hold(ids: readonly number[], ms: number): readonly Attempt[]
  /** The one listener of finished attempts. */
  onAttempt(listener: (attempt: Attempt) => void): void
  /** Ends the worker. Open writes are lost: call it only after the last departure let go. */
  close(): Promise<void>
}

/** An access token for one session. */
export interface AccessToken {
  readonly accessToken: string
  /** ms since the epoch by this machine's clock. */
  readonly expiresAt: number
}

/** What came of asking for a token without the user. */
export type TokenResult =
  | ({ readonly type: 'token' } & AccessToken)
  /** Only the user can help: interactive sign-in is needed (`invalid_grant`, interaction required, no account). */
  | { readonly type: 'needs-sign-in'; readonly problem: Problem }
  /** Network or server trouble: try again. */
  | { readonly type: 'unavailable'; readonly problem: Problem }

/** Tokens without the user. Never opens a browser. */
export interface TokenSource {
  /** The cached token or a refreshed one; with `force` or `claims` always a refreshed one. Never rejects. */
  acquire(
    identity: Identity,
    options: { readonly force?: boolean; readonly claims?: string; readonly timeoutMs: number },
  ): Promise<TokenResult>
  /** Removes the account and its tokens from memory and disk. */
  forget(identity: Identity): Promise<void>
}

/** Result of a synchronous, durable write. */
export type SaveResult = { readonly ok: true } | { readonly ok: false; readonly problem: Problem }

/** What a file gave at start: data that is always usable, and what was wrong with the file. */
export interface Loaded<T> {
  readonly data: T
  readonly problems: readonly Problem[]
}

/** The durable registry. */
export interface RegistryStore {
  load(): Loaded<RegistryData>
  /** Atomic and durable when it returns ok; on failure the old file is intact. Never throws. */
  save(data: RegistryData): SaveResult
}

/** The durable history, newest first, bounded. */
export interface HistoryStore {
  load(): Loaded<readonly HistoryEntry[]>
  add(entry: HistoryEntry): SaveResult
}

/** The app's log. Lines are redacted by the logger; never hand it a token on purpose all the same. */
export interface Log {
  info(event: string, data?: LogData): void
  warn(event: string, data?: LogData): void
  error(event: string, data?: LogData): void
}
/** Plain values of one log line. */
export type LogData = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The clocks and timers of the process. */
export interface Clock {
  now(): Now
  /** Calls back once, at least `ms` later; returns its cancel. */
  after(ms: number, callback: () => void): () => void
}

/** Encrypts with a key that the operating system keeps for this user. */
export interface Secrets {
  /** Whether secrets can be protected here, and if not, why. */
  status(): Promise<'available' | 'missing' | 'locked'>
  /** Rejects when the OS refuses. */
  encrypt(plain: string): Promise<Uint8Array>
  /** Rejects when it can't be decrypted. */
  decrypt(sealed: Uint8Array): Promise<string>
}
