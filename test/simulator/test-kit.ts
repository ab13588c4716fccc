/** What the simulator's own tests share: Graph calls, raw OAuth requests and MSAL on the simulator's door. */
import { createHash, randomBytes } from 'node:crypto'
import { PublicClientApplication, type INetworkModule } from '@azure/msal-node'
import { requestThroughProxy, type Incoming, type Simulator } from './index.ts'

/** Body of an answer, as far as tests look at it. */
export interface Body {
  readonly error?: string | { readonly code: string; readonly message: string; readonly innerError: unknown }
  readonly error_description?: string
  readonly error_codes?: readonly number[]
  readonly suberror?: string
  readonly claims?: string
  readonly availability?: string
  readonly activity?: string
  readonly access_token?: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope?: string
  readonly expires_in?: number
  readonly user_code?: string
  readonly device_code?: string
  readonly verification_uri?: string
  readonly interval?: number
  readonly token_endpoint?: string
  readonly issuer?: string
}

/** An answer with its body as JSON (`{}` for an empty one). */
export interface JsonAnswer extends Incoming {
  readonly json: Body
  /** Graph's `error.code` or Entra's `error`. */
  readonly code: string | undefined
}

const withJson = (answer: Incoming): JsonAnswer => {
  const json = (answer.body === '' ? {} : JSON.parse(answer.body)) as Body
  return { ...answer, json, code: typeof json.error === 'object' ? json.error.code : json.error }
}

/** One Graph call. `body` undefined sends none. */
export async function graphCall(
  simulator: Simulator,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  more: { readonly host?: string; readonly headers?: Record<string, string> } = {},
): Promise<JsonAnswer> {
  const answer = await requestThroughProxy(
    simulator,
    `https://${more.host ?? 'graph.microsoft.com'}/v1.0${path}`,
    {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...more.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    },
  )
  return withJson(answer)
}

/** One form post to Entra. */
export async function entraPost(
  simulator: Simulator,
  url: string,
  form: Record<string, string>,
): Promise<JsonAnswer> {
  const answer = await requestThroughProxy(simulator, url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  return withJson(answer)
}

/** An authorize URL with PKCE, and the verifier to redeem its code with. */
export function authorizeUrl(options: {
  readonly tenant: string
  readonly clientId: string
  readonly redirectUri?: string
  readonly scope?: string
  readonly host?: string
  readonly more?: Record<string, string>
}): { readonly url: string; readonly verifier: string } {
  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    client_id: options.clientId,
    response_type: 'code',
    response_mode: 'form_post',
    redirect_uri: options.redirectUri ?? 'http://localhost:1',
    scope: options.scope ?? 'openid profile offline_access https://graph.microsoft.com/Presence.ReadWrite',
    state: 'the-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...options.more,
  })
  const host = options.host ?? 'login.microsoftonline.com'
  return { url: `https://${host}/${options.tenant}/oauth2/v2.0/authorize?${query.toString()}`, verifier }
}

/** MSAL's network on the simulator's door: no check of its own, so that what MSAL makes of an answer is seen. */
export function msalNetwork(simulator: Simulator): INetworkModule {
  const send = async (method: string, url: string, headers?: Record<string, string>, body?: string) => {
    const answer = await requestThroughProxy(simulator, url, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    })
    // MSAL's port is generic in the body; what a server really sent is not for a network to know.
    return { headers: {}, status: answer.status, body: JSON.parse(answer.body) as never }
  }
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options?.headers),
    sendPostRequestAsync: (url, options) => send('POST', url, options?.headers, options?.body),
  }
}

/** An MSAL public client as the app makes one. */
export const msalClient = (
  simulator: Simulator,
  clientId: string,
  authority: string,
  capabilities: string[] = [],
): PublicClientApplication =>
  new PublicClientApplication({
    auth: { clientId, authority, clientCapabilities: capabilities },
    system: { networkClient: msalNetwork(simulator) },
  })
