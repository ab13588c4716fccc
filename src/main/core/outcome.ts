/** Judges any answer or failure of a presence write: what it settles, and what it means for the user. */
import type { Cloud } from '../../shared/presence.ts'
import type { Problem, ProblemCode } from '../../shared/problem.ts'
import type { AttemptResult } from './model.ts'
import { LONGEST_PAUSE_MS } from './retry.ts'

/** What an attempt means. Only an answer that carries Graph's `request-id` settles anything. */
export type Outcome =
  /** 2xx: the write took effect. */
  | { readonly kind: 'done' }
  /** 404 to a clear: no session stands under this id. */
  | { readonly kind: 'nothing-to-clear' }
  /** The cloud has no presence API. */
  | { readonly kind: 'not-supported' }
  /** Try again; with `retryAfterMs` not before that. `sureNot`: it surely did not take effect. */
  | {
      readonly kind: 'pending'
      readonly problem: Problem
      readonly retryAfterMs: number | null
      readonly sureNot: boolean
    }
  /** 401: one forced refresh (with `claims`, a claims challenge as JSON text) and one more attempt. */
  | { readonly kind: 'token-refused'; readonly claims: string | null; readonly problem: Problem }
  /** 403: a scope or a policy is missing; a new sign-in or an administrator can help. */
  | { readonly kind: 'not-permitted'; readonly problem: Problem }
  /** 400 and the like: asking again the same way can't help. It surely did not take effect. */
  | { readonly kind: 'refused'; readonly problem: Problem }

/** What the judgement needs to know besides the answer. */
export interface JudgeContext {
  readonly write: 'set' | 'renew' | 'clear'
  readonly cloud: Cloud
  /** This machine's clock when the answer came, ms since the epoch. */
  readonly wall: number
}

/** Judges one attempt. Branches on status and `error.code`, never on a message (Microsoft Graph, error responses). */
export function judge(result: AttemptResult, context: JudgeContext): Outcome {
  if (result.type === 'failure') return pending(failureProblem(result), null, !result.sent)
  return result.requestId === null ? judgeForeign(result, context) : judgeGraph(result, context)
}

type Answer = Extract<AttemptResult, { type: 'answer' }>
type Failure = Extract<AttemptResult, { type: 'failure' }>

/** Clouds whose Graph has no presence type at all (Graph's published v1.0 schema). */
const CLOUDS_WITHOUT_PRESENCE: readonly Cloud[] = ['china']
/** What a Graph without the API may answer: no such path, method, segment or action. */
const NO_SUCH_API: readonly number[] = [400, 404, 405, 501]
/** The scope that presence writes need. An administrator wants to read its name, and Graph's 403 is empty. */
const WRITE_SCOPE = 'Presence.ReadWrite'
/** Beyond this difference, ms, tokens are refused as "not yet valid" or "expired" (Entra tolerates five minutes). */
const CLOCK_TOLERANCE_MS = 5 * 60_000
/** A longer `Retry-After`, ms, is a mistake of a server; it must not silence us for a day. */
export const LONGEST_RETRY_AFTER_MS = 60 * 60_000

function pending(problem: Problem, retryAfterMs: number | null = null, sureNot = false): Outcome {
  return { kind: 'pending', problem, retryAfterMs, sureNot }
}

function problem(code: ProblemCode, detail: string): Problem {
  return detail === '' ? { code } : { code, detail }
}

/** Status and code of an answer, for "Details" and the log. */
function detailOf(answer: Answer): string {
  return answer.errorCode === '' ? String(answer.status) : `${answer.status} ${answer.errorCode}`
}

/** An answer without Graph's `request-id`: a proxy or a login page spoke, so the write may have got anywhere. */
function judgeForeign(answer: Answer, context: JudgeContext): Outcome {
  const detail = detailOf(answer)
  // It does not speak for Graph, which the next network may reach at once.
  const asked = retryAfter(answer, context)
  const retryAfterMs = asked === null ? null : Math.min(asked, LONGEST_PAUSE_MS)
  if (answer.status === 407) return pending(problem('proxy-refused', detail))
  if (answer.status === 429) return pending(problem('throttled', detail), retryAfterMs, true)
  // 511 is a portal's own status (RFC 6585); the other 5xx come from gateways in front of Graph.
  if (answer.status >= 500 && answer.status !== 511)
    return pending(problem('server-trouble', detail), retryAfterMs)
  return pending(problem('captive-portal', detail))
}

function judgeGraph(answer: Answer, context: JudgeContext): Outcome {
  const { status } = answer
  const detail = detailOf(answer)
  const lacksApi = CLOUDS_WITHOUT_PRESENCE.includes(context.cloud) && NO_SUCH_API.includes(status)
  if (lacksApi) return { kind: 'not-supported' }
  if (status >= 200 && status <= 299) return { kind: 'done' }
  // Graph redirects no write: whatever this is, it is not our answer.
  if (status < 400) return pending(problem('unexpected-answer', detail))
  if (status >= 500) return judgeTrouble(answer, context)
  switch (status) {
    case 401:
      return tokenRefused(answer, context, claimsOf(answer.authenticate))
    case 402:
      return { kind: 'not-permitted', problem: problem('not-permitted', detail) }
    case 403:
      return judgeForbidden(answer, context)
    case 404:
      return judgeNotFound(answer, context)
    case 407:
      return pending(problem('proxy-refused', detail))
    case 429:
      return pending(problem('throttled', detail), retryAfter(answer, context), true)
    // Too slow, in conflict with another write, locked, too early: the next attempt may find it otherwise.
    case 408:
    case 409:
    case 412:
    case 423:
    case 425:
      return pending(problem('server-trouble', detail), retryAfter(answer, context))
    default:
      return { kind: 'refused', problem: problem(refusal(answer, context), detail) }
  }
}

function judgeTrouble(answer: Answer, context: JudgeContext): Outcome {
  // 509 is Graph's "bandwidth limit exceeded" (Microsoft Graph, error responses).
  const code = answer.status === 509 ? 'throttled' : 'server-trouble'
  return pending(problem(code, detailOf(answer)), retryAfter(answer, context))
}

function judgeForbidden(answer: Answer, context: JudgeContext): Outcome {
  // Conditional access on a resource may challenge with a 403 as well (Microsoft Graph, error responses).
  const claims = claimsOf(answer.authenticate)
  if (claims !== null) return tokenRefused(answer, context, claims)
  const code = answer.errorCode === '' || answer.errorCode === 'Forbidden' ? '' : ` (${answer.errorCode})`
  return { kind: 'not-permitted', problem: { code: 'not-permitted', detail: `${WRITE_SCOPE}${code}` } }
}

function judgeNotFound(answer: Answer, context: JudgeContext): Outcome {
  // A wrong user id or cloud: nothing was looked for, so nothing is settled.
  const wrongUser = answer.errorCode === 'Request_ResourceNotFound' || context.write !== 'clear'
  if (wrongUser) return { kind: 'refused', problem: problem('wrong-user', detailOf(answer)) }
  return { kind: 'nothing-to-clear' }
}

function tokenRefused(answer: Answer, context: JudgeContext, claims: string | null): Outcome {
  const skewed = answer.date !== null && Math.abs(answer.date - context.wall) > CLOCK_TOLERANCE_MS
  return {
    kind: 'token-refused',
    claims,
    problem: problem(skewed ? 'clock-wrong' : 'needs-sign-in', detailOf(answer)),
  }
}

function refusal(answer: Answer, context: JudgeContext): ProblemCode {
  // What Graph answers to a personal Microsoft account on any presence path.
  if (answer.status === 400 && answer.errorCode === 'AuthenticationError') return 'personal-account'
  return context.write === 'clear' ? 'unexpected-answer' : 'set-refused'
}

// ------------------------------------------------------------------------------------------------ without an answer

const NO_NETWORK_STAGES: readonly Failure['stage'][] = ['dns', 'connect']
/** The other side, or the way to it, swallowed or broke the connection: this machine has a network. */
const BROKEN_ON_THE_WAY: readonly string[] = ['ETIMEDOUT', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ABORTED']
/** Errors of OpenSSL and Node that say the certificate is the trouble, not the connection. */
const CERTIFICATE_CODE =
  /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|ERROR_IN_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/

/** What a request without an answer means for the user: the problem they can act on. */
export function failureProblem(failure: Pick<Failure, 'stage' | 'code'>): Problem {
  const { stage, code } = failure
  const detail = code === '' ? stage : `${stage} ${code}`
  return problem(failureCode(stage, code), detail)
}

function failureCode(stage: Failure['stage'], code: string): ProblemCode {
  if (NO_NETWORK_STAGES.includes(stage))
    return BROKEN_ON_THE_WAY.includes(code) ? 'not-reached' : 'no-network'
  if (stage === 'tls') return CERTIFICATE_CODE.test(code) ? 'certificate-untrusted' : 'not-reached'
  if (stage === 'worker') return 'sender-down'
  if (stage !== 'proxy') return 'not-reached'
  // The proxy was reached: it wants credentials or forbids it, or could not get through to Microsoft itself.
  if (/^4\d\d$/.test(code)) return 'proxy-refused'
  return /^\d{3}$/.test(code) ? 'not-reached' : 'proxy-unreachable'
}

// ---------------------------------------------------------------------------------------------------------- headers

/** `Retry-After` in ms: seconds, which Graph has sent with a fraction, or an HTTP date by the server's own clock. */
function retryAfter(answer: Answer, context: JudgeContext): number | null {
  const text = answer.retryAfter?.trim() ?? ''
  if (text === '') return null
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - (answer.date ?? context.wall)
  return Number.isNaN(ms) ? null : Math.min(Math.max(Math.ceil(ms), 0), LONGEST_RETRY_AFTER_MS)
}

/** One `name=value` of a challenge; quoted values are taken whole, so nothing inside them is mistaken for a name. */
const PARAMETER = /(?<![\w-])([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g

/**
 * The claims challenge of a `WWW-Authenticate` header (several joined by a comma are one string here), as JSON text;
 * null when there is none that can be read. Fields come in any order, values with or without quotes, and base64 may
 * be padded (Entra ID, claims challenges; RFC 9110, section 11).
 */
export function claimsOf(authenticate: string | null): string | null {
  for (const [, name = '', quoted, bare] of (authenticate ?? '').matchAll(PARAMETER)) {
    if (name.toLowerCase() !== 'claims') continue
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? ''
    const claims = value.startsWith('{') ? value : decodeBase64(value)
    if (isJsonObject(claims)) return claims
  }
  return null
}

function decodeBase64(text: string): string {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
  } catch {
    return ''
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
