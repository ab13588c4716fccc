/** What the token file holds once it is decrypted: MSAL's own text per registration, and who signed in. */
import { CLOUDS } from '../../shared/presence.ts'
import type { Identity } from '../core/model.ts'

const VERSION = 1

/** One account that has signed in on this machine. */
export interface Remembered {
  readonly identity: Identity
  /** The tenant that was configured at sign-in: a GUID, a domain name or `organizations`. */
  readonly tenant: string
  /** The operating system's broker holds its tokens. */
  readonly brokered: boolean
}

/** The whole cache in memory. */
export interface CacheContent {
  /** MSAL's serialized cache per registration. Holds secrets. */
  readonly parts: Readonly<Record<string, string>>
  readonly accounts: readonly Remembered[]
}

/** Nobody has signed in. */
export const EMPTY_CONTENT: CacheContent = { parts: {}, accounts: [] }

/** The text to encrypt. */
export function serializeContent(content: CacheContent): string {
  return JSON.stringify({ version: VERSION, ...content })
}

/** Reads a decrypted text; null when it isn't ours, is damaged, or comes from a newer version. */
export function parseContent(text: string): CacheContent | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isObject(value) || value['version'] !== VERSION) return null
  const { parts, accounts } = value
  if (!isObject(parts) || !Array.isArray(accounts)) return null
  const texts: [string, string][] = []
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part !== 'string' || !isMsalCache(part)) return null
    texts.push([name, part])
  }
  const known: Remembered[] = []
  for (const entry of accounts) {
    const account = parseAccount(entry)
    if (account === null) return null
    known.push(account)
  }
  return { parts: Object.fromEntries(texts), accounts: known }
}

function parseAccount(value: unknown): Remembered | null {
  if (!isObject(value) || !isObject(value['identity'])) return null
  const { tenant, brokered } = value
  const { cloud, tenantId, userId, clientId, homeAccountId, username, name } = value['identity']
  const known = CLOUDS.find((candidate) => candidate === cloud)
  if (known === undefined || typeof tenant !== 'string' || typeof brokered !== 'boolean') return null
  if (!isText(tenantId) || !isText(userId) || !isText(clientId) || !isText(homeAccountId)) return null
  if (typeof username !== 'string' || typeof name !== 'string') return null
  const identity: Identity = { cloud: known, tenantId, userId, clientId, homeAccountId, username, name }
  return { identity, tenant, brokered }
}

/** MSAL throws in the middle of a request when its text isn't an object of objects. */
function isMsalCache(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && Object.values(value).every(isObject)
  } catch {
    return false
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
