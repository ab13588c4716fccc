/** Entra's authorize endpoint: checks, the account page, and the code on its way back to the app. */
import { randomUUID } from 'node:crypto'
import { html, type Answer, type ServiceRequest } from './answer.ts'
import type { Registration, User } from './directory.ts'
import { description, errorPage, faults, type EntraFault } from './entra-errors.ts'
import { accountPage, formPostPage } from './entra-pages.ts'
import {
  appOf,
  isEntraFault,
  readScopes,
  realmOf,
  refuseUser,
  usersOf,
  type EntraParts,
  type Grant,
  type Realm,
  type RequestedScopes,
} from './entra-parts.ts'
import { opaque } from './tokens.ts'

const CODE_LIFETIME = 600_000

/** A code on its way to the token endpoint. */
export interface PendingCode extends Grant {
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly expiresAt: number
  redeemed: boolean
}

interface Flow {
  readonly realm: Realm
  readonly app: Registration
  readonly scopes: RequestedScopes
  readonly redirectUri: string
  readonly responseMode: string
  readonly state: string
  readonly codeChallenge: string
  readonly claims: string
}

/** The endpoint and the codes it has given out. */
export interface AuthorizeEndpoint {
  /** GET .../authorize. */
  show: (segment: string, request: ServiceRequest) => Answer
  /** POST of the account page. */
  choose: (request: ServiceRequest) => Answer
  readonly codes: Map<string, PendingCode>
}

/** Whether a redirect URI is registered: the port of `http://localhost` doesn't count, path and case do. */
export function redirectAllowed(uri: string, app: Registration): boolean {
  const normal = (text: string): string | undefined => {
    if (!URL.canParse(text)) return undefined
    const url = new URL(text)
    if (url.protocol === 'http:' && url.hostname === 'localhost') url.port = ''
    return url.href
  }
  const wanted = normal(uri)
  return wanted !== undefined && app.redirectUris.some((registered) => normal(registered) === wanted)
}

/** The authorize endpoint with an empty list of codes. */
export function createAuthorize(parts: EntraParts): AuthorizeEndpoint {
  const { clock, directory, tokens } = parts
  const flows = new Map<string, Flow>()
  const codes = new Map<string, PendingCode>()

  const redirect = (flow: Flow, fields: Record<string, string>, more: Partial<Answer> = {}): Answer => {
    const all = { ...fields, ...(flow.state === '' ? {} : { state: flow.state }) }
    if (flow.responseMode === 'form_post')
      return { ...html(200, formPostPage(flow.redirectUri, all)), ...more }
    const target = new URL(flow.redirectUri)
    const mark = flow.responseMode === 'fragment' ? 'hash' : 'search'
    target[mark] = new URLSearchParams(all).toString()
    return { status: 302, headers: { Location: target.href }, body: '', ...more }
  }
  const refuse = (flow: Flow, fault: EntraFault, request: ServiceRequest): Answer =>
    redirect(
      flow,
      {
        error: fault.error,
        error_description: description(fault, request, clock),
        error_uri: `https://${request.host}/error?code=${fault.number}`,
        ...(fault.error === 'access_denied' ? { error_subcode: 'cancel' } : {}),
      },
      { errorCode: fault.error },
    )

  const signIn = (flow: Flow, user: User, request: ServiceRequest): Answer => {
    const refused = refuseUser(user, flow.realm, flow.app)
    if (refused !== undefined) return errorPage(refused, request, clock)
    if (flow.realm.tenant?.userConsent === false) {
      return errorPage(faults.adminConsent(flow.app.name), request, clock)
    }
    const code = opaque('1.code')
    tokens.note('code', code)
    codes.set(code, {
      user,
      clientId: flow.app.clientId,
      tenantId: user.tenantId,
      cloud: request.role.cloud,
      scopes: flow.scopes,
      claims: [flow.claims],
      redirectUri: flow.redirectUri,
      codeChallenge: flow.codeChallenge,
      expiresAt: clock.now() + CODE_LIFETIME,
      redeemed: false,
    })
    return redirect(flow, { code, session_state: randomUUID() }, { tookEffect: true })
  }

  /** Everything that is checked before a redirect URI may be trusted, then what goes back to it. */
  const readFlow = (segment: string, request: ServiceRequest): Flow | EntraFault => {
    const q = (name: string): string => request.url.searchParams.get(name) ?? ''
    const realm = realmOf(segment, request, directory)
    if (isEntraFault(realm)) return realm
    const app = appOf(q('client_id'), realm, directory)
    if (isEntraFault(app)) return app
    if (!redirectAllowed(q('redirect_uri'), app))
      return faults.redirectMismatch(q('redirect_uri'), app.clientId)
    if (q('response_type') !== 'code') {
      return faults.badRequest("The request must contain the following parameter: 'response_type' = code.")
    }
    // Stricter than Entra, which takes a public client on a loopback redirect without PKCE.
    if (q('code_challenge') === '' || q('code_challenge_method') !== 'S256') {
      return faults.badRequest('The request must contain a code_challenge with method S256.')
    }
    const scopes = readScopes(q('scope'), request.role.cloud)
    if (isEntraFault(scopes)) return scopes
    return {
      realm,
      app,
      scopes,
      redirectUri: q('redirect_uri'),
      responseMode: q('response_mode') || 'query',
      state: q('state'),
      codeChallenge: q('code_challenge'),
      claims: q('claims'),
    }
  }

  return {
    codes,
    show: (segment, request) => {
      const flow = readFlow(segment, request)
      if (isEntraFault(flow)) return errorPage(flow, request, clock)
      if (request.url.searchParams.get('prompt') === 'none')
        return refuse(flow, faults.loginRequired(), request)
      const hint = directory.user(request.url.searchParams.get('login_hint') ?? '')
      const users = usersOf(flow.realm, request.role.cloud, directory)
      const ordered = hint === undefined ? users : [hint, ...users.filter((u) => u.id !== hint.id)]
      const [first] = ordered
      if (parts.autoApprove() && first !== undefined) return signIn(flow, first, request)
      const id = randomUUID()
      flows.set(id, flow)
      const body = accountPage({
        action: '/simulator/sign-in',
        fields: { flow: id },
        appName: flow.app.name,
        users: ordered,
        scopes: [...flow.scopes.names],
      })
      return html(200, body)
    },
    choose: (request) => {
      const form = new URLSearchParams(request.body)
      const flow = flows.get(form.get('flow') ?? '')
      if (flow === undefined) {
        return errorPage(faults.badRequest('This sign-in is over. Start again in the app.'), request, clock)
      }
      if (form.has('cancel')) return refuse(flow, faults.declined(), request)
      const user = directory.user(form.get('user') ?? '')
      if (user === undefined) {
        return errorPage(faults.badRequest('This account does not exist.'), request, clock)
      }
      return signIn(flow, user, request)
    },
  }
}
