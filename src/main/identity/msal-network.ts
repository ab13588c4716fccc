/**
 * MSAL's network client on axios: as strict as MSAL is trusting. MSAL 7 resolves with an empty access token when an
 * answer has no `error` member, waits for ever for a POST, knows no proxy, and refuses to ask again for a minute
 * after a 5xx. Here every answer is checked, every request has a deadline, and trouble keeps its cause.
 */
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import type { Clock, Log } from '../core/model.ts'
import { failureOf, type Http, type HttpFailure } from '../graph/http.ts'
import type { Problem, ProblemCode } from '../../shared/problem.ts'
import { EntraRefusal, NetworkTrouble } from './errors.ts'

/** One request, connection included. */
const REQUEST_MS = 30_000
/** RFC 8628 section 3.5: `slow_down` adds 5 seconds to the polling interval. */
const SLOW_DOWN_MS = 5_000
/** Entra's tokens live a day, or 28 hours with continuous access evaluation. A longer life is no number to reckon with. */
const LONGEST_LIFE_S = 31 * 86_400
/** What fits into a request's header with room to spare. Entra's tokens have two to four thousand characters. */
const ACCESS_TOKEN = /^[\x21-\x7e]{1,12000}$/
/** Bounds of a device code answer (RFC 8628 section 3.2; Entra: 15 minutes, every 5 seconds). */
const LONGEST_CODE_S = 86_400
const LONGEST_INTERVAL_S = 300
const LONGEST_CODE_TEXT = 2_048
/** A claims challenge goes into the address of the next sign-in. */
const LONGEST_CLAIMS = 8_192

/** What the network client needs. */
export interface MsalNetworkOptions {
  /** HTTP over the route that holds now to that URL; asked anew for each request, so that a proxy change is seen. */
  http(url: string): Http | Promise<Http>
  readonly clock: Clock
  readonly log: Log
}

/** One answer, parsed and known to be a JSON object. */
interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Record<string, unknown>
}

/** Builds the network client. */
export function createMsalNetwork(options: MsalNetworkOptions): INetworkModule {
  const { clock, log } = options

  async function attempt(
    method: 'GET' | 'POST',
    url: string,
    request: NetworkRequestOptions | undefined,
    again = true,
  ): Promise<{ status: number; headers: Record<string, string>; text: string }> {
    try {
      const http = await options.http(url)
      const response = await http.axios.request<string>({
        method,
        url,
        headers: request?.headers ?? {},
        ...(method === 'POST' ? { data: request?.body ?? '' } : {}),
        timeout: REQUEST_MS,
      })
      return {
        status: response.status,
        headers: plainHeaders(response.headers),
        text: typeof response.data === 'string' ? response.data : '',
      }
    } catch (error) {
      const failure = failureOf(error)
      // The server closed an idle connection just as we wrote: nothing was answered, so it is asked once more.
      if (failure.stale && again) return attempt(method, url, request, false)
      throw new NetworkTrouble(problemOfFailure(failure), { cause: error })
    }
  }

  async function exchange(
    method: 'GET' | 'POST',
    url: string,
    request?: NetworkRequestOptions,
  ): Promise<Answer> {
    const { pathname } = new URL(url)
    try {
      const { status, headers, text } = await attempt(method, url, request)
      const answer = judgeAnswer(status, headers, text, clock.now().wall)
      log.info('entra-answer', { path: lastPart(pathname), status, id: headers['x-ms-request-id'] ?? '' })
      return answer
    } catch (error) {
      if (error instanceof NetworkTrouble) {
        const { code, detail } = error.problem
        log.warn('entra-trouble', { path: lastPart(pathname), code, detail: detail ?? '' })
      }
      throw error
    }
  }

  /** While a device code is polled, trouble on the way must not end the sign-in: its own expiry does that. */
  async function poll(url: string, request?: NetworkRequestOptions): Promise<Answer> {
    const pending: Answer = { status: 400, headers: {}, body: { error: 'authorization_pending' } }
    try {
      const answer = await exchange('POST', url, request)
      if (answer.body['error'] !== 'slow_down') return answer
      await new Promise<void>((resolve) => clock.after(SLOW_DOWN_MS, resolve))
      return pending
    } catch (error) {
      if (error instanceof NetworkTrouble) return pending
      throw error
    }
  }

  async function post(url: string, request?: NetworkRequestOptions): Promise<Answer> {
    const { pathname } = new URL(url)
    const parameters = new URLSearchParams(request?.body ?? '')
    const polling = parameters.get('grant_type') === 'device_code'
    const answer = polling ? await poll(url, request) : await exchange('POST', url, request)
    const { error } = answer.body
    // MSAL itself understands this one; every other refusal reaches our code with all that Entra said.
    if (polling && error === 'authorization_pending') return answer
    if (error !== undefined) throw refusal(answer.body)
    if (pathname.endsWith('/token')) requireToken(answer)
    if (pathname.endsWith('/devicecode')) requireDeviceCode(answer)
    return answer
  }

  return {
    // The type parameter is MSAL's; it trusts the shape, which is why the members it reads were checked above.
    sendGetRequestAsync: async <T>(url: string, request?: NetworkRequestOptions) =>
      (await exchange('GET', url, request)) as NetworkResponse<T>,
    sendPostRequestAsync: async <T>(url: string, request?: NetworkRequestOptions) =>
      (await post(url, request)) as NetworkResponse<T>,
  }
}

/** Turns an answer into a JSON object that either succeeded or carries an OAuth `error`; throws for the rest. */
function judgeAnswer(status: number, headers: Record<string, string>, text: string, wall: number): Answer {
  const trouble = (code: ProblemCode): NetworkTrouble =>
    new NetworkTrouble(
      { code, detail: `status ${status}` },
      { retryAfterMs: retryAfterMs(headers['retry-after'], wall) },
    )
  const body = parseObject(text)
  // Thrown here, also with a proper body: MSAL would otherwise refuse identical requests for a minute.
  if (status === 429) throw trouble('throttled')
  if (status >= 500) throw trouble(status === 511 ? 'captive-portal' : 'server-trouble')
  if (status === 407) throw trouble('proxy-refused')
  if (body === null) {
    // Entra speaks JSON; a page or a redirect comes from something on the way (a hotel's network, a proxy).
    throw trouble('captive-portal')
  }
  const ok = status >= 200 && status < 300
  if (ok ? body['error'] !== undefined : typeof body['error'] !== 'string') throw trouble('unexpected-answer')
  // Without `retry-after`: on an answer that is passed on (a pending device code) it, too, would start MSAL's throttle.
  const kept = Object.entries(headers).filter(([name]) => name !== 'retry-after')
  return { status, headers: Object.fromEntries(kept), body }
}

/** Certificates that this machine does not trust for that host (OpenSSL's and Node's names). */
const CERTIFICATE_CODES =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/

/** What a request without an answer means for the user. */
export function problemOfFailure({ stage, code }: HttpFailure): Problem {
  const problem = (name: ProblemCode): Problem => ({ code: name, detail: code })
  switch (stage) {
    case 'dns':
    case 'connect':
      return problem('no-network')
    case 'proxy':
      return problem(code === '407' || code === '403' ? 'proxy-refused' : 'proxy-unreachable')
    case 'tls':
      if (code === 'CERT_NOT_YET_VALID') return problem('clock-wrong')
      return problem(CERTIFICATE_CODES.test(code) ? 'certificate-untrusted' : 'not-reached')
    case 'answer':
    case 'timeout':
    case 'aborted':
      return problem('not-reached')
  }
}

/** The token becomes a header, and its life a timer: neither may be anything else. */
function requireToken({ status, body }: Answer): void {
  const token = body['access_token']
  const sound = typeof token === 'string' && ACCESS_TOKEN.test(token)
  if (sound && isSeconds(body['expires_in'], Number.MIN_VALUE, LONGEST_LIFE_S)) return
  throw new NetworkTrouble({ code: 'unexpected-answer', detail: `status ${status}` })
}

function requireDeviceCode({ status, body }: Answer): void {
  const texts = [body['user_code'], body['device_code'], body['verification_uri']]
  const complete = texts.every(
    (text) => typeof text === 'string' && text !== '' && text.length <= LONGEST_CODE_TEXT,
  )
  const timed =
    isSeconds(body['expires_in'], 0, LONGEST_CODE_S) && isSeconds(body['interval'], 0, LONGEST_INTERVAL_S)
  if (complete && timed) return
  throw new NetworkTrouble({ code: 'unexpected-answer', detail: `status ${status}` })
}

/** Whether it is a time in seconds, as a number or, as some of Entra's endpoints write it, as text. */
function isSeconds(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'number' && (typeof value !== 'string' || value === '')) return false
  return Number(value) >= min && Number(value) <= max
}

function refusal(body: Record<string, unknown>): EntraRefusal {
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '')
  const codes = body['error_codes']
  const numbers = Array.isArray(codes) ? codes.map(Number).filter(Number.isFinite) : []
  return new EntraRefusal({
    error: text('error'),
    suberror: text('suberror'),
    numbers,
    claims: text('claims').length <= LONGEST_CLAIMS ? text('claims') : '',
  })
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** `Retry-After` in ms: seconds, which may be fractional, or an HTTP date (RFC 9110 section 10.2.3). At most an hour. */
function retryAfterMs(header: string | undefined, wall: number): number | null {
  if (header === undefined) return null
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - wall
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, 3_600_000) : null
}

function plainHeaders(headers: object): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') plain[name.toLowerCase()] = value
  }
  return plain
}

/** The end of a path, without the tenant in it. */
function lastPart(pathname: string): string {
  return pathname.slice(pathname.lastIndexOf('/') + 1)
}
