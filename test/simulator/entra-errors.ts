/** Entra's errors: the AADSTS texts, the JSON body of the token endpoint, and the page that shows instead of a redirect. */
import { html, json, type Answer, type ServiceRequest } from './answer.ts'
import type { Clock } from './clock.ts'
import { page, escapeHtml } from './entra-pages.ts'

/** One Entra error. */
export interface EntraFault {
  /** OAuth `error`. */
  readonly error: string
  /** The number after AADSTS. */
  readonly number: number
  readonly text: string
  readonly suberror?: string
  /** JSON text of `claims`, with interaction_required. */
  readonly claims?: string
}

const fault = (error: string, number: number, text: string, suberror?: string): EntraFault => ({
  error,
  number,
  text,
  ...(suberror === undefined ? {} : { suberror }),
})

/** The errors by what went wrong. The texts are shortened after their first sentences; the numbers are Entra's. */
export const faults = {
  tenantNotFound: (tenant: string) =>
    fault(
      'invalid_request',
      90002,
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
    ),
  wrongCloud: (tenant: string, cloud: string) =>
    fault(
      'invalid_request',
      90038,
      `Tenant '${tenant}' request is being redirected to the National Cloud '${cloud}'.`,
    ),
  appNotFound: (clientId: string, tenant: string) =>
    fault(
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
    ),
  notMultiTenant: (clientId: string, name: string) =>
    fault(
      'invalid_request',
      50194,
      `Application '${clientId}'(${name}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.`,
    ),
  redirectMismatch: (uri: string, clientId: string) =>
    fault(
      'invalid_request',
      50011,
      `The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '${clientId}'.`,
    ),
  personalAccount: (user: string, tenant: string) =>
    fault(
      'invalid_request',
      50020,
      `User account '${user}' from identity provider 'live.com' does not exist in tenant '${tenant}' and cannot access the application in that tenant.`,
    ),
  badRequest: (text: string) => fault('invalid_request', 900144, text),
  loginRequired: () =>
    fault('login_required', 50058, 'A silent sign-in request was sent but no user is signed in.'),
  declined: () => fault('access_denied', 65004, 'User declined to consent to access the app.'),
  adminConsent: (name: string) =>
    fault('access_denied', 90094, `Admin consent is required for the permissions requested by ${name}.`),
  notConsented: (clientId: string, name: string) =>
    fault(
      'invalid_grant',
      65001,
      `The user or administrator has not consented to use the application with ID '${clientId}' named '${name}'. Send an interactive authorization request for this user and resource.`,
      'consent_required',
    ),
  invalidScope: (scope: string) =>
    fault(
      'invalid_scope',
      70011,
      `The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
    ),
  resourceNotFound: (resource: string) =>
    fault(
      'invalid_resource',
      500011,
      `The resource principal named ${resource} was not found in the tenant. This can happen if you have sent your authentication request to the wrong tenant.`,
    ),
  userDisabled: () => fault('invalid_grant', 50057, 'The user account is disabled.'),
  codeInvalid: () =>
    fault(
      'invalid_grant',
      70008,
      'The provided authorization code or refresh token has expired due to inactivity.',
    ),
  codeRedeemed: () =>
    fault(
      'invalid_grant',
      54005,
      'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
    ),
  verifierMismatch: () =>
    fault(
      'invalid_grant',
      501481,
      'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    ),
  refreshMalformed: () =>
    fault('invalid_grant', 9002313, 'Invalid request. Request is malformed or invalid.'),
  refreshIdle: () => fault('invalid_grant', 700082, 'The refresh token has expired due to inactivity.'),
  revoked: (issued: string, suberror: string | undefined) =>
    fault(
      'invalid_grant',
      50173,
      `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '${issued}'.`,
      suberror,
    ),
  interaction: (claims: string) => ({
    ...fault(
      'interaction_required',
      50076,
      'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
      'basic_action',
    ),
    claims,
  }),
  publicClientOff: () =>
    fault(
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
  grantUnsupported: (grant: string) =>
    fault('unsupported_grant_type', 70003, `The app requested an unsupported grant type '${grant}'.`),
  devicePending: () =>
    fault(
      'authorization_pending',
      70016,
      'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
    ),
  deviceDeclined: () => fault('authorization_declined', 65004, 'User declined to consent to access the app.'),
  deviceBadCode: () => fault('bad_verification_code', 70019, 'The device code was not recognised.'),
  deviceExpired: () => fault('expired_token', 70020, 'The device code has expired.'),
} as const

/** `AADSTSnnn: text Trace ID: ... Correlation ID: ... Timestamp: ...`, as in bodies and redirects. */
export function description(entraFault: EntraFault, request: ServiceRequest, clock: Clock): string {
  return (
    `AADSTS${entraFault.number}: ${entraFault.text} Trace ID: ${request.requestId} ` +
    `Correlation ID: ${request.clientRequestId} Timestamp: ${timestamp(clock.now())}`
  )
}

/** Entra's way to write a time: `2026-11-24 08:00:00Z`. */
export const timestamp = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replace('T', ' ') + 'Z'

/** The JSON body of the token and device endpoints. */
export function entraError(entraFault: EntraFault, request: ServiceRequest, clock: Clock): Answer {
  const body = {
    error: entraFault.error,
    error_description: description(entraFault, request, clock),
    error_codes: [entraFault.number],
    timestamp: timestamp(clock.now()),
    trace_id: request.requestId,
    correlation_id: request.clientRequestId,
    error_uri: `https://${request.host}/error?code=${entraFault.number}`,
    ...(entraFault.suberror === undefined ? {} : { suberror: entraFault.suberror }),
    ...(entraFault.claims === undefined ? {} : { claims: entraFault.claims }),
  }
  const status = entraFault.error === 'invalid_client' ? 401 : 400
  return json(status, body, { errorCode: entraFault.error })
}

/** The page of an error that Entra must not send to the redirect URI: the app hears nothing of it. */
export function errorPage(entraFault: EntraFault, request: ServiceRequest, clock: Clock): Answer {
  const text = description(entraFault, request, clock)
  const body = page(
    'Sign in to your account',
    `<h1>Sign in</h1>
<p>Sorry, but we’re having trouble signing you in.</p>
<p id="error" data-code="${entraFault.number}">${escapeHtml(text)}</p>`,
  )
  return html(400, body, { errorCode: `AADSTS${entraFault.number}` })
}
