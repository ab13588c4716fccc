/** What the parts of the simulated Entra share: stores, requested scopes, and the checks of tenant and application. */
import type { ServiceRequest } from './answer.ts'
import type { Clock } from './clock.ts'
import { PERSONAL_TENANT_ID, type Directory, type Registration, type Tenant, type User } from './directory.ts'
import { faults, type EntraFault } from './entra-errors.ts'
import type { ChallengeState } from './graph-auth.ts'
import type { Assumptions } from './graph-errors.ts'
import { HOSTS, type Cloud } from './hosts.ts'
import type { TokenStore } from './tokens.ts'

/** What Entra stands on. */
export interface EntraParts {
  readonly clock: Clock
  readonly directory: Directory
  readonly tokens: TokenStore
  readonly challenge: ChallengeState
  readonly assumptions: Assumptions
  /** Sign-in without the account page: the hinted user, or the tenant's first one. */
  readonly autoApprove: () => boolean
  /** Seconds between polls that the device code answer asks for. */
  readonly deviceInterval: number
}

/** A sign-in that was agreed to: what a code or a device code turns into. */
export interface Grant {
  readonly user: User
  readonly clientId: string
  /** The tenant of the tokens. */
  readonly tenantId: string
  readonly cloud: Cloud
  readonly scopes: RequestedScopes
  /** The `claims` JSON of the requests that led here; '' where one had none. */
  readonly claims: readonly string[]
}

/** The `scope` parameter, read. */
export interface RequestedScopes {
  /** As they were asked for: what the answer's `scope` has to repeat. */
  readonly asked: readonly string[]
  /** Graph permissions without prefix. */
  readonly names: ReadonlySet<string>
  /** The Graph host, or undefined if only bare names were used. */
  readonly audience: string | undefined
  readonly openId: boolean
  readonly offline: boolean
}

/** Delegated Graph permissions that exist here. */
const PERMISSIONS = new Set(['Presence.Read', 'Presence.Read.All', 'Presence.ReadWrite', 'User.Read'])
const OPENID = new Set(['openid', 'profile', 'offline_access', 'email'])

/** Narrows a value that may be an error. */
export const isEntraFault = (value: object): value is EntraFault => 'error' in value && 'number' in value

/** Reads a `scope` parameter for a cloud. */
export function readScopes(scope: string, cloud: Cloud): RequestedScopes | EntraFault {
  const asked = scope.split(/\s+/).filter((s) => s !== '')
  const names = new Set<string>()
  let audience: string | undefined
  for (const entry of asked) {
    if (OPENID.has(entry)) continue
    const [, host, rest] = /^https:\/\/([^/]+)\/(.+)$/.exec(entry) ?? []
    if (host !== undefined) {
      const role = HOSTS.get(host)
      if (role?.service !== 'graph' || role.cloud !== cloud) return faults.resourceNotFound(`https://${host}`)
      audience = host
    }
    const name = rest ?? entry
    if (name === '.default') for (const p of ['Presence.Read', 'Presence.ReadWrite']) names.add(p)
    else if (PERMISSIONS.has(name)) names.add(name)
    else return faults.invalidScope(entry)
  }
  if (asked.length === 0) return faults.invalidScope("''")
  return {
    asked,
    names,
    audience,
    openId: asked.includes('openid'),
    offline: asked.includes('offline_access'),
  }
}

/** Where a request goes: one tenant, or any tenant of a kind. */
export interface Realm {
  /** The path's first segment as it was sent. */
  readonly segment: string
  /** Undefined for common, organizations and consumers. */
  readonly tenant: Tenant | undefined
}

const SHARED = new Set(['common', 'organizations', 'consumers'])
const NATIONAL_CLOUD: Record<Cloud, string> = {
  global: 'MicrosoftOnline.COM',
  usgov: 'MicrosoftOnline.US',
  china: 'MicrosoftOnline.CN',
}

/** The tenant a path names, on the cloud of its host. */
export function realmOf(segment: string, request: ServiceRequest, directory: Directory): Realm | EntraFault {
  if (SHARED.has(segment.toLowerCase())) return { segment: segment.toLowerCase(), tenant: undefined }
  const tenant = directory.tenant(decodeURIComponent(segment))
  if (tenant === undefined) return faults.tenantNotFound(segment)
  if (tenant.cloud !== request.role.cloud) return faults.wrongCloud(segment, NATIONAL_CLOUD[tenant.cloud])
  return { segment, tenant }
}

/** The registration that a client id names in a realm. */
export function appOf(clientId: string, realm: Realm, directory: Directory): Registration | EntraFault {
  if (clientId === '') {
    return faults.badRequest("The request body must contain the following parameter: 'client_id'.")
  }
  const app = directory.app(clientId)
  const { tenant } = realm
  const foreign = tenant !== undefined && app?.multiTenant !== true && app?.tenantId !== tenant.id
  if (app === undefined || foreign) return faults.appNotFound(clientId, tenant?.name ?? realm.segment)
  if (tenant === undefined && app.multiTenant !== true) return faults.notMultiTenant(clientId, app.name)
  return app
}

/** Who may sign in to an application in a realm, as the account page lists them. */
export function usersOf(realm: Realm, cloud: Cloud, directory: Directory): User[] {
  const { tenant, segment } = realm
  const isPersonal = (user: User): boolean => user.tenantId === PERSONAL_TENANT_ID
  return directory.users.filter((user) => {
    if (isPersonal(user)) return cloud === 'global' && segment !== 'organizations'
    if (segment === 'consumers') return false
    return tenant === undefined
      ? directory.tenant(user.tenantId)?.cloud === cloud
      : user.tenantId === tenant.id
  })
}

/** Why a user may not sign in here, or undefined. Entra shows this on a page and doesn't redirect. */
export function refuseUser(user: User, realm: Realm, app: Registration): EntraFault | undefined {
  const personal = user.tenantId === PERSONAL_TENANT_ID
  const where = realm.tenant?.name ?? 'Microsoft Entra ID'
  if (
    personal &&
    (realm.tenant !== undefined || realm.segment === 'organizations' || app.personalAccounts !== true)
  ) {
    return faults.personalAccount(user.userName, where)
  }
  if (!personal && realm.tenant !== undefined && user.tenantId !== realm.tenant.id) {
    return faults.personalAccount(user.userName, where)
  }
  return user.disabled === true ? faults.userDisabled() : undefined
}

/** Whether claims declare the capability to answer challenges (CP1). */
export function declaresCp1(claims: readonly string[]): boolean {
  return claims.some((text) => {
    const values = claimsAccess(text)?.xms_cc?.values
    return Array.isArray(values) && values.some((v) => String(v).toLowerCase() === 'cp1')
  })
}

/** The latest `nbf` that claims ask for, simulated ms, or 0. */
export function claimedNbf(claims: readonly string[]): number {
  const values = claims.map((text) => Number(claimsAccess(text)?.nbf?.value))
  return Math.max(0, ...values.filter(Number.isFinite)) * 1000
}

interface AccessClaims {
  readonly nbf?: { readonly value?: unknown } | null
  readonly xms_cc?: { readonly values?: unknown } | null
}

function claimsAccess(claims: string): AccessClaims | undefined {
  if (claims === '') return undefined
  try {
    return (JSON.parse(claims) as { access_token?: AccessClaims } | null)?.access_token
  } catch {
    return undefined
  }
}
