/** The one axios factory, used by MSAL's network client and the presence reader in main and by the sender's worker. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import axios, { AxiosError, type AxiosAdapter, type AxiosInstance } from 'axios'
import type { AttemptResult, Route } from '../core/model.ts'
import { RouteAgent } from './agent.ts'
import { codeOf, ConnectError } from './connect.ts'

/** Where a request without an answer failed. */
export type FailureStage = Extract<
  Extract<AttemptResult, { type: 'failure' }>['stage'],
  'dns' | 'connect' | 'proxy' | 'tls' | 'answer' | 'timeout' | 'aborted'
>

/** A request that has no (whole) answer. Every rejection of an instance made here is one of these. */
export class HttpFailure extends Error {
  readonly stage: FailureStage
  /** Node's error code, or the status with which the proxy refused the tunnel. */
  readonly code: string
  /** False only when no byte of the request can have left this machine. */
  readonly sent: boolean
  /** It broke without an answer on a connection that had been idle: the server may just have closed that. */
  readonly stale: boolean
  constructor(stage: FailureStage, code: string, sent: boolean, stale = false) {
    super(`${stage}: ${code}`)
    this.name = 'HttpFailure'
    this.stage = stage
    this.code = code
    this.sent = sent
    this.stale = stale
  }
}

/** HTTP over one route. */
export interface Http {
  /**
   * Resolves with every status, follows no redirect, takes and gives text as it is. `timeout` (ms) is a hard
   * deadline over everything from the name lookup to the last byte; `signal` gives up. Rejects with HttpFailure.
   */
  readonly axios: AxiosInstance
  /** Opens a connection ahead of need, unless one to that origin is idle. Rejects with a ConnectError. */
  warm(origin: string): Promise<void>
  /** How many connections to that origin wait for a request. */
  idle(origin: string): number
  /** Destroys idle connections. */
  dropIdle(): void
  /** The one listener told of each connection that closed. */
  onClosed(listener: () => void): void
  /** Lets running requests end, then keeps nothing open. */
  retire(): void
  /** Destroys every connection at once; running requests fail. */
  close(): void
}

/** Deadline of a request that names none, ms. */
const DEFAULT_TIMEOUT_MS = 30_000
/** Largest body accepted; what Entra and Graph answer here is a few kilobytes. */
const MAX_BODY_BYTES = 1024 * 1024
/** Most 1xx answers before the answer itself; Microsoft sends none. */
const MAX_ANNOUNCEMENTS = 1_000

/** Makes an axios instance for one route. Close it when the route changes. */
export function createHttp(route: Route): Http {
  const agent = new RouteAgent(route)
  const send = axios.getAdapter('http')
  const instance = axios.create({
    adapter: (config) => bounded(config, agent, send),
    httpsAgent: agent,
    // The route has decided already; axios must not read the environment a second time.
    proxy: false,
    transport: { request: withFewAnnouncements },
    maxRedirects: 0,
    timeout: DEFAULT_TIMEOUT_MS,
    maxContentLength: MAX_BODY_BYTES,
    maxBodyLength: MAX_BODY_BYTES,
    validateStatus: () => true,
    responseType: 'text',
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
  })
  instance.interceptors.response.use(undefined, (error: unknown) => Promise.reject(failureOf(error)))
  return {
    axios: instance,
    warm: (origin) => agent.warm(origin),
    idle: (origin) => agent.idle(origin),
    dropIdle: () => agent.dropIdle(),
    onClosed: (listener) => {
      agent.onClosed = listener
    },
    retire: () => agent.retire(),
    close: () => agent.destroy(),
  }
}

/** Sends a request as axios would, and ends one that gets announcements without end: neither a deadline nor a size bounds them. */
function withFewAnnouncements(
  options: RequestOptions,
  onResponse: (response: IncomingMessage) => void,
): ClientRequest {
  const request = httpsRequest(options, onResponse)
  let announcements = 0
  request.on('information', () => {
    announcements += 1
    if (announcements <= MAX_ANNOUNCEMENTS) return
    request.destroy(Object.assign(new Error('announcements without end'), { code: 'ERR_TOO_MANY_1XX' }))
  })
  return request
}

/** Any rejection of an instance made here, as an HttpFailure. */
export function failureOf(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error
  // Only what axios refuses before its adapter runs arrives here: a signal that was aborted already, a bad URL.
  if (axios.isCancel(error)) return new HttpFailure('aborted', 'ABORTED', false)
  return new HttpFailure('connect', codeOf(error), false)
}

/**
 * Runs axios' Node adapter under a deadline of our own: its `timeout` is an idle timer that a dripping body never
 * lets fire, and it leaves the caller guessing who cancelled.
 */
async function bounded(
  config: Parameters<AxiosAdapter>[0],
  agent: RouteAgent,
  send: AxiosAdapter,
): Promise<Awaited<ReturnType<AxiosAdapter>>> {
  // Tokens travel in these requests: never in the clear, whatever a caller configures.
  if (!/^https:/i.test(config.url ?? '')) throw new HttpFailure('connect', 'ERR_NOT_HTTPS', false)
  const outer = config.signal
  const deadline = new AbortController()
  let why: 'timeout' | 'aborted' | null = null
  const cancel = (reason: 'timeout' | 'aborted') => (): void => {
    why ??= reason
    deadline.abort()
  }
  const byCaller = cancel('aborted')
  const timer = setTimeout(cancel('timeout'), config.timeout ?? DEFAULT_TIMEOUT_MS)
  outer?.addEventListener?.('abort', byCaller)
  if (outer?.aborted === true) byCaller()
  // Axios looks at the config's signal again after the adapter and would replace our failure by its own.
  delete config.signal
  try {
    return await send({ ...config, timeout: 0, signal: deadline.signal })
  } catch (error) {
    throw toFailure(error, why, agent)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener?.('abort', byCaller)
  }
}

function toFailure(error: unknown, why: 'timeout' | 'aborted' | null, agent: RouteAgent): HttpFailure {
  const request = error instanceof AxiosError ? (error.request as ClientRequest | undefined) : undefined
  // The agent gives a socket to a request only after the handshake, see RouteAgent. Null before, though typed otherwise.
  const socket: Duplex | null = request?.socket ?? null
  const sent = socket !== null
  if (why !== null) return new HttpFailure(why, why === 'timeout' ? 'ETIMEDOUT' : 'ABORTED', sent)
  const cause = error instanceof Error ? error.cause : undefined
  const connectError = [error, cause].find((each) => each instanceof ConnectError)
  if (connectError !== undefined) return new HttpFailure(connectError.stage, connectError.code, false)
  const code = codeOf(error)
  const answered = error instanceof AxiosError && error.response !== undefined
  const idleBefore = socket !== null && (request?.reusedSocket === true || agent.wasPreopened(socket))
  const stale = idleBefore && !answered && ['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(code)
  return new HttpFailure('answer', code, sent, stale)
}
