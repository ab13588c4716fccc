/** Reads the user's presence back, for the open window. */
import type { AxiosResponse } from 'axios'
import type { Cloud } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import { failureProblem, judge } from '../core/outcome.ts'
import { answerOf, headerOf } from './answer.ts'
import { failureOf, type Http } from './http.ts'
import { clouds } from './route.ts'

/** What Graph says, or why it could not be read. */
export type PresenceReading =
  | { readonly type: 'presence'; readonly availability: string; readonly activity: string }
  | { readonly type: 'problem'; readonly problem: Problem }

/** Whose presence, and with what. */
export interface PresenceReader {
  readonly http: Http
  readonly cloud: Cloud
  readonly accessToken: string
  /** Gives up after this time, ms. */
  readonly timeoutMs: number
  /** Fresh GUID of the request, for the log. */
  readonly clientRequestId: string
}

/** A longer word is no availability or activity of Graph's. */
const MAX_WORD_LENGTH = 64

/**
 * Reads `/me/presence` (Microsoft Graph, get presence). Unknown words are passed on as they are: Graph's lists grow.
 * Never rejects.
 */
export async function readPresence(reader: PresenceReader): Promise<PresenceReading> {
  let response: AxiosResponse<string>
  try {
    response = await reader.http.axios.get<string>(`${clouds[reader.cloud].graph}/v1.0/me/presence`, {
      headers: {
        Authorization: `Bearer ${reader.accessToken}`,
        Accept: 'application/json',
        'client-request-id': reader.clientRequestId,
      },
      timeout: reader.timeoutMs,
    })
  } catch (error) {
    return { type: 'problem', problem: failureProblem(failureOf(error)) }
  }
  const succeeded =
    response.status >= 200 && response.status <= 299 && headerOf(response, 'request-id') !== null
  if (!succeeded) return { type: 'problem', problem: problemOf(response, reader.cloud) }
  return parse(response.data) ?? { type: 'problem', problem: { code: 'unexpected-answer' } }
}

function problemOf(response: AxiosResponse<string>, cloud: Cloud): Problem {
  const outcome = judge(answerOf(response, response.data), { write: 'renew', cloud, wall: Date.now() })
  if ('problem' in outcome) {
    // Reading sets nothing, and its scope is another one.
    if (outcome.problem.code === 'set-refused') return { ...outcome.problem, code: 'unexpected-answer' }
    if (outcome.kind === 'not-permitted') return { code: 'not-permitted', detail: 'Presence.Read' }
    return outcome.problem
  }
  return { code: outcome.kind === 'not-supported' ? 'not-supported' : 'unexpected-answer' }
}

function parse(body: string): PresenceReading | null {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const word = (name: string): string | null => {
    const text = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
    return typeof text === 'string' && text.length <= MAX_WORD_LENGTH ? text : null
  }
  const availability = word('availability')
  const activity = word('activity')
  return availability === null || activity === null ? null : { type: 'presence', availability, activity }
}
