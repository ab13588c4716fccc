/** Interactive sign-in: one at a time, bounded by our own timer, and cancellable. */
import { PERSONAL_TENANT_ID } from '../core/config.ts'
import type { DeviceCodeRequest } from '@azure/msal-node'
import type { AccessToken, Clock, Identity, Log } from '../core/model.ts'
import type { Problem, ProblemCode } from '../../shared/problem.ts'
import type { Broker, BrokerResult } from './broker.ts'
import { problemOf } from './errors.ts'
import { LoopbackFailed } from './loopback.ts'
import { authorityOf, scopesOf, type Granted, type Msal, type Registration } from './msal.ts'
import { ERROR_PAGE, SUCCESS_PAGE } from './pages.ts'

/** A browser that was closed says nothing; after this time we stop listening. */
export const SIGN_IN_MS = 300_000

/** How to sign in. */
export type SignInMethod = 'browser' | 'device-code'

/** What the user types on another device. */
export interface DeviceCode {
  readonly userCode: string
  readonly verificationUri: string
  /** When the code stops working, ms since the epoch. */
  readonly expiresAt: number
}

/** How a sign-in ended. */
export type SignInResult =
  | { readonly type: 'signed-in'; readonly identity: Identity; readonly token: AccessToken }
  | { readonly type: 'failed'; readonly problem: Problem }

/** What a sign-in needs. */
export interface SignInOptions {
  readonly msal: Pick<Msal, 'interactive' | 'deviceCode' | 'remove'>
  readonly registration: Registration
  readonly broker: Broker | null
  readonly clock: Clock
  readonly log: Log
  /** Opens the system's browser; rejects when none could be started. */
  openBrowser(url: string): Promise<void>
  /** The code has come: show it. */
  onDeviceCode(code: DeviceCode): void
  /** Somebody has signed in: remember them, before `start` resolves. */
  onGranted(granted: Granted, brokered: boolean): void
  /** Whether this account is signed in already, so that a late answer for it isn't thrown away. */
  isKnown(identity: Identity): boolean
  /** A claims challenge that the last silent refusal of this user carried; '' for none. */
  claimsFor(username: string): string
}

/** Interactive sign-in. */
export interface SignIn {
  /**
   * Signs in. While one is under way, asking for the same method joins it; another method cancels it. Never rejects.
   */
  start(method: SignInMethod, options?: { readonly loginHint?: string }): Promise<SignInResult>
  /** Ends the one under way with `sign-in-cancelled`. */
  cancel(): void
}

interface Attempt {
  readonly method: SignInMethod
  readonly result: Promise<SignInResult>
  readonly signal: AbortSignal
  readonly isOver: () => boolean
  /** Ends it; what MSAL still says is late. Does nothing when it is over. */
  finish(result: SignInResult): void
  /** Ends it as failed after `ms`, instead of the limit set before. */
  limit(ms: number, problem: ProblemCode): void
}

/** Builds it. */
export function createSignIn(options: SignInOptions): SignIn {
  const { clock, log, msal, registration } = options
  let current: Attempt | null = null

  function begin(method: SignInMethod): Attempt {
    const abort = new AbortController()
    let over = false
    let resolve: (result: SignInResult) => void = () => undefined
    let cancelLimit = (): void => undefined
    const result = new Promise<SignInResult>((done) => {
      resolve = done
    })
    const attempt: Attempt = {
      method,
      result,
      signal: abort.signal,
      isOver: () => over,
      finish: (end) => {
        if (over) return
        over = true
        cancelLimit()
        if (current === attempt) current = null
        if (end.type === 'signed-in') log.info('signed-in', { method })
        else log.warn('sign-in-failed', { method, code: end.problem.code, detail: end.problem.detail ?? '' })
        resolve(end)
        abort.abort()
      },
      limit: (ms, problem) => {
        cancelLimit()
        if (!over) cancelLimit = clock.after(ms, () => attempt.finish(failed(problem)))
      },
    }
    return attempt
  }

  function start(
    method: SignInMethod,
    { loginHint = '' }: { readonly loginHint?: string } = {},
  ): Promise<SignInResult> {
    if (current?.method === method) return current.result
    cancel()
    const attempt = begin(method)
    current = attempt
    attempt.limit(SIGN_IN_MS, 'sign-in-timed-out')
    log.info('sign-in', { method })
    void run(attempt, loginHint)
    return attempt.result
  }

  function cancel(): void {
    current?.finish(failed('sign-in-cancelled'))
  }

  /** Never rejects: every failure ends the attempt. */
  async function run(attempt: Attempt, loginHint: string): Promise<void> {
    const claims = loginHint === '' ? '' : options.claimsFor(loginHint)
    try {
      const brokered = attempt.method === 'browser' ? await tryBroker(attempt, loginHint, claims) : null
      if (attempt.isOver()) return
      if (brokered !== null) {
        await settle(attempt, brokered, true)
        return
      }
      const granted =
        attempt.method === 'browser'
          ? await viaBrowser(attempt, loginHint, claims)
          : await viaDeviceCode(attempt)
      await settle(attempt, granted, false)
    } catch (error) {
      if (attempt.isOver()) log.info('sign-in-late', { code: problemOf(error, 'sign-in-failed').code })
      attempt.finish({ type: 'failed', problem: interactiveProblem(error, attempt.method) })
    }
  }

  async function settle(attempt: Attempt, granted: Granted, brokered: boolean): Promise<void> {
    const { identity, token } = granted
    if (attempt.isOver()) {
      // Finished in the browser after we had given up: the app says "signed out", so it must be true.
      if (!options.isKnown(identity)) await discard(identity)
      return
    }
    if (identity.tenantId.toLowerCase() === PERSONAL_TENANT_ID) {
      await discard(identity)
      attempt.finish(failed('personal-account'))
      return
    }
    options.onGranted(granted, brokered)
    attempt.finish({ type: 'signed-in', identity, token })
  }

  async function discard(identity: Identity): Promise<void> {
    try {
      await msal.remove(identity)
    } catch (error) {
      log.warn('sign-in-discard', { code: problemOf(error, 'sign-in-failed').code })
    }
  }

  async function tryBroker(attempt: Attempt, loginHint: string, claims: string): Promise<Granted | null> {
    if (options.broker === null) return null
    const request = { scopes: scopesOf(registration.cloud), loginHint, claims }
    let result: BrokerResult
    try {
      result = await options.broker.acquire(registration, request, attempt.signal)
    } catch (error) {
      log.warn('broker', { code: problemOf(error, 'sign-in-failed').code })
      return null
    }
    if (result.type === 'cancelled') cancelAttempt(attempt)
    return result.type === 'granted' ? result : null
  }

  function cancelAttempt(attempt: Attempt): void {
    attempt.finish(failed('sign-in-cancelled'))
  }

  async function viaBrowser(attempt: Attempt, loginHint: string, claims: string): Promise<Granted> {
    return msal.interactive(registration, {
      loginHint,
      claims,
      successPage: SUCCESS_PAGE,
      errorPage: ERROR_PAGE,
      signal: attempt.signal,
      openBrowser: async (url) => {
        if (attempt.isOver()) throw new BrowserFailed('cancelled')
        if (!url.startsWith(authorityOf(registration.cloud, ''))) throw new BrowserFailed('url')
        try {
          await options.openBrowser(url)
        } catch (error) {
          throw new BrowserFailed(error instanceof Error && 'code' in error ? String(error.code) : 'open')
        }
      },
    })
  }

  async function viaDeviceCode(attempt: Attempt): Promise<Granted> {
    const request: Pick<DeviceCodeRequest, 'deviceCodeCallback' | 'cancel'> = {
      cancel: false,
      deviceCodeCallback: ({ userCode, verificationUri, expiresIn }) => {
        if (attempt.isOver()) return
        const ms = expiresIn * 1000
        attempt.limit(ms, 'device-code-expired')
        options.onDeviceCode({ userCode, verificationUri, expiresAt: clock.now().wall + ms })
      },
    }
    attempt.signal.addEventListener('abort', () => (request.cancel = true), { once: true })
    return msal.deviceCode(registration, request)
  }

  return { start, cancel }
}

/** The browser could not be had. */
class BrowserFailed extends Error {
  readonly code: string
  constructor(code: string) {
    super('browser-failed')
    this.code = code
  }
}

function failed(code: ProblemCode): SignInResult {
  return { type: 'failed', problem: { code } }
}

function interactiveProblem(error: unknown, method: SignInMethod): Problem {
  // No listener on 127.0.0.1 is the same to the user: a policy forbids it, for instance.
  if (error instanceof BrowserFailed || error instanceof LoopbackFailed)
    return { code: 'browser-failed', detail: error.code }
  const problem = problemOf(error, 'sign-in-failed')
  if (method === 'device-code' && problem.code === 'policy-blocked')
    return { ...problem, code: 'device-code-blocked' }
  return problem
}
