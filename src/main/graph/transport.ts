/** Makes one attempt of each presence write it is told to: the sender's worker runs it, or main where no worker starts. */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { AxiosResponse } from 'axios'
import { splitPair } from '../../shared/presence.ts'
import type { Armament, Attempt, AttemptResult, PresenceWrite, Route, SessionKey } from '../core/model.ts'
import { answerOf } from './answer.ts'
import { createHttp, failureOf, type Http, HttpFailure } from './http.ts'
import { keepWarm, type Warmth } from './keep-warm.ts'

/** Sends presence writes, in order of arrival, each once. */
export interface Transport {
  arm(armament: Armament): void
  disarm(key: SessionKey): void
  send(write: PresenceWrite): void
  abort(id: number): void
  /** Destroys every connection; open writes fail as `aborted`. */
  close(): void
}

/** Largest error body read, bytes. */
const MAX_ERROR_BYTES = 64 * 1024
/** What follows the headers of an answer isn't waited for longer than this, ms. */
const BODY_MS = 2_000
/** How often an attempt looks at the wall clock, ms. */
const WALL_CHECK_MS = 200

/** One route in use, with its warm connection. */
interface Line {
  readonly route: Route
  readonly origin: string
  readonly http: Http
  readonly warmth: Warmth
}

/** Makes a transport that reports each finished attempt. */
export function createTransport(report: (attempt: Attempt) => void): Transport {
  const armed = new Map<SessionKey, { readonly armament: Armament; readonly line: Line }>()
  const open = new Map<number, AbortController>()
  let lines: readonly Line[] = []

  const lineFor = (armament: Armament): Line => {
    const found = lines.find(
      (line) => line.origin === armament.graphOrigin && sameRoute(line.route, armament.route),
    )
    if (found !== undefined) {
      found.warmth.refresh()
      return found
    }
    const http = createHttp(armament.route)
    const { route, graphOrigin: origin } = armament
    const line = { route, origin, http, warmth: keepWarm(http, origin) }
    lines = [...lines, line]
    return line
  }
  const retireUnused = (): void => {
    const used = new Set([...armed.values()].map((each) => each.line))
    for (const line of lines) {
      if (used.has(line)) continue
      line.warmth.stop()
      line.http.retire()
    }
    lines = lines.filter((line) => used.has(line))
  }
  const attempt = async (write: PresenceWrite): Promise<void> => {
    const startedAt = Date.now()
    const clientRequestId = randomUUID()
    const finish = (result: AttemptResult): void =>
      report({ id: write.id, key: write.key, clientRequestId, startedAt, endedAt: Date.now(), result })
    const target = armed.get(write.key)
    if (target === undefined) {
      finish({ type: 'failure', sent: false, stage: 'not-armed', code: '' })
      return
    }
    const abort = new AbortController()
    open.set(write.id, abort)
    const result = await post(target.line.http, target.armament, write, clientRequestId, abort.signal)
    if (open.get(write.id) === abort) open.delete(write.id)
    finish(result)
    // After trouble, and after a 503 (Microsoft Graph, best practices), the next attempt takes a new connection.
    if (result.type === 'failure' ? result.stage !== 'aborted' : result.status === 503)
      target.line.http.dropIdle()
    target.line.warmth.check()
  }

  return {
    arm: (armament) => {
      armed.set(armament.key, { armament, line: lineFor(armament) })
      retireUnused()
    },
    disarm: (key) => {
      armed.delete(key)
      retireUnused()
    },
    send: (write) => {
      attempt(write).catch((error: unknown) => {
        // `post` turns every failure into a result; a programming error must still end the write.
        const now = Date.now()
        const code = error instanceof Error ? error.name : 'unknown'
        const result = { type: 'failure', sent: true, stage: 'worker', code } as const
        report({ id: write.id, key: write.key, clientRequestId: '', startedAt: now, endedAt: now, result })
      })
      armed.get(write.key)?.line.warmth.check()
    },
    abort: (id) => open.get(id)?.abort(),
    close: () => {
      for (const abort of open.values()) abort.abort()
      for (const line of lines) {
        line.warmth.stop()
        line.http.close()
      }
      lines = []
      armed.clear()
    },
  }
}

function sameRoute(a: Route, b: Route): boolean {
  return (
    a.proxyUrl === b.proxyUrl &&
    a.ca.length === b.ca.length &&
    a.ca.every((pem, index) => pem === b.ca[index])
  )
}

/** URL path and body of a write (Microsoft Graph, presence: setPresence and clearPresence). */
function requestOf(
  armament: Armament,
  write: PresenceWrite,
): { readonly url: string; readonly body: string } {
  const presence = `${armament.graphOrigin}/v1.0/users/${encodeURIComponent(armament.userId)}/presence`
  const sessionId = armament.clientId
  if (write.body.kind === 'clear')
    return { url: `${presence}/clearPresence`, body: JSON.stringify({ sessionId }) }
  const { availability, activity } = splitPair(write.body.pair)
  const expirationDuration = duration(write.body.leaseMs)
  return {
    url: `${presence}/setPresence`,
    body: JSON.stringify({ sessionId, availability, activity, expirationDuration }),
  }
}

/** ISO 8601 as Graph wants it, in whole minutes where that is exact: `PT5M`, else `PT90S`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds % 60 === 0 ? `PT${seconds / 60}M` : `PT${seconds}S`
}

/** The one attempt, under one deadline from the name lookup to the last byte of an error. Never rejects. */
async function post(
  http: Http,
  armament: Armament,
  write: PresenceWrite,
  clientRequestId: string,
  aborted: AbortSignal,
): Promise<AttemptResult> {
  const deadline = new AbortController()
  const giveUp = (): void => deadline.abort()
  const timer = setTimeout(giveUp, write.timeoutMs)
  // Timers sleep with the machine (Linux counts no sleep), and a connection that was being made goes on at the wake:
  // by then the user may be in a call elsewhere.
  const startedAt = Date.now()
  const wallTimer = setInterval(() => {
    if (Date.now() - startedAt > write.timeoutMs) giveUp()
  }, WALL_CHECK_MS)
  aborted.addEventListener('abort', giveUp, { once: true })
  const { url, body } = requestOf(armament, write)
  const once = (): Promise<AxiosResponse<Readable>> =>
    http.axios.post<Readable>(url, body, {
      headers: {
        Authorization: `Bearer ${armament.accessToken}`,
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'client-request-id': clientRequestId,
      },
      responseType: 'stream',
      // The body is read, and bounded, below.
      maxContentLength: -1,
      timeout: write.timeoutMs,
      signal: deadline.signal,
    })
  let sentBefore = false
  try {
    const response = await once().catch((error: unknown) => {
      // The server closed the idle connection just as we wrote: no attempt yet. Every write here is idempotent.
      const failure = failureOf(error)
      if (!failure.stale || deadline.signal.aborted) throw error
      // Most likely; but it may also have read the request, and only the answer was lost.
      sentBefore = failure.sent
      http.dropIdle()
      return once()
    })
    return await read(response, deadline.signal)
  } catch (error) {
    const { stage, code, ...failure } = failureOf(error)
    const sent = failure.sent || sentBefore
    if (aborted.aborted) return { type: 'failure', sent, stage: 'aborted', code: 'ABORTED' }
    if (deadline.signal.aborted) return { type: 'failure', sent, stage: 'timeout', code: 'ETIMEDOUT' }
    return { type: 'failure', sent, stage, code }
  } finally {
    clearTimeout(timer)
    clearInterval(wallTimer)
    aborted.removeEventListener('abort', giveUp)
  }
}

/** A success is one as soon as its headers are there; an error's body is read for its code. */
async function read(response: AxiosResponse<Readable>, deadline: AbortSignal): Promise<AttemptResult> {
  if (response.status >= 200 && response.status <= 299) {
    drain(response.data)
    return answerOf(response, '')
  }
  const body = await textOf(response.data, deadline)
  // Only a 404 means opposite things by its code; the other answers are judged without it too.
  if (body === null && response.status === 404) throw new HttpFailure('answer', 'ERR_BODY_CUT', true)
  return answerOf(response, body ?? '')
}

/** Lets a connection that is of further use come back to the pool, and ends one whose body never does. */
function drain(body: Readable): void {
  const end = (): void => void body.destroy()
  const timer = setTimeout(end, BODY_MS)
  timer.unref()
  let bytes = 0
  body.on('error', () => undefined)
  body.on('close', () => clearTimeout(timer))
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_ERROR_BYTES) end()
  })
}

/** The body as text, cut at the limit; null when it broke, or was given up, before its end. */
async function textOf(body: Readable, deadline: AbortSignal): Promise<string | null> {
  const giveUp = (): void => void body.destroy(new Error('given up'))
  const timer = setTimeout(giveUp, BODY_MS)
  deadline.addEventListener('abort', giveUp, { once: true })
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_ERROR_BYTES) break
    }
  } catch {
    return null
  } finally {
    clearTimeout(timer)
    deadline.removeEventListener('abort', giveUp)
  }
  return Buffer.concat(chunks).toString('utf8')
}
