/** Who and what exists: tenants, users and application registrations. */
import type { Cloud } from './hosts.ts'

/** Tenant of the demo, known to the app so that it can say "demo". */
export const DEMO_TENANT_ID = '5f0c1ea2-0000-4000-8000-c1ea2be5e000'
/** The demo tenant's registration: public client, loopback redirect, delegated presence permissions. */
export const DEMO_CLIENT_ID = '5f0c1ea2-0000-4000-8000-c1ea2be5eadd'
/** Object id of Alex Demo. */
export const DEMO_USER_ID = '5f0c1ea2-0000-4000-8000-a1ecde300001'
/** Sign-in name of Alex Demo. */
export const DEMO_USER_NAME = 'alex@demo.example'

/** A second person in the demo tenant, to sign in as somebody else and to be refused. */
export const OTHER_USER_ID = '5f0c1ea2-0000-4000-8000-b1a1de300002'
/** A second registration in the demo tenant: "a vendor's own". */
export const OTHER_CLIENT_ID = '5f0c1ea2-0000-4000-8000-0e4de4000003'

/** Tenant, user and application of the clearPresence example in Microsoft's Graph reference. */
export const DOC_TENANT_ID = '5f0c1ea2-0000-4000-8000-d0c000000000'
/** See {@link DOC_TENANT_ID}. */
export const DOC_USER_ID = 'fa8bf3dc-eca7-46b7-bad1-db199b62afc3'
/** See {@link DOC_TENANT_ID}. */
export const DOC_CLIENT_ID = '22553876-f5ab-4529-bffb-cfe50aa89f87'

/** The tenant id that every personal Microsoft account carries. */
export const PERSONAL_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** One Entra tenant. */
export interface Tenant {
  readonly id: string
  readonly name: string
  readonly domain: string
  readonly cloud: Cloud
  /** False: people may not consent themselves; sign-in ends on "Need admin approval". Default true. */
  userConsent?: boolean
}

/** One person. A personal Microsoft account has {@link PERSONAL_TENANT_ID} as its tenant. */
export interface User {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** User principal name. */
  readonly userName: string
  disabled?: boolean
}

/** One application registration. */
export interface Registration {
  readonly clientId: string
  readonly name: string
  /** The tenant it is registered in. */
  readonly tenantId: string
  /** Redirect URIs; `http://localhost` matches any port. */
  readonly redirectUris: readonly string[]
  /** Usable from other tenants and by `/common` and `/organizations`. Default false. */
  multiTenant?: boolean
  /** Personal accounts may sign in through `/common`. Default false. */
  personalAccounts?: boolean
  /** "Allow public client flows", which device code needs. Default true. */
  publicClient?: boolean
}

/** What a simulator is filled with, or what is added to it later. */
export interface DirectorySeed {
  readonly tenants?: readonly Tenant[]
  readonly users?: readonly User[]
  readonly apps?: readonly Registration[]
}

/** The mutable directory. Ids and names are compared without regard to case. */
export interface Directory {
  readonly tenants: readonly Tenant[]
  readonly users: readonly User[]
  readonly apps: readonly Registration[]
  add: (seed: DirectorySeed) => void
  /** Takes a registration away ("an administrator deleted the app"). */
  removeApp: (clientId: string) => void
  /** By id or domain. */
  tenant: (idOrDomain: string) => Tenant | undefined
  /** By object id or user principal name. */
  user: (idOrName: string) => User | undefined
  app: (clientId: string) => Registration | undefined
}

const LOOPBACK = ['http://localhost']

/** The demo tenant, Microsoft's example, one tenant in each other cloud, and a personal account. */
export const DEFAULT_DIRECTORY: Required<DirectorySeed> = {
  tenants: [
    { id: DEMO_TENANT_ID, name: 'Demo', domain: 'demo.example', cloud: 'global' },
    { id: DOC_TENANT_ID, name: 'Contoso', domain: 'contoso.example', cloud: 'global' },
    {
      id: '5f0c1ea2-0000-4000-8000-0000000000a5',
      name: 'Demo US',
      domain: 'demo-us.example',
      cloud: 'usgov',
    },
    {
      id: '5f0c1ea2-0000-4000-8000-0000000000c2',
      name: 'Demo CN',
      domain: 'demo-cn.example',
      cloud: 'china',
    },
  ],
  users: [
    { id: DEMO_USER_ID, tenantId: DEMO_TENANT_ID, name: 'Alex Demo', userName: DEMO_USER_NAME },
    { id: OTHER_USER_ID, tenantId: DEMO_TENANT_ID, name: 'Blake Demo', userName: 'blake@demo.example' },
    { id: DOC_USER_ID, tenantId: DOC_TENANT_ID, name: 'Contoso User', userName: 'user@contoso.example' },
    {
      id: '5f0c1ea2-0000-4000-8000-a1ecde3000a5',
      tenantId: '5f0c1ea2-0000-4000-8000-0000000000a5',
      name: 'Alex US',
      userName: 'alex@demo-us.example',
    },
    {
      id: '5f0c1ea2-0000-4000-8000-a1ecde3000c2',
      tenantId: '5f0c1ea2-0000-4000-8000-0000000000c2',
      name: 'Alex CN',
      userName: 'alex@demo-cn.example',
    },
    {
      id: '00000000-0000-0000-6162-636465666768',
      tenantId: PERSONAL_TENANT_ID,
      name: 'Alex at Home',
      userName: 'alex@home.example',
    },
  ],
  apps: [
    {
      clientId: DEMO_CLIENT_ID,
      name: 'Clear Presence',
      tenantId: DEMO_TENANT_ID,
      redirectUris: LOOPBACK,
    },
    {
      clientId: OTHER_CLIENT_ID,
      name: 'Softphone of a vendor',
      tenantId: DEMO_TENANT_ID,
      redirectUris: LOOPBACK,
    },
    { clientId: DOC_CLIENT_ID, name: 'Example', tenantId: DOC_TENANT_ID, redirectUris: LOOPBACK },
    {
      clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0a5',
      name: 'Clear Presence US',
      tenantId: '5f0c1ea2-0000-4000-8000-0000000000a5',
      redirectUris: LOOPBACK,
    },
    {
      clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0c2',
      name: 'Clear Presence CN',
      tenantId: '5f0c1ea2-0000-4000-8000-0000000000c2',
      redirectUris: LOOPBACK,
    },
    {
      clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0ff',
      name: 'Any account',
      tenantId: DEMO_TENANT_ID,
      redirectUris: LOOPBACK,
      multiTenant: true,
      personalAccounts: true,
    },
  ],
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** A directory filled with copies of the given entries; an entry added later replaces one with the same id. */
export function createDirectory(...seeds: readonly DirectorySeed[]): Directory {
  const tenants: Tenant[] = []
  const users: User[] = []
  const apps: Registration[] = []
  const put = <T extends object>(list: T[], entry: T, isIt: (other: T) => boolean): void => {
    const at = list.findIndex(isIt)
    list.splice(at === -1 ? list.length : at, at === -1 ? 0 : 1, { ...entry })
  }
  const directory: Directory = {
    tenants,
    users,
    apps,
    add: (seed) => {
      for (const t of seed.tenants ?? []) put(tenants, t, (o) => same(o.id, t.id))
      for (const u of seed.users ?? []) put(users, u, (o) => same(o.id, u.id))
      for (const a of seed.apps ?? []) put(apps, a, (o) => same(o.clientId, a.clientId))
    },
    removeApp: (clientId) => {
      const at = apps.findIndex((a) => same(a.clientId, clientId))
      if (at !== -1) apps.splice(at, 1)
    },
    tenant: (key) => tenants.find((t) => same(t.id, key) || same(t.domain, key)),
    user: (key) => users.find((u) => same(u.id, key) || same(u.userName, key)),
    app: (clientId) => apps.find((a) => same(a.clientId, clientId)),
  }
  for (const seed of seeds) directory.add(seed)
  return directory
}
