/** Entra's routes: the endpoints under a tenant, discovery, and the pages' own posts. */
import { html, json, type Answer, type Service, type ServiceRequest } from './answer.ts'
import { createAuthorize } from './entra-authorize.ts'
import { createDeviceFlow, type DeviceFlow } from './entra-device.ts'
import { entraError, faults } from './entra-errors.ts'
import { messagePage } from './entra-pages.ts'
import { isEntraFault, realmOf, type EntraParts } from './entra-parts.ts'
import { createTokenEndpoint } from './entra-token.ts'
import { LOGIN_HOST, type Cloud } from './hosts.ts'

/** Host names that mean the same authority, as instance discovery reports them. */
const ALIASES: Record<Cloud, readonly string[]> = {
  global: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
  usgov: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
  china: ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn'],
}
const PREFERRED_CACHE: Record<Cloud, string> = {
  global: 'login.windows.net',
  usgov: 'login.microsoftonline.us',
  china: 'login.partner.microsoftonline.cn',
}

/** The service and the remote control of its device codes. */
export interface Entra {
  readonly service: Service
  readonly device: DeviceFlow
}

function instanceDiscovery(host: string): Answer {
  const metadata = (Object.keys(LOGIN_HOST) as Cloud[]).map((cloud) => ({
    preferred_network: LOGIN_HOST[cloud],
    preferred_cache: PREFERRED_CACHE[cloud],
    aliases: ALIASES[cloud],
  }))
  return json(200, {
    tenant_discovery_endpoint: `https://${host}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata,
  })
}

function openIdConfiguration(segment: string, request: ServiceRequest, parts: EntraParts): Answer {
  const realm = realmOf(segment, request, parts.directory)
  if (isEntraFault(realm)) return entraError(realm, request, parts.clock)
  const base = `https://${request.host}/${segment}`
  return json(200, {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    issuer: `https://${request.host}/${realm.tenant?.id ?? '{tenantid}'}/v2.0`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'oid', 'name', 'preferred_username'],
  })
}

function logout(request: ServiceRequest): Answer {
  const back = request.url.searchParams.get('post_logout_redirect_uri')
  return back === null
    ? html(200, messagePage('You signed out of your account', 'You can close this window.'))
    : { status: 302, headers: { Location: back }, body: '' }
}

/** Entra on every login host. */
export function createEntra(parts: EntraParts): Entra {
  const authorize = createAuthorize(parts)
  const device = createDeviceFlow(parts)
  const token = createTokenEndpoint(parts, authorize, device)

  const service: Service = (request) => {
    const { method } = request
    const { pathname } = request.url
    if (pathname === '/simulator/sign-in' && method === 'POST') return authorize.choose(request)
    if (pathname === '/common/oauth2/deviceauth') return device.page(request)
    if (pathname === '/common/discovery/instance') return instanceDiscovery(request.host)
    const [, segment = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(pathname) ?? []
    switch (`${method} ${rest}`) {
      case 'GET oauth2/v2.0/authorize':
        return authorize.show(segment, request)
      case 'POST oauth2/v2.0/token':
        return token(segment, request)
      case 'POST oauth2/v2.0/devicecode':
        return device.start(segment, request)
      case 'GET oauth2/v2.0/logout':
        return logout(request)
      case 'GET v2.0/.well-known/openid-configuration':
        return openIdConfiguration(segment, request, parts)
      case 'GET discovery/v2.0/keys':
        return json(200, { keys: [] })
      default:
        return entraError(faults.badRequest(`There is nothing at ${pathname}.`), request, parts.clock)
    }
  }
  return { service, device }
}
