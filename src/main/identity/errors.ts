/** What goes wrong between us and Entra ID, as typed errors, and what each means for the user. */
import { AuthError, ClientAuthError } from '@azure/msal-node'
import type { Problem, ProblemCode } from '../../shared/problem.ts'

/**
 * No usable answer came from Entra: the network, a proxy, a certificate, somebody else's page, or server trouble.
 * Extends `AuthError` because MSAL passes those through unchanged and flattens everything else to `network_error`.
 */
export class NetworkTrouble extends AuthError {
  readonly problem: Problem
  /** From `Retry-After`, ms; null when the server named no time. */
  readonly retryAfterMs: number | null

  constructor(problem: Problem, options: { retryAfterMs?: number | null; cause?: unknown } = {}) {
    super('network_trouble', '', problem.code)
    // MSAL's base class sets the prototype to its own, which would hide this class from `instanceof`.
    Object.setPrototypeOf(this, NetworkTrouble.prototype)
    this.name = 'NetworkTrouble'
    this.problem = problem
    this.retryAfterMs = options.retryAfterMs ?? null
    this.cause = options.cause
  }
}

/** Entra answered, with an OAuth error (RFC 6749 section 5.2 and Entra's `suberror`, `error_codes`, `claims`). */
export class EntraRefusal extends AuthError {
  /** AADSTS numbers. Microsoft: for logs and help texts only, never to branch on what to do next. */
  readonly numbers: readonly number[]
  /** A claims challenge to pass on to the next interactive sign-in, as JSON text; '' when there is none. */
  readonly claims: string

  constructor(refusal: { error: string; suberror: string; numbers: readonly number[]; claims: string }) {
    // No error_description: it names users and tenants, and MSAL logs messages.
    super(refusal.error, '', refusal.error, refusal.suberror)
    Object.setPrototypeOf(this, EntraRefusal.prototype)
    this.name = 'EntraRefusal'
    this.numbers = refusal.numbers
    this.claims = refusal.claims
  }
}

/**
 * AADSTS numbers that say something the user or the administrator can act on.
 * Source: Microsoft Entra authentication and authorization error codes.
 */
const BY_NUMBER: ReadonlyMap<number, ProblemCode> = new Map(
  (
    [
      ['redirect-not-registered', [50011, 500113, 500117]],
      ['public-client-not-allowed', [7000218, 700025]],
      ['consent-declined', [65004]],
      ['admin-consent-needed', [65001, 90093, 90094, 90095]],
      ['client-unknown', [700016, 7000112]],
      ['tenant-unknown', [90002, 900023, 50059, 50194]],
      ['wrong-cloud', [90038, 900382, 900439, 500011]],
      ['personal-account', [500200, 500201, 500202, 500207, 500208]],
      ['user-not-assigned', [50105, 50020, 51004, 16000]],
      ['account-blocked', [50057, 50053]],
      ['policy-blocked', [53000, 53001, 53002, 53003, 53004, 530031, 530032, 530034, 530035, 530036]],
    ] as const
  ).flatMap(([code, numbers]) => numbers.map((number): [number, ProblemCode] => [number, code])),
)

/** OAuth errors that say enough by themselves. */
const BY_ERROR: Readonly<Record<string, ProblemCode>> = {
  access_denied: 'consent-declined',
  authorization_declined: 'consent-declined',
  consent_required: 'admin-consent-needed',
  unauthorized_client: 'client-unknown',
  invalid_client: 'public-client-not-allowed',
  expired_token: 'device-code-expired',
  code_expired: 'device-code-expired',
  device_code_expired: 'device-code-expired',
  user_timeout_reached: 'device-code-expired',
  device_code_polling_cancelled: 'sign-in-cancelled',
  user_canceled: 'sign-in-cancelled',
  network_error: 'not-reached',
  endpoints_resolution_error: 'not-reached',
  temporarily_unavailable: 'server-trouble',
  server_error: 'server-trouble',
}

/** OAuth errors to which asking again the same way, without the user or an administrator, is no answer. */
const ONLY_A_PERSON_HELPS: ReadonlySet<string> = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'unauthorized_client',
  'invalid_client',
  'access_denied',
  'account_selection_required',
  // MSAL's own: nothing usable in the cache.
  'no_tokens_found',
  'no_account_found',
  'no_account_in_silent_request',
  'no_cached_authority_error',
  'native_account_unavailable',
  'refresh_token_expired',
  'bad_token',
  'ui_not_allowed',
])

/** AADSTS numbers of an error: as data where Entra gave them so, else out of the redirect's description. */
function numbersOf(error: AuthError): readonly number[] {
  if (error instanceof EntraRefusal) return error.numbers
  const number: unknown = 'errorNo' in error ? error.errorNo : undefined
  if (typeof number === 'string' || typeof number === 'number')
    return [Number(number)].filter(Number.isFinite)
  // The authorize endpoint's redirect carries numbers only inside its text; read for the help text, nothing else.
  return [...error.errorMessage.matchAll(/AADSTS(\d{5,8})/g)].map((match) => Number(match[1]))
}

/** A short technical detail without names: the first AADSTS number, else the OAuth error. */
function detailOf(error: AuthError, numbers: readonly number[]): string {
  const [first] = numbers
  if (first !== undefined) return `AADSTS${first}`
  // MSAL's codes and OAuth's are words; anything else could be a server's prose.
  return /^[a-z][a-z0-9_.]{0,60}$/i.test(error.errorCode) ? error.errorCode : ''
}

/** What an error of a sign-in means. `fallback` names the failure when nothing better is known. */
export function problemOf(error: unknown, fallback: ProblemCode): Problem {
  if (error instanceof NetworkTrouble) return error.problem
  if (!(error instanceof AuthError)) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code)
      ? { code: fallback, detail: code }
      : { code: fallback }
  }
  const numbers = numbersOf(error)
  const detail = detailOf(error, numbers)
  const known = numbers.map((number) => BY_NUMBER.get(number)).find((found) => found !== undefined)
  const code =
    known ?? (Object.hasOwn(BY_ERROR, error.errorCode) ? BY_ERROR[error.errorCode] : undefined) ?? fallback
  return detail === '' ? { code } : { code, detail }
}

/** Whether an error of a silent request means that only a person can help. */
export function needsPerson(error: unknown): boolean {
  if (error instanceof NetworkTrouble || !(error instanceof AuthError)) return false
  // `invalid_grant` counts in any class: MSAL gives most of them as a ServerError.
  if (ONLY_A_PERSON_HELPS.has(error.errorCode)) return true
  if (error.name === 'InteractionRequiredAuthError') return true
  if (error instanceof ClientAuthError) return false
  // invalid_request and the like: a tenant or registration that is gone is a person's business as well.
  return numbersOf(error).some((number) => BY_NUMBER.has(number))
}

/** The claims challenge that an error carries for the next interactive sign-in; '' when there is none. */
export function claimsOf(error: unknown): string {
  if (!(error instanceof AuthError) || !('claims' in error)) return ''
  return typeof error.claims === 'string' ? error.claims : ''
}
