/** Graph's presence API: routes, checks in the order the real service makes them, and effects on the store. */
import { json, type Answer, type Service, type ServiceRequest } from './answer.ts'
import type { Clock } from './clock.ts'
import { PERSONAL_TENANT_ID, type Directory } from './directory.ts'
import { authenticate, type ChallengeState } from './graph-auth.ts'
import * as errors from './graph-errors.ts'
import { graphError, type Assumptions, type GraphFault } from './graph-errors.ts'
import { parseDuration } from './iso-duration.ts'
import { PREFERRED_PAIRS, SESSION_PAIRS, type Pair, type PresenceStore } from './sessions.ts'
import type { AccessToken, TokenStore } from './tokens.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/** What the service stands on. */
export interface GraphParts {
  readonly clock: Clock
  readonly directory: Directory
  readonly tokens: TokenStore
  readonly presence: PresenceStore
  readonly challenge: ChallengeState
  readonly assumptions: Assumptions
  /** Requests per 30 s, application and tenant before 429. (Graph throttling limits: 1,500 for presence) */
  readonly throttleLimit: number
}

type Outcome = Answer | GraphFault
const isFault = (outcome: object): outcome is GraphFault => 'code' in outcome && 'message' in outcome

const OK: Answer = { status: 200, body: '', tookEffect: true }
const PATH =
  /^\/v1\.0\/(?:me\/presence|users\/([^/]+)\/presence|communications\/presences\/([^/]+))(?:\/(?:microsoft\.graph\.)?([A-Za-z]+))?$/

/** A body as an object (undefined when it was left out), or the refusal when it isn't a JSON object. */
function readBody(
  request: ServiceRequest,
): { readonly body: Record<string, unknown> | undefined } | GraphFault {
  if (request.body === '') return { body: undefined }
  try {
    const value = JSON.parse(request.body) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { body: value as Record<string, unknown> }
    }
  } catch {
    // Answered below: not JSON is the same to Graph as JSON that is no object.
  }
  return errors.BODY_UNREADABLE
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function pairOf(body: Record<string, unknown>): Pair | GraphFault {
  const availability = text(body['availability'])
  const activity = text(body['activity'])
  // ASSUMPTION: same text as the one seen for SessionId.
  if (availability === undefined) return errors.fieldRequired('Availability')
  if (activity === undefined) return errors.fieldRequired('Activity')
  return { availability, activity }
}

const among = (pairs: readonly Pair[], pair: Pair): boolean =>
  pairs.some((p) => p.availability === pair.availability && p.activity === pair.activity)

/** A duration in ms; `limits` in ms, both inclusive. An explicit null is malformed: it has to be left out. */
function durationOf(
  body: Record<string, unknown>,
  fallbackMs: number,
  limits?: readonly [number, number],
): number | GraphFault {
  if (!('expirationDuration' in body)) return fallbackMs
  const value = body['expirationDuration']
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined) return errors.DURATION_MALFORMED
  if (limits !== undefined && (ms < limits[0] || ms > limits[1])) return errors.DURATION_OUT_OF_RANGE
  return ms
}

/** What is left to do once the body was found good: the effect, after the permission and target checks. */
type Effect = (userId: string, token: AccessToken) => Outcome

/** Validates the body of one action; permissions are looked at only afterwards, as the real service does. */
function prepare(
  action: string,
  body: Record<string, unknown> | undefined,
  { presence, assumptions }: GraphParts,
): Effect | GraphFault | undefined {
  const ownSession = (sessionId: string, token: AccessToken): boolean =>
    sessionId.toLowerCase() === token.clientId.toLowerCase()

  switch (action) {
    case 'setPresence': {
      const sessionId = text(body?.['sessionId'])
      if (body === undefined || sessionId === undefined) return errors.fieldRequired('SessionId')
      const pair = pairOf(body)
      if (isFault(pair)) return pair
      const duration = durationOf(body, 5 * MINUTE, [5 * MINUTE, 240 * MINUTE])
      if (typeof duration !== 'number') return duration
      if (!among(SESSION_PAIRS, pair)) return assumptions.badPair
      return (userId, token) => {
        if (!ownSession(sessionId, token)) return assumptions.foreignSession
        presence.set(userId, token.clientId, pair, duration, 'graph')
        return OK
      }
    }
    case 'clearPresence': {
      const sessionId = text(body?.['sessionId'])
      if (sessionId === undefined) return errors.fieldRequired('SessionId')
      return (userId, token) => {
        if (!ownSession(sessionId, token)) return assumptions.foreignSession
        return presence.clear(userId, token.clientId) ? OK : assumptions.noSession
      }
    }
    case 'setUserPreferredPresence': {
      if (body === undefined) return errors.fieldRequired('Availability')
      const pair = pairOf(body)
      if (isFault(pair)) return pair
      if (!among(PREFERRED_PAIRS, pair)) return assumptions.badPair
      const isShort = pair.availability === 'Busy' || pair.availability === 'DoNotDisturb'
      const duration = durationOf(body, isShort ? DAY : 7 * DAY)
      if (typeof duration !== 'number') return duration
      return (userId) => {
        presence.setPreferred(userId, pair, duration)
        return OK
      }
    }
    case 'clearUserPreferredPresence':
      return (userId) => {
        presence.clearPreferred(userId)
        return OK
      }
    default:
      return undefined
  }
}

/** The presence API of every Graph host. */
export function createGraph(parts: GraphParts): Service {
  const { clock, directory, tokens, presence } = parts
  const recent = new Map<string, number[]>()

  /** Seconds to wait if the application is over its limit in the tenant. Refused calls count too. */
  const overLimit = (token: AccessToken): number | undefined => {
    const key = `${token.clientId}/${token.tenantId}`
    const now = clock.now()
    const times = (recent.get(key) ?? []).filter((t) => t > now - 30_000 && t <= now)
    times.push(now)
    recent.set(key, times)
    const oldest = times[0] ?? now
    return times.length > parts.throttleLimit
      ? Math.max(1, Math.ceil((oldest + 30_000 - now) / 1000))
      : undefined
  }

  /** The object id a path means, or the refusal. */
  const target = (id: string | undefined, token: AccessToken): string | GraphFault => {
    if (id === undefined) return token.userId
    // ASSUMPTION: a UPN was reported not to work, with an answer nobody wrote down.
    const user = id.includes('@') ? undefined : directory.user(decodeURIComponent(id))
    return user === undefined ? errors.NO_SUCH_RESOURCE : user.id
  }
  const isOwn = (userId: string, token: AccessToken): boolean =>
    userId.toLowerCase() === token.userId.toLowerCase()

  const read = (id: string | undefined, token: AccessToken, host: string): Outcome => {
    const userId = target(id, token)
    if (typeof userId !== 'string') return userId
    const all = token.scopes.has('Presence.Read.All')
    // Presence.ReadWrite isn't listed for reading. (ASSUMPTION: that it's refused, and in the shape seen for writes)
    if (isOwn(userId, token) && !all && !token.scopes.has('Presence.Read')) return errors.SCOPE_MISSING
    if (!isOwn(userId, token) && !all) return errors.READ_DENIED
    const shown = presence.presence(userId)
    const entity =
      id === undefined ? `users('${userId}')/presence/$entity` : 'communications/presences/$entity'
    return json(200, {
      '@odata.context': `https://${host}/v1.0/$metadata#${entity}`,
      id: userId,
      availability: shown.availability,
      activity: shown.activity,
      statusMessage: null,
      outOfOfficeSettings: { message: null, isOutOfOffice: false },
    })
  }

  const write = (
    id: string | undefined,
    action: string,
    request: ServiceRequest,
    token: AccessToken,
  ): Outcome => {
    const read = readBody(request)
    if (isFault(read)) return read
    const effect = prepare(action, read.body, parts)
    // ASSUMPTION for presence; it is Graph's general answer for a segment it doesn't know.
    if (effect === undefined) return unknownSegment(action)
    if (typeof effect !== 'function') return effect
    if (!token.scopes.has('Presence.ReadWrite')) return errors.SCOPE_MISSING
    const userId = target(id, token)
    if (typeof userId !== 'string') return userId
    if (!isOwn(userId, token)) return errors.OTHER_USER
    return effect(userId, token)
  }

  const unknownSegment = (segment: string): GraphFault => ({
    status: 400,
    code: 'BadRequest',
    message: `Resource not found for the segment '${segment}'.`,
  })

  const answer = (request: ServiceRequest): Outcome => {
    const who = authenticate(request, clock, tokens, parts.challenge)
    if ('refused' in who) return who.refused
    const { token } = who
    const wait = overLimit(token)
    if (wait !== undefined) return errors.throttled(wait)
    const found = PATH.exec(request.url.pathname)
    if (found === null) return unknownSegment(request.url.pathname.split('/')[2] ?? '')
    if (token.tenantId === PERSONAL_TENANT_ID) return errors.PERSONAL_ACCOUNT
    // As the US government cloud answered in 2021, before it had the API (ASSUMPTION: China answers alike).
    if (!request.role.hasPresence) return errors.NO_SUCH_RESOURCE
    const [, userPath, presencePath, action] = found as (string | undefined)[]
    const id = userPath ?? presencePath
    if (request.method === 'GET' && action === undefined) return read(id, token, request.host)
    if (request.method === 'POST' && action !== undefined) return write(id, action, request, token)
    return errors.WRONG_METHOD
  }

  return (request) => {
    const outcome = answer(request)
    return isFault(outcome) ? graphError(outcome, request, clock) : outcome
  }
}
