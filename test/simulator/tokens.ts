/** Every token the simulator hands out: what it's good for, until when, and whether it was revoked. */
import { randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { User } from './directory.ts'
import type { Cloud } from './hosts.ts'
import { shortHash } from './journal.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

/** What an access token carries. All times are simulated ms since 1970. */
export interface AccessToken {
  readonly value: string
  readonly userId: string
  /** Tenant of the token; the personal tenant for a personal account. */
  readonly tenantId: string
  readonly clientId: string
  readonly cloud: Cloud
  /** The Graph host it's for, or undefined: every Graph host of its cloud (asked for by bare scope names). */
  readonly audience: string | undefined
  /** Scope names without resource prefix, e.g. `Presence.ReadWrite`. */
  readonly scopes: ReadonlySet<string>
  readonly issuedAt: number
  readonly expiresAt: number
  /** The client declared `CP1`, so it can answer claims challenges. */
  readonly handlesClaims: boolean
  /** The claims challenge that this token answers (`nbf` of the challenge, ms), or 0. */
  readonly answersChallenge: number
  revoked: boolean
}

/** A refresh token: a standing grant of a user to an application. */
export interface RefreshToken {
  readonly value: string
  readonly userId: string
  readonly tenantId: string
  readonly clientId: string
  readonly cloud: Cloud
  readonly consented: ReadonlySet<string>
  readonly issuedAt: number
  readonly expiresAt: number
  revoked: boolean
}

/** One thing that must never be seen in a log. */
export interface IssuedToken {
  readonly kind: 'access' | 'refresh' | 'id' | 'code' | 'device-code'
  readonly value: string
  /** What the journal calls it. */
  readonly hash: string
  readonly userId?: string
  readonly clientId?: string
}

/** The store of all tokens. */
export interface TokenStore {
  issueAccess: (grant: AccessGrant) => AccessToken
  issueRefresh: (grant: RefreshGrant) => RefreshToken
  issueId: (user: User, tenantId: string, clientId: string, loginHost: string, seconds: number) => string
  /** Notes a code or device code among the secrets handed out. */
  note: (kind: IssuedToken['kind'], value: string) => void
  access: (value: string) => AccessToken | undefined
  refresh: (value: string) => RefreshToken | undefined
  /** Revokes every grant and access token of a user. */
  revoke: (userId: string) => void
  /** Lifetime of the access tokens issued from now on, s; undefined is the default (1 h, 24 h with CP1). */
  setLifetime: (seconds: number | undefined) => void
  lifetime: (handlesClaims: boolean) => number
  issued: () => IssuedToken[]
}

/** What {@link TokenStore.issueAccess} needs. */
export type AccessGrant = Omit<AccessToken, 'value' | 'issuedAt' | 'expiresAt' | 'revoked'>
/** What {@link TokenStore.issueRefresh} needs. */
export type RefreshGrant = Omit<RefreshToken, 'value' | 'issuedAt' | 'expiresAt' | 'revoked'>

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (payload: object): string =>
  // Nothing that talks to the simulator verifies signatures (MSAL doesn't either): random bytes keep tokens unique.
  `${part({ typ: 'JWT', alg: 'RS256', kid: 'simulator' })}.${part(payload)}.${randomBytes(48).toString('base64url')}`

/** A random secret in the shape of an Entra code or refresh token. */
export const opaque = (prefix: string): string => `${prefix}.${randomBytes(48).toString('base64url')}`

/** An empty store on the given clock; `lifetimeSeconds` as in {@link TokenStore.setLifetime}. */
export function createTokenStore(clock: Clock, lifetimeSeconds?: number): TokenStore {
  const access = new Map<string, AccessToken>()
  const refresh = new Map<string, RefreshToken>()
  const issued: IssuedToken[] = []
  let fixed = lifetimeSeconds
  // Tokens of clients that handle claims challenges live up to 28 h, others about 1 h. (Entra, continuous access evaluation)
  const lifetime = (handlesClaims: boolean): number => fixed ?? (handlesClaims ? DAY : HOUR) / 1000
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  const note = (kind: IssuedToken['kind'], value: string, owner: Partial<IssuedToken> = {}): void => {
    issued.push({ kind, value, hash: shortHash(value), ...owner })
  }
  return {
    lifetime,
    setLifetime: (s) => {
      fixed = s
    },
    note: (kind, value) => note(kind, value),
    issueAccess: (grant) => {
      const issuedAt = clock.now()
      const expiresAt = issuedAt + lifetime(grant.handlesClaims) * 1000
      const value = jwt({
        aud:
          grant.audience === undefined ? '00000003-0000-0000-c000-000000000000' : `https://${grant.audience}`,
        iss: `https://sts.windows.net/${grant.tenantId}/`,
        iat: seconds(issuedAt),
        nbf: seconds(issuedAt),
        exp: seconds(expiresAt),
        appid: grant.clientId,
        oid: grant.userId,
        tid: grant.tenantId,
        scp: [...grant.scopes].join(' '),
        ...(grant.handlesClaims ? { xms_cc: ['cp1'] } : {}),
        ver: '1.0',
      })
      const token: AccessToken = { ...grant, value, issuedAt, expiresAt, revoked: false }
      access.set(value, token)
      note('access', value, { userId: grant.userId, clientId: grant.clientId })
      return token
    },
    issueRefresh: (grant) => {
      const issuedAt = clock.now()
      const value = opaque('1.refresh')
      const token: RefreshToken = {
        ...grant,
        value,
        issuedAt,
        expiresAt: issuedAt + 90 * DAY,
        revoked: false,
      }
      refresh.set(value, token)
      note('refresh', value, { userId: grant.userId, clientId: grant.clientId })
      return token
    },
    issueId: (user, tenantId, clientId, loginHost, lifetimeS) => {
      const now = seconds(clock.now())
      // No nonce: MSAL's interactive flow doesn't send one and refuses one it didn't send.
      const value = jwt({
        ver: '2.0',
        iss: `https://${loginHost}/${tenantId}/v2.0`,
        aud: clientId,
        iat: now,
        nbf: now,
        exp: now + lifetimeS,
        sub: shortHash(`${user.id}${clientId}`),
        oid: user.id,
        tid: tenantId,
        name: user.name,
        preferred_username: user.userName,
      })
      note('id', value, { userId: user.id, clientId })
      return value
    },
    access: (value) => access.get(value),
    refresh: (value) => refresh.get(value),
    revoke: (userId) => {
      const id = userId.toLowerCase()
      for (const token of [...access.values(), ...refresh.values()]) {
        if (token.userId.toLowerCase() === id) token.revoked = true
      }
    },
    issued: () => issued.map((t) => ({ ...t })),
  }
}
