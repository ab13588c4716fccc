/** The control API: what a test (or the demo) can see and do behind the back of the app. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from './clock.ts'
import type { Directory, DirectorySeed, User } from './directory.ts'
import type { DeviceFlow } from './entra-device.ts'
import type { ActiveFault, Faults, FaultSpec } from './faults.ts'
import type { ChallengeMode, ChallengeState } from './graph-auth.ts'
import { matches, type Journal, type RequestMatch, type RequestRecord } from './journal.ts'
import type { Proxy, ProxyAuth } from './proxy.ts'
import type { Pair, PresenceStore, PresenceView, SessionView } from './sessions.ts'
import type { IssuedToken, TokenStore } from './tokens.ts'

/** A session set by "another program" with any application id (a Teams client's may be any word). */
export interface OtherProgramSession extends Pair {
  /** Object id or user principal name. */
  readonly user: string
  readonly clientId: string
  /** How long it lives, simulated ms. Default 1 hour. */
  readonly expirationMs?: number
}

/** A token without a sign-in, for tests that are not about signing in. */
export interface TokenOrder {
  /** Object id or user principal name. */
  readonly user: string
  readonly clientId: string
  /** Default: Presence.ReadWrite and Presence.Read. */
  readonly scopes?: readonly string[]
  /** The client declares CP1. Default false. */
  readonly handlesClaims?: boolean
}

/** Everything that also goes over HTTP: plain JSON in and out. Users are named by object id or user principal name. */
export interface RemoteMethods {
  /** Simulated time, ms since 1970. */
  now: () => number
  /** Moves the clock by ms and returns the new time. */
  advance: (ms: number) => number
  /** Sets the clock and returns the new time. */
  setTime: (ms: number) => number
  setSession: (session: OtherProgramSession) => SessionView
  /** Ends a session as its own program would; false when there is none. */
  removeSession: (user: string, clientId: string) => boolean
  listSessions: () => SessionView[]
  /** What colleagues see of the user. */
  presence: (user: string) => PresenceView
  /** A status picked by hand in Teams; undefined takes it away. Lives 1 day. */
  setPreferred: (user: string, pair?: Pair) => void
  journal: () => RequestRecord[]
  clearJournal: () => void
  /** Resolves when the journal has changed since version `after`, or after `timeoutMs`. */
  journalChange: (
    after: number,
    timeoutMs: number,
  ) => Promise<{ readonly version: number; readonly records: RequestRecord[] }>
  /** Puts a fault in force and returns its id. */
  inject: (spec: FaultSpec) => string
  removeFault: (id: string) => boolean
  removeAllFaults: () => void
  faults: () => ActiveFault[]
  /** Cuts the network (open connections are reset, CONNECT is reset) or brings it back. */
  offline: (offline: boolean) => void
  isOffline: () => boolean
  /** A network without a route: open connections and new ones get no byte through, and are told nothing. */
  setBlackHole: (on: boolean) => void
  /** The proxy's port is closed (refused) and its connections reset; false: it listens again, on the same port. */
  setProxyGone: (gone: boolean) => Promise<void>
  /** Asks for a proxy password from now on; undefined: no more. */
  setProxyAuth: (auth?: ProxyAuth) => void
  /** Delays every byte by ms each way, on connections opened from now on. */
  setDelay: (ms: number) => void
  /** Ends every open connection while the network stays up, as a server or NAT does to idle ones. */
  dropConnections: (how: 'close' | 'reset') => void
  /** An access token for a user and application of the directory, without a sign-in. */
  issueToken: (order: TokenOrder) => string
  /** Every secret that was ever handed out: access, refresh and ID tokens, codes, device codes. */
  issuedTokens: () => string[]
  issuedTokenRecords: () => IssuedToken[]
  /** Revokes all grants and tokens of a user ("password changed"). */
  revoke: (user: string) => void
  disableUser: (user: string, disabled: boolean) => void
  /** Lifetime of access tokens from now on, s; undefined is the default (1 h; 24 h for clients with CP1). */
  setTokenLifetime: (seconds?: number) => void
  /** Challenges clients with CP1; true is `silent` (see {@link ChallengeMode}), and starts a new challenge each time. */
  claimsChallenge: (mode: boolean | ChallengeMode) => void
  /** Answers a device code as the person would; without `user` the first one of the code's tenant or cloud. */
  approveDevice: (userCode: string, user?: string) => void
  declineDevice: (userCode: string) => void
  pendingDevices: () => string[]
  /** Sign-in without an account page. */
  setAutoApprove: (on: boolean) => void
  addToDirectory: (seed: DirectorySeed) => void
  removeApp: (clientId: string) => void
  /** Open proxied connections. */
  connections: () => number
}

/** The control API in the simulator's own process. */
export interface Control extends RemoteMethods {
  readonly clock: Clock
  /**
   * The first request in the journal that matches, also one that is there already; looks again at every change of a record.
   * Rejects after `timeoutMs` (10 s) of real time with the journal in the message.
   */
  waitForRequest: (match: RequestMatch, timeoutMs?: number) => Promise<RequestRecord>
}

/** What the control API reaches. */
export interface ControlParts {
  readonly clock: Clock
  readonly directory: Directory
  readonly presence: PresenceStore
  readonly tokens: TokenStore
  readonly journal: Journal
  readonly faults: Faults
  readonly proxy: Proxy
  readonly device: DeviceFlow
  readonly challenge: ChallengeState
  readonly setAutoApprove: (on: boolean) => void
}

/** One line for each record, for messages. */
export const summarize = (records: readonly RequestRecord[]): string =>
  records
    .map((r) => {
      const path = r.kind === 'connect' ? '' : (r.path.split('?')[0] ?? '')
      const fault = r.fault === undefined ? '' : ` (${r.fault})`
      return `${r.seq} ${r.method} ${r.host}${path} -> ${r.status ?? r.outcome}${fault}`
    })
    .join('\n')

/** Waits for a record with the given way to learn of changes; the same for both sides of the control API. */
export async function waitFor(
  change:
    | RemoteMethods['journalChange']
    | ((after: number, timeoutMs: number) => ReturnType<RemoteMethods['journalChange']>),
  match: RequestMatch,
  timeoutMs: number,
): Promise<RequestRecord> {
  const until = performance.now() + timeoutMs
  let version = -1
  for (;;) {
    const left = until - performance.now()
    const state = await change(version, Math.max(0, Math.min(left, 20_000)))
    const found = state.records.find((r) => matches(r, match))
    if (found !== undefined) return found
    if (left <= 0) {
      throw new Error(`No such request within ${timeoutMs} ms. The journal:\n${summarize(state.records)}`)
    }
    // Every stage of a request is a change; one look at a time is enough.
    if (state.version > version) await sleep(1)
    version = state.version
  }
}

/** The control API on the simulator's parts. */
export function createControl(parts: ControlParts): Control {
  const { clock, directory, presence, tokens, journal, faults, proxy, device, challenge } = parts
  const userOf = (ref: string): User => {
    const user = directory.user(ref)
    if (user === undefined) throw new Error(`No user ${ref} in the directory`)
    return user
  }
  const journalChange: RemoteMethods['journalChange'] = async (after, timeoutMs) => {
    await journal.changedAfter(after, timeoutMs)
    return { version: journal.version(), records: journal.all() }
  }
  return {
    clock,
    now: clock.now,
    advance: clock.advance,
    setTime: clock.set,
    setSession: ({ user, clientId, expirationMs, ...pair }) =>
      presence.set(userOf(user).id, clientId, pair, expirationMs ?? 3_600_000, 'control'),
    removeSession: (user, clientId) => presence.clear(userOf(user).id, clientId),
    listSessions: presence.list,
    presence: (user) => presence.presence(userOf(user).id),
    setPreferred: (user, pair) => {
      if (pair === undefined) presence.clearPreferred(userOf(user).id)
      else presence.setPreferred(userOf(user).id, pair, 86_400_000)
    },
    journal: journal.all,
    clearJournal: journal.clear,
    journalChange,
    waitForRequest: (match, timeoutMs = 10_000) => waitFor(journalChange, match, timeoutMs),
    inject: faults.inject,
    removeFault: faults.remove,
    removeAllFaults: faults.removeAll,
    faults: faults.list,
    offline: proxy.setOffline,
    isOffline: proxy.isOffline,
    setBlackHole: proxy.setBlackHole,
    setProxyGone: proxy.setGone,
    setProxyAuth: proxy.setAuth,
    setDelay: proxy.setDelay,
    dropConnections: proxy.dropAll,
    issueToken: ({ user, clientId, scopes, handlesClaims }) => {
      const { id: userId, tenantId } = userOf(user)
      return tokens.issueAccess({
        userId,
        tenantId,
        clientId,
        cloud: directory.tenant(tenantId)?.cloud ?? 'global',
        audience: undefined,
        scopes: new Set(scopes ?? ['Presence.ReadWrite', 'Presence.Read']),
        handlesClaims: handlesClaims ?? false,
        answersChallenge: 0,
      }).value
    },
    issuedTokens: () => tokens.issued().map((t) => t.value),
    issuedTokenRecords: tokens.issued,
    revoke: (user) => tokens.revoke(userOf(user).id),
    disableUser: (user, disabled) => {
      userOf(user).disabled = disabled
    },
    setTokenLifetime: tokens.setLifetime,
    claimsChallenge: (mode) => {
      challenge.mode = mode === true ? 'silent' : mode === false ? 'off' : mode
      challenge.since = Math.floor(clock.now() / 1000) * 1000
    },
    approveDevice: (userCode, user) => device.decide(userCode, user === undefined ? 'first' : userOf(user)),
    declineDevice: (userCode) => device.decide(userCode, undefined),
    pendingDevices: device.pending,
    setAutoApprove: parts.setAutoApprove,
    addToDirectory: directory.add,
    removeApp: directory.removeApp,
    connections: proxy.connections,
  }
}
