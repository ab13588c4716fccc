/** MSAL as this app uses it: one public client per registration, on our network client and our cache. */
import { randomBytes } from 'node:crypto'
import {
  CryptoProvider,
  LogLevel,
  PublicClientApplication,
  ResponseMode,
  ServerError,
  type AccountInfo,
  type AuthenticationResult,
  type DeviceCodeRequest,
  type INetworkModule,
} from '@azure/msal-node'
import type { AccessToken, Identity, Log } from '../core/model.ts'
import { clouds } from '../graph/route.ts'
import type { Cloud } from '../../shared/presence.ts'
import { NetworkTrouble } from './errors.ts'
import { listenForRedirect } from './loopback.ts'
import { partName, type TokenCache } from './token-cache.ts'

/** Messages of MSAL are cut here in our log, characters. */
const MAX_MESSAGE = 300
/** As Entra writes object and tenant ids. They become keys of the registry and parts of URLs. */
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** MSAL's account id: two GUIDs and a dot; longer for accounts of other kinds, characters. */
const MAX_ACCOUNT_ID = 256
/** Names are cut here, characters. */
const MAX_NAME = 1024

/** A registration as it is configured. */
export interface Registration {
  readonly cloud: Cloud
  /** GUID, verified domain name, or `organizations`. */
  readonly tenant: string
  readonly clientId: string
}

/** What an access token was asked for. */
export interface SilentOptions {
  readonly force: boolean
  /** A claims challenge as JSON text; '' for none. */
  readonly claims: string
}

/** What a sign-in in the browser needs. */
export interface InteractiveOptions {
  readonly loginHint: string
  readonly claims: string
  /** Opens the authorization URL; resolves when the browser has started. */
  openBrowser(url: string): Promise<void>
  readonly successPage: string
  readonly errorPage: string
  /** Stops waiting for the browser. A code that has come already is still redeemed. */
  readonly signal: AbortSignal
}

/** What Entra gave: who, and a token for it. */
export interface Granted {
  readonly identity: Identity
  readonly token: AccessToken
}

/** MSAL behind few words. All calls reject with an `AuthError` (errors.ts says what each means). */
export interface Msal {
  /** The cached token, or a refreshed one. Never opens a browser. */
  silent(identity: Identity, options: SilentOptions): Promise<AccessToken>
  /**
   * Sign-in in the system's browser with PKCE. Has no timeout: sign-in.ts bounds it.
   * Rejects with a `LoopbackFailed` too, when there can be no listener, and with what `openBrowser` rejects with.
   */
  interactive(registration: Registration, options: InteractiveOptions): Promise<Granted>
  /** Sign-in on another device. Polls until `request.cancel` is set or the code expires. */
  deviceCode(
    registration: Registration,
    request: Pick<DeviceCodeRequest, 'deviceCodeCallback' | 'cancel'>,
  ): Promise<Granted>
  /** Forgets an account and its tokens. */
  remove(identity: Identity): Promise<void>
}

/** What MSAL needs. */
export interface MsalOptions {
  readonly network: INetworkModule
  readonly cache: TokenCache
  readonly log: Log
}

/** The scopes of this app, and no others (least privilege). */
export function scopesOf(cloud: Cloud): string[] {
  const { graph } = clouds[cloud]
  return [`${graph}/Presence.ReadWrite`, `${graph}/Presence.Read`]
}

/** The authority URL of a tenant. */
export function authorityOf(cloud: Cloud, tenant: string): string {
  return `${clouds[cloud].authority}/${encodeURIComponent(tenant)}`
}

/** Builds it. Clients are made when first needed, also for registrations that are no longer configured. */
export function createMsal(options: MsalOptions): Msal {
  const clients = new Map<string, PublicClientApplication>()

  function clientOf(registration: Pick<Registration, 'cloud' | 'clientId'>): PublicClientApplication {
    const name = partName(registration)
    const made = clients.get(name)
    if (made !== undefined) return made
    const client = new PublicClientApplication({
      auth: {
        clientId: registration.clientId,
        // Each request names its own tenant; `organizations` never admits personal accounts.
        authority: authorityOf(registration.cloud, 'organizations'),
        // We handle claims challenges, and get tokens of up to 28 hours for it (continuous access evaluation).
        clientCapabilities: ['CP1'],
      },
      cache: { cachePlugin: options.cache.plugin(name) },
      system: {
        networkClient: options.network,
        loggerOptions: {
          piiLoggingEnabled: false,
          logLevel: LogLevel.Warning,
          loggerCallback: (level, message, containsPii) => {
            if (containsPii) return
            const data = { message: message.slice(0, MAX_MESSAGE) }
            if (level === LogLevel.Error) options.log.error('msal', data)
            else options.log.warn('msal', data)
          },
        },
      },
    })
    clients.set(name, client)
    return client
  }

  async function accountOf(client: PublicClientApplication, identity: Identity): Promise<AccountInfo> {
    const accounts = await client.getTokenCache().getAllAccounts()
    const account = accounts.find((candidate) => candidate.homeAccountId === identity.homeAccountId)
    return {
      homeAccountId: identity.homeAccountId,
      environment: account?.environment ?? new URL(clouds[identity.cloud].authority).hostname,
      // A guest's tokens are those of the tenant they signed in to, not of their home.
      tenantId: identity.tenantId,
      localAccountId: identity.userId,
      username: identity.username,
    }
  }

  return {
    silent: async (identity, { force, claims }) => {
      const client = clientOf(identity)
      const result = await client.acquireTokenSilent({
        account: await accountOf(client, identity),
        scopes: scopesOf(identity.cloud),
        authority: authorityOf(identity.cloud, identity.tenantId),
        forceRefresh: force,
        ...(claims === '' ? {} : { claims }),
      })
      // MSAL doesn't check that a refresh answered for the account it was asked for.
      if (result.uniqueId !== '' && result.uniqueId.toLowerCase() !== identity.userId.toLowerCase()) {
        throw new NetworkTrouble({ code: 'unexpected-answer', detail: 'another account' })
      }
      return tokenOf(result)
    },
    interactive: async (registration, request) => {
      const client = clientOf(registration)
      const crypto = new CryptoProvider()
      const { verifier, challenge } = await crypto.generatePkceCodes()
      const state = randomBytes(32).toString('base64url')
      // Not `acquireTokenInteractive`: MSAL's own listener is open to anybody (loopback.ts) and can't be replaced.
      const listener = await listenForRedirect({ ...request, state })
      try {
        const common = {
          scopes: scopesOf(registration.cloud),
          authority: authorityOf(registration.cloud, registration.tenant),
          redirectUri: listener.redirectUri,
          correlationId: crypto.createNewGuid(),
          ...(request.claims === '' ? {} : { claims: request.claims }),
        }
        const url = await client.getAuthCodeUrl({
          ...common,
          state,
          responseMode: ResponseMode.FORM_POST,
          codeChallenge: challenge,
          codeChallengeMethod: 'S256',
          // Without a hint, the account that happens to be signed in to the browser may not be the one meant.
          ...(request.loginHint === '' ? { prompt: 'select_account' } : { loginHint: request.loginHint }),
        })
        await request.openBrowser(url)
        const answer = await listener.answer
        if (answer.type === 'aborted') throw new ServerError('user_canceled', common.correlationId)
        if (answer.type === 'error')
          throw new ServerError(answer.error, common.correlationId, answer.description, answer.suberror)
        const { code, clientInfo } = answer
        const result = await client.acquireTokenByCode({
          ...common,
          code,
          codeVerifier: verifier,
          clientInfo,
        })
        return grantedOf(result, registration)
      } finally {
        listener.close()
      }
    },
    deviceCode: async (registration, request) => {
      // The same object must reach MSAL, which reads `cancel` from it at each poll.
      const full: DeviceCodeRequest = Object.assign(request, {
        scopes: scopesOf(registration.cloud),
        authority: authorityOf(registration.cloud, registration.tenant),
      })
      const result = await clientOf(registration).acquireTokenByDeviceCode(full)
      if (result === null) throw new NetworkTrouble({ code: 'unexpected-answer' })
      return grantedOf(result, registration)
    },
    remove: async (identity) => {
      const client = clientOf(identity)
      await client.getTokenCache().removeAccount(await accountOf(client, identity))
    },
  }
}

/** The token of a result. MSAL can resolve with an empty one. */
function tokenOf(result: AuthenticationResult): AccessToken {
  if (result.accessToken === '' || result.expiresOn === null)
    throw new NetworkTrouble({ code: 'unexpected-answer' })
  return { accessToken: result.accessToken, expiresAt: result.expiresOn.getTime() }
}

/** Who signed in. The object id is the one in the token's tenant, which is what Graph's presence URLs take. */
function grantedOf(result: AuthenticationResult, registration: Registration): Granted {
  const token = tokenOf(result)
  const { account } = result
  const claims: Readonly<Record<string, unknown>> = { ...result.idTokenClaims }
  const claim = (name: string): string => textOf(claims[name])
  const userId = claim('oid') === '' ? result.uniqueId : claim('oid')
  const tenantId = claim('tid') === '' ? result.tenantId : claim('tid')
  // The registry takes nothing else, and a record that it can't write would keep all others from being written too.
  const isSound =
    account !== null &&
    GUID.test(userId) &&
    GUID.test(tenantId) &&
    account.homeAccountId.length <= MAX_ACCOUNT_ID
  if (!isSound) throw new NetworkTrouble({ code: 'unexpected-answer' })
  const username = textOf(account.username)
  return {
    identity: {
      cloud: registration.cloud,
      clientId: registration.clientId,
      tenantId,
      userId,
      homeAccountId: account.homeAccountId,
      username,
      name: claim('name') === '' ? username : claim('name'),
    },
    token,
  }
}

/** A name out of a token, which may hold anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_NAME) : ''
}
