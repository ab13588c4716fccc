/** Reads what Graph's answers say besides their body: headers, and the code of an error. */
import type { AxiosResponse } from 'axios'
import type { AttemptResult } from '../core/model.ts'

/** An answer as `outcome.ts` judges it. */
export type Answer = Extract<AttemptResult, { type: 'answer' }>

/** An error code longer than this is none of Graph's. */
const MAX_CODE_LENGTH = 200

/** Graph's request ids have 36 characters; several of one name are joined. */
const MAX_ID_LENGTH = 100

/** One header as text: several of one name are joined as HTTP joins them; null when absent. */
export function headerOf(response: AxiosResponse<unknown>, name: string): string | null {
  const headers: Record<string, unknown> = response.headers
  const value = headers[name]
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' && value !== '' ? value : null
}

/** Graph's answer from its headers and, for an error, its body as text. */
export function answerOf(response: AxiosResponse<unknown>, errorBody: string): Answer {
  const date = Date.parse(headerOf(response, 'date') ?? '')
  return {
    type: 'answer',
    status: response.status,
    requestId: requestIdOf(headerOf(response, 'request-id')),
    date: Number.isNaN(date) ? null : date,
    retryAfter: headerOf(response, 'retry-after'),
    errorCode: errorCodeOf(errorBody),
    authenticate: headerOf(response, 'www-authenticate'),
  }
}

/**
 * Graph's request id, fit to be logged and shown: printable ASCII, anything else becomes a question mark. It's cut rather
 * than refused, for an answer that has one is Graph's however it is written.
 */
function requestIdOf(header: string | null): string | null {
  return header?.slice(0, MAX_ID_LENGTH).replace(/[^\x20-\x7e]/g, '?') ?? null
}

/** `error.code` of `{"error":{"code":...}}`; '' for anything else, since a gateway's page has no code of Graph's. */
export function errorCodeOf(body: string): string {
  try {
    const value: unknown = JSON.parse(body.replace(/^\uFEFF/, ''))
    const error = memberOf(value, 'error')
    const code = memberOf(error, 'code')
    return typeof code === 'string' && code.length <= MAX_CODE_LENGTH ? code : ''
  } catch {
    return ''
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
