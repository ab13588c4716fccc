/**
 * Keeps a fresh token for everybody who is signed in, so that a departure finds one. Silent only: it refreshes at
 * half-life, on resume and on a network change, backs off by itself, and says when only the user can help.
 */
import {
  sessionKey,
  type AccessToken,
  type Clock,
  type Identity,
  type Log,
  type SessionKey,
} from '../core/model.ts'
import type { TokenResult, TokenSource } from '../core/model.ts'
import type { ProblemCode } from '../../shared/problem.ts'
import { claimsOf, needsPerson, NetworkTrouble, problemOf } from './errors.ts'
import type { SilentOptions } from './msal.ts'
import { within } from './within.ts'

/** A token that ends sooner is refreshed before it is handed out (if that fails, it is handed out all the same). */
const MARGIN_MS = 60_000
/** The wall clock is looked at this often: a timer alone sleeps with the machine. */
const TICK_MS = 60_000
/** A nudge within this time of the last refresh finds nothing new. */
const NUDGE_SPACING_MS = 30_000
/** Back-off of the keeper's own refreshes: doubles from the first to the last, with jitter. */
const FIRST_DELAY_MS = 3_000
const LAST_DELAY_MS = 300_000
/** No token is refreshed more often than this, however short it lives. */
const SHORTEST_LIFE_MS = 10_000
/** A clock this far behind the moment a token was fetched has been set back; the token's end can't be trusted then. */
const CLOCK_BACK_MS = 300_000

/** What the keeper needs. */
export interface TokenKeeperOptions {
  /** One silent request; rejects with an `AuthError`. */
  silent(identity: Identity, options: SilentOptions): Promise<AccessToken>
  /** Takes the account out of MSAL and off the disk. */
  remove(identity: Identity): Promise<void>
  readonly clock: Clock
  readonly log: Log
  /** Told of each new token, and once when only the user can help. Not told of trouble that is retried. */
  onToken(identity: Identity, result: TokenResult): void
}

/** The source of tokens, and who it keeps fresh. */
export interface TokenKeeper extends TokenSource {
  /**
   * Keeps this account's token fresh from now on. With the token of a sign-in, which isn't reported (the caller has
   * it); else one is fetched, from MSAL's cache if that still has one, and reported.
   */
  keep(identity: Identity, token?: AccessToken): void
  /** The machine woke up, or its network changed: refresh soon. */
  nudge(): void
  /** The token in memory, as it is; null when there is none. */
  peek(identity: Identity): AccessToken | null
  /** The claims challenge that the next sign-in of this user should carry; '' when there is none. */
  claimsFor(username: string): string
  /** Stops all timers. */
  stop(): void
}

interface Entry {
  identity: Identity
  token: AccessToken | null
  /** Wall time of the last answer that gave a token. */
  fetchedAt: number
  /** Wall time of the next refresh by ourselves; null when only the user can help. */
  refreshAt: number | null
  failures: number
  /** End of a running `Retry-After`, wall time. */
  notBefore: number
  needsSignIn: boolean
  claims: string
  readonly flights: Map<string, Promise<TokenResult>>
  kept: boolean
  /** Counts sign-ins: a refusal of a refresh that began before the last one says nothing about its tokens. */
  signIns: number
  cancelTimer: () => void
}

/** Builds the keeper; it does nothing until `keep`. */
export function createTokenKeeper(options: TokenKeeperOptions): TokenKeeper {
  const { clock, log } = options
  const entries = new Map<SessionKey, Entry>()
  let stopped = false
  const wall = (): number => clock.now().wall

  function entryOf(identity: Identity): Entry {
    const key = sessionKey(identity)
    const found = entries.get(key)
    if (found !== undefined) return found
    const entry: Entry = {
      identity,
      token: null,
      fetchedAt: 0,
      refreshAt: null,
      failures: 0,
      notBefore: 0,
      needsSignIn: false,
      claims: '',
      flights: new Map(),
      kept: false,
      signIns: 0,
      cancelTimer: () => undefined,
    }
    entries.set(key, entry)
    return entry
  }

  const clockWentBack = (entry: Entry): boolean => wall() < entry.fetchedAt - CLOCK_BACK_MS
  const lives = (entry: Entry, forMs: number): boolean =>
    entry.token !== null && !clockWentBack(entry) && wall() + forMs < entry.token.expiresAt

  // ------------------------------------------------------------------------------------------------------ fetching

  /** `satisfies`: the token was asked for with the claims challenge, if there is one; a plain refresh leaves it open. */
  function accept(entry: Entry, token: AccessToken, satisfies: boolean): TokenResult {
    entry.fetchedAt = wall()
    Object.assign(entry, { token, failures: 0, notBefore: 0, needsSignIn: false })
    if (satisfies) entry.claims = ''
    const life = Math.max(token.expiresAt - entry.fetchedAt, SHORTEST_LIFE_MS)
    // Half-life, a little spread so that a fleet that was switched on at eight doesn't refresh at the same moment.
    entry.refreshAt = entry.fetchedAt + life / 2 - (clock.now().jitter * life) / 20
    return { type: 'token', ...token }
  }

  function refuse(entry: Entry, error: unknown): TokenResult {
    if (needsPerson(error)) {
      const problem = silentProblem(error)
      Object.assign(entry, { needsSignIn: true, refreshAt: null, failures: 0 })
      entry.claims = claimsOf(error) || entry.claims
      log.warn('token-needs-sign-in', { code: problem.code, detail: problem.detail ?? '' })
      return { type: 'needs-sign-in', problem }
    }
    entry.failures += 1
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (entry.failures - 1), LAST_DELAY_MS)
    const spread = delay * (0.5 + clock.now().jitter / 2)
    const after = error instanceof NetworkTrouble ? error.retryAfterMs : null
    if (after !== null) entry.notBefore = wall() + after
    if (!entry.needsSignIn) entry.refreshAt = wall() + Math.max(spread, after ?? 0)
    const problem = problemOf(error, 'unexpected-answer')
    log.warn('token-unavailable', {
      code: problem.code,
      detail: problem.detail ?? '',
      failures: entry.failures,
    })
    return { type: 'unavailable', problem }
  }

  /** Tells of an answer, unless it is for somebody who signed out meanwhile. */
  function report(entry: Entry, result: TokenResult): void {
    if (!stopped && entry.kept && entries.get(sessionKey(entry.identity)) === entry)
      options.onToken(entry.identity, result)
  }

  async function fetchToken(entry: Entry, request: SilentOptions): Promise<TokenResult> {
    const { signIns, needsSignIn } = entry
    const old = entry.token?.accessToken
    try {
      let token = await options.silent(entry.identity, request)
      // MSAL's cached token, after a restart; by our clock it may be too old to be worth having.
      if (!request.force && token.expiresAt - wall() <= MARGIN_MS) {
        token = await options.silent(entry.identity, { ...request, force: true })
      }
      const result = accept(entry, token, request.claims !== '')
      if (token.accessToken !== old || needsSignIn) report(entry, result)
      return result
    } catch (error) {
      if (entry.signIns !== signIns && entry.token !== null) return { type: 'token', ...entry.token }
      const result = refuse(entry, error)
      if (result.type === 'needs-sign-in' && !needsSignIn) report(entry, result)
      return result
    }
  }

  /** One request at a time per kind; whoever asks meanwhile gets the same answer. */
  function flight(entry: Entry, request: SilentOptions): Promise<TokenResult> {
    const forced = request.force || request.claims !== ''
    const name = `${forced ? 'forced' : 'cached'} ${request.claims}`
    const running = entry.flights.get(name) ?? (forced ? undefined : entry.flights.get('forced '))
    if (running !== undefined) return running
    const promise = fetchToken(entry, { ...request, force: forced }).finally(() => {
      entry.flights.delete(name)
      plan(entry)
    })
    entry.flights.set(name, promise)
    return promise
  }

  async function acquire(
    identity: Identity,
    { force = false, claims = '', timeoutMs }: Parameters<TokenSource['acquire']>[1],
  ): Promise<TokenResult> {
    const entry = entryOf(identity)
    const plain = !force && claims === ''
    // A sign-in that begins before the refresh is refused has to carry it, too.
    if (claims !== '') entry.claims = claims
    const held = entry.token
    if (plain && held !== null && lives(entry, MARGIN_MS)) return { type: 'token', ...held }
    // A running Retry-After is never overridden, not even at a departure.
    const result: TokenResult =
      wall() < entry.notBefore
        ? { type: 'unavailable', problem: { code: 'throttled' } }
        : await limited(flight(entry, { force: !plain || held !== null, claims }), timeoutMs)
    // Nearly over is better than nothing.
    if (plain && result.type !== 'token' && entry.token !== null && lives(entry, 0))
      return { type: 'token', ...entry.token }
    return result
  }

  async function limited(work: Promise<TokenResult>, ms: number): Promise<TokenResult> {
    const result = await within(clock, ms, work)
    return result === 'late'
      ? { type: 'unavailable', problem: { code: 'not-reached', detail: 'timeout' } }
      : result
  }

  // ------------------------------------------------------------------------------------------------------- keeping

  /** Sets the timer for the next look at the clock. */
  function plan(entry: Entry): void {
    entry.cancelTimer()
    if (stopped || !entry.kept || entry.refreshAt === null) return
    const wait = Math.min(Math.max(entry.refreshAt - wall(), 0), TICK_MS)
    entry.cancelTimer = clock.after(wait, () => look(entry))
  }

  function look(entry: Entry): void {
    if (entry.flights.size > 0 || entry.refreshAt === null) return
    if (wall() < entry.refreshAt && !clockWentBack(entry)) plan(entry)
    else refresh(entry)
  }

  function refresh(entry: Entry): void {
    // Never rejects: every failure is a TokenResult.
    void flight(entry, { force: true, claims: '' })
  }

  function keep(identity: Identity, token?: AccessToken): void {
    const entry = entryOf(identity)
    Object.assign(entry, { identity, kept: true })
    if (token === undefined) {
      void flight(entry, { force: false, claims: '' })
      return
    }
    entry.signIns += 1
    accept(entry, token, true)
    plan(entry)
  }

  function nudge(): void {
    for (const entry of entries.values()) {
      if (!entry.kept || entry.flights.size > 0 || wall() < entry.notBefore) continue
      const age = wall() - entry.fetchedAt
      if (entry.token !== null && entry.failures === 0 && age >= 0 && age < NUDGE_SPACING_MS) continue
      // Also when only the user could help: another network may be what the organisation's policy wants.
      entry.failures = 0
      refresh(entry)
    }
  }

  async function forget(identity: Identity): Promise<void> {
    const entry = entries.get(sessionKey(identity))
    entries.delete(sessionKey(identity))
    if (entry !== undefined) {
      Object.assign(entry, { kept: false, token: null })
      entry.cancelTimer()
    }
    // A refresh under way doesn't bring the tokens back: MSAL stores none for an account that has gone.
    await options.remove(identity)
  }

  return {
    acquire,
    forget,
    keep,
    nudge,
    peek: (identity) => entries.get(sessionKey(identity))?.token ?? null,
    claimsFor: (username) => {
      const wanted = username.toLowerCase()
      return (
        [...entries.values()].find((entry) => entry.identity.username.toLowerCase() === wanted)?.claims ?? ''
      )
    },
    stop: () => {
      stopped = true
      for (const entry of entries.values()) entry.cancelTimer()
    },
  }
}

/** In the background most refusals mean one thing to the user, sign in again; some of them sign-in won't mend. */
const NOT_MENDED_BY_SIGN_IN: ReadonlySet<ProblemCode> = new Set([
  'client-unknown',
  'tenant-unknown',
  'wrong-cloud',
  'user-not-assigned',
  'account-blocked',
  'policy-blocked',
  'public-client-not-allowed',
] as const)

function silentProblem(error: unknown): { code: ProblemCode; detail?: string } {
  const problem = problemOf(error, 'needs-sign-in')
  return NOT_MENDED_BY_SIGN_IN.has(problem.code) ? problem : { ...problem, code: 'needs-sign-in' }
}
