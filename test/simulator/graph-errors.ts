/** Graph's error shape, and the answers whose literal text is known. */
import { json, type Answer, type ServiceRequest } from './answer.ts'
import type { Clock } from './clock.ts'

/** A refusal on its way to the client. */
export interface GraphFault {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers that Microsoft hasn't published; a test may choose others to see that nothing depends on them. */
export interface Assumptions {
  /** clearPresence without a session: the status is documented, the code is not. */
  readonly noSession: GraphFault
  /** A `sessionId` that isn't the token's application id: that it's refused is documented, how is not. */
  readonly foreignSession: GraphFault
  /** A pair that setPresence doesn't take: the status was seen, the code is not published. */
  readonly badPair: GraphFault
  /** `suberror` of Entra's `invalid_grant` after a revocation; undefined: none. */
  readonly revokedSuberror: string | undefined
}

/** The simulator's guesses (README, "Assumptions"). */
export const DEFAULT_ASSUMPTIONS: Assumptions = {
  noSession: { status: 404, code: 'NotFound', message: 'The presence session was not found.' },
  foreignSession: {
    status: 403,
    code: 'Forbidden',
    message: 'The sessionId must be the application id of the caller.',
  },
  badPair: {
    status: 400,
    code: 'InvalidArgument',
    message: 'The provided combination of [Availability] and [Activity] is not supported.',
  },
  revokedSuberror: undefined,
}

/** The whole answer for a refusal. `innerError` carries the date and both request ids. */
export function graphError(fault: GraphFault, request: ServiceRequest, clock: Clock): Answer {
  const body = {
    error: {
      code: fault.code,
      message: fault.message,
      innerError: {
        date: new Date(clock.now()).toISOString().slice(0, 19),
        'request-id': request.requestId,
        'client-request-id': request.clientRequestId,
      },
    },
  }
  return json(fault.status, body, {
    errorCode: fault.code,
    ...(fault.headers === undefined ? {} : { headers: fault.headers }),
  })
}

const fault = (status: number, code: string, message: string): GraphFault => ({ status, code, message })

/** 401 for a token that is missing, unknown, expired, revoked or for another resource. */
export const invalidToken = (message: string): GraphFault => fault(401, 'InvalidAuthenticationToken', message)

/** 400 for an argument; the message names the field in Graph's way. */
export const invalidArgument = (message: string): GraphFault => fault(400, 'InvalidArgument', message)

/** 400 for a required field that is missing. */
export const fieldRequired = (field: string): GraphFault =>
  invalidArgument(`[${field}]: The ${field} field is required.`)

/** 400 for an expirationDuration outside of its range. */
export const DURATION_OUT_OF_RANGE = invalidArgument('The provided [ExpirationDuration] is out of range.')

/** ASSUMPTION (code and text): a duration that can't be parsed. */
export const DURATION_MALFORMED = invalidArgument('The provided [ExpirationDuration] is invalid.')

/** ASSUMPTION (for presence): a body that isn't a JSON object. */
export const BODY_UNREADABLE = fault(
  400,
  'BadRequest',
  'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
)

/** 403 of a token without the scope: the message really is empty. */
export const SCOPE_MISSING = fault(403, 'Forbidden', '')

/** 403 for somebody else's presence without Presence.Read.All. */
export const READ_DENIED = fault(
  403,
  'Authorization_RequestDenied',
  'Insufficient privileges to complete the operation.',
)

/** 401 for a delegated write to somebody else (the text was seen; ASSUMPTION: the code). */
export const OTHER_USER = fault(
  401,
  'Unauthorized',
  'Cannot set the presence of another user with delegated permissions.',
)

/** 404 for a user id that doesn't exist, a UPN instead of an id (ASSUMPTION), or a cloud without the API. */
export const NO_SUCH_RESOURCE = fault(
  404,
  'Request_ResourceNotFound',
  "Resource 'presence' does not exist or one of its queried reference-property objects are not present.",
)

/** 405 for a known path with another method. */
export const WRONG_METHOD = fault(
  405,
  'Request_BadRequest',
  'Specified HTTP method is not allowed for the request target.',
)

/** 400 for a personal Microsoft account, which has no presence. */
export const PERSONAL_ACCOUNT = fault(400, 'AuthenticationError', 'Error authenticating with resource')

/** 429 with a whole number of seconds to wait. */
export const throttled = (seconds: number): GraphFault => ({
  ...fault(429, 'TooManyRequests', 'Please retry again later.'),
  headers: { 'Retry-After': String(seconds) },
})

/** An error of the given status where only the status matters. */
export function anyError(status: number): GraphFault {
  const codes: Record<number, string> = {
    400: 'BadRequest',
    401: 'InvalidAuthenticationToken',
    403: 'Forbidden',
    404: 'NotFound',
    429: 'TooManyRequests',
    500: 'InternalServerError',
    502: 'BadGateway',
    503: 'ServiceUnavailable',
    504: 'UnknownError',
    509: 'BandwidthLimitExceeded',
  }
  return fault(status, codes[status] ?? 'UnknownError', '')
}
