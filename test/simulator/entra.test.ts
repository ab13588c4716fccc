/** Entra's flows: by MSAL as the app uses it, and by raw requests where MSAL doesn't look. */
import { InteractionRequiredAuthError, type AccountInfo, type AuthenticationResult } from '@azure/msal-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  OTHER_USER_ID,
  requestThroughProxy,
  signInAsBrowser,
  startSimulator,
  type SignInChoice,
  type Simulator,
} from './index.ts'
import { authorizeUrl, entraPost, graphCall, msalClient } from './test-kit.ts'

const LOGIN = 'https://login.microsoftonline.com'
const AUTHORITY = `${LOGIN}/${DEMO_TENANT_ID}`
const TOKEN = `${AUTHORITY}/oauth2/v2.0/token`
const SCOPES = ['https://graph.microsoft.com/Presence.ReadWrite', 'https://graph.microsoft.com/Presence.Read']

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({ deviceInterval: 0 })
})
afterAll(() => simulator.close())

const client = (capabilities: string[] = []) => msalClient(simulator, DEMO_CLIENT_ID, AUTHORITY, capabilities)
type Client = ReturnType<typeof client>
const interactive = (
  pca: Client,
  choice: SignInChoice = {},
  more: object = {},
): Promise<AuthenticationResult> =>
  pca.acquireTokenInteractive({
    scopes: SCOPES,
    openBrowser: async (url) => {
      await signInAsBrowser(simulator, url, choice)
    },
    ...more,
  })
// Every sign-in of this file has an account; a null would fail on its use.
const accountOf = (result: AuthenticationResult): AccountInfo => result.account!
const graphStatus = async (token: string): Promise<number> =>
  (await graphCall(simulator, token, 'GET', '/me/presence')).status

describe('MSAL', () => {
  it('signs in through form_post, then silently from the cache and by refresh', async () => {
    const pca = client()
    const result = await interactive(pca)
    expect(accountOf(result)).toMatchObject({
      localAccountId: DEMO_USER_ID,
      homeAccountId: `${DEMO_USER_ID}.${DEMO_TENANT_ID}`,
      tenantId: DEMO_TENANT_ID,
      username: DEMO_USER_NAME,
      name: 'Alex Demo',
    })
    expect(await graphStatus(result.accessToken)).toBe(200)
    simulator.clearJournal()
    const cached = await pca.acquireTokenSilent({ scopes: SCOPES, account: accountOf(result) })
    expect(cached.accessToken).toBe(result.accessToken)
    expect(simulator.journal()).toEqual([])
    const forced = { scopes: SCOPES, account: accountOf(result), forceRefresh: true }
    const refreshed = await pca.acquireTokenSilent(forced)
    expect(refreshed.accessToken).not.toBe(result.accessToken)
    expect(await graphStatus(refreshed.accessToken)).toBe(200)
    expect((await pca.acquireTokenSilent(forced)).accessToken).not.toBe(refreshed.accessToken)
  })

  it('signs in as the person who was chosen', async () => {
    const result = await interactive(client(), { user: 'blake@demo.example' })
    expect(accountOf(result).localAccountId).toBe(OTHER_USER_ID)
  })

  it('signs in without a page when auto-approve is on, as the hinted user', async () => {
    simulator.setAutoApprove(true)
    try {
      const result = await interactive(client(), {}, { loginHint: 'blake@demo.example' })
      expect(accountOf(result).username).toBe('blake@demo.example')
    } finally {
      simulator.setAutoApprove(false)
    }
  })

  it('hears access_denied with AADSTS65004 when the person declines', async () => {
    await expect(interactive(client(), { decline: true })).rejects.toMatchObject({
      errorCode: 'access_denied',
      errorMessage: expect.stringContaining('AADSTS65004') as string,
    })
  })

  it('is told invalid_grant (50173) after a revocation, and can sign in again', async () => {
    const pca = client()
    const result = await interactive(pca)
    simulator.revoke(DEMO_USER_NAME)
    expect(await graphStatus(result.accessToken)).toBe(401)
    const silent = pca.acquireTokenSilent({ scopes: SCOPES, account: accountOf(result), forceRefresh: true })
    const error: unknown = await silent.catch((e: unknown) => e)
    expect(error).toMatchObject({ errorCode: 'invalid_grant' })
    expect(String(error)).toContain('AADSTS50173')
    expect(await graphStatus((await interactive(pca)).accessToken)).toBe(200)
  })

  it("can't widen its scopes by a refresh", async () => {
    const pca = client()
    const result = await interactive(pca, {}, { scopes: [SCOPES[0]!] })
    const wider = pca.acquireTokenSilent({ scopes: SCOPES, account: accountOf(result) })
    await expect(wider).rejects.toThrow(InteractionRequiredAuthError)
    await expect(wider).rejects.toThrow('AADSTS65001')
  })

  it('answers a claims challenge silently, or after the person was asked', async () => {
    const pca = client(['CP1'])
    const result = await interactive(pca)
    const account = accountOf(result)
    const challengeOf = async (token: string): Promise<string> => {
      const answer = await graphCall(simulator, token, 'GET', '/me/presence')
      const encoded = /claims="([^"]+)"/.exec(String(answer.headers['www-authenticate']))?.[1] ?? ''
      return Buffer.from(encoded, 'base64').toString()
    }
    simulator.clock.advance(1000)
    simulator.claimsChallenge('silent')
    const claims = await challengeOf(result.accessToken)
    // Refreshing without the claims is the mistake that loops.
    const careless = await pca.acquireTokenSilent({ scopes: SCOPES, account, forceRefresh: true })
    expect(await graphStatus(careless.accessToken)).toBe(401)
    const better = await pca.acquireTokenSilent({ scopes: SCOPES, account, claims })
    expect(await graphStatus(better.accessToken)).toBe(200)

    simulator.clock.advance(1000)
    simulator.claimsChallenge('interactive')
    const again = await challengeOf(better.accessToken)
    await expect(pca.acquireTokenSilent({ scopes: SCOPES, account, claims: again })).rejects.toThrow(
      InteractionRequiredAuthError,
    )
    const asked = await interactive(pca, {}, { account, claims: again })
    expect(await graphStatus(asked.accessToken)).toBe(200)
    simulator.claimsChallenge(false)
  })

  it('signs in with a device code that is approved on its page or by the control API', async () => {
    for (const approve of [
      (code: string) => {
        simulator.approveDevice(code, DEMO_USER_NAME)
        return Promise.resolve()
      },
      async (code: string, uri: string) => {
        const page = await requestThroughProxy(simulator, `${uri}?user_code=${code}`)
        expect(page.body).toContain(code)
        await requestThroughProxy(simulator, uri, {
          method: 'POST',
          body: new URLSearchParams({ user_code: code, user: DEMO_USER_ID }).toString(),
        })
      },
    ]) {
      let approved: Promise<void> | undefined
      const result = await client().acquireTokenByDeviceCode({
        scopes: SCOPES,
        deviceCodeCallback: ({ userCode, verificationUri }) => {
          expect(simulator.pendingDevices()).toEqual([userCode])
          approved = approve(userCode, verificationUri)
        },
      })
      await approved
      expect(result?.account?.username).toBe(DEMO_USER_NAME)
      expect(simulator.pendingDevices()).toEqual([])
    }
  })

  it('is told when a device code is declined', async () => {
    const declined = client().acquireTokenByDeviceCode({
      scopes: SCOPES,
      deviceCodeCallback: ({ userCode }) => simulator.declineDevice(userCode),
    })
    await expect(declined).rejects.toThrow('authorization_declined')
  })

  it('works in the national clouds', async () => {
    for (const [host, tenant, clientId, graph] of [
      [
        'login.microsoftonline.us',
        'demo-us.example',
        '5f0c1ea2-0000-4000-8000-c1ea2be5e0a5',
        'graph.microsoft.us',
      ],
      [
        'login.microsoftonline.us',
        'demo-us.example',
        '5f0c1ea2-0000-4000-8000-c1ea2be5e0a5',
        'dod-graph.microsoft.us',
      ],
    ] as const) {
      const pca = msalClient(simulator, clientId, `https://${host}/${tenant}`)
      const result = await interactive(pca, {}, { scopes: [`https://${graph}/Presence.Read`] })
      const read = await graphCall(simulator, result.accessToken, 'GET', '/me/presence', undefined, {
        host: graph,
      })
      expect(read.status).toBe(200)
      expect(await graphStatus(result.accessToken)).toBe(401)
    }
  })
})

describe('pages without a redirect', () => {
  const open = (more: Partial<Parameters<typeof authorizeUrl>[0]>, choice: SignInChoice = {}) =>
    signInAsBrowser(
      simulator,
      authorizeUrl({ tenant: DEMO_TENANT_ID, clientId: DEMO_CLIENT_ID, ...more }).url,
      choice,
    )

  it.each([
    ['a wrong client id', { clientId: '11111111-1111-4111-8111-111111111111' }, {}, '700016'],
    ['a wrong tenant', { tenant: '11111111-1111-4111-8111-111111111111' }, {}, '90002'],
    ["another cloud's tenant", { tenant: 'demo-us.example' }, {}, '90038'],
    ["another tenant's registration", { tenant: 'contoso.example' }, {}, '700016'],
    ['/organizations for a single-tenant app', { tenant: 'organizations' }, {}, '50194'],
    ['an unknown redirect', { redirectUri: 'http://localhost:1/other' }, {}, '50011'],
    ['no redirect at all', { redirectUri: '' }, {}, '50011'],
    ['a personal account', {}, { user: 'alex@home.example' }, '50020'],
    ["another tenant's account", {}, { user: 'user@contoso.example' }, '50020'],
    ["another cloud's Graph", { scope: 'https://graph.microsoft.us/Presence.Read' }, {}, '500011'],
    ['an unknown scope', { scope: 'https://graph.microsoft.com/Presence.Steal' }, {}, '70011'],
    ['no PKCE', { more: { code_challenge: '' } }, {}, '900144'],
  ])('%s', async (_name, more, choice, code) => {
    expect(await open(more, choice)).toMatchObject({
      outcome: 'error-page',
      code,
      text: expect.stringContaining(`AADSTS${code}: `) as string,
    })
  })

  it('a disabled account, and a tenant where an administrator has to consent', async () => {
    simulator.disableUser(DEMO_USER_NAME, true)
    expect(await open({})).toMatchObject({ outcome: 'error-page', code: '50057' })
    simulator.disableUser(DEMO_USER_NAME, false)
    const tenant = simulator.directory.tenant(DEMO_TENANT_ID)!
    tenant.userConsent = false
    expect(await open({})).toMatchObject({ outcome: 'error-page', code: '90094' })
    tenant.userConsent = true
  })

  it('lets a personal account in through /common where the app allows it', async () => {
    const result = authorizeUrl({ tenant: 'common', clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0ff' })
    const page = await requestThroughProxy(simulator, result.url)
    expect(page.body).toContain('alex@home.example')
  })
})

describe('the token endpoint', () => {
  /** A code, taken from the form instead of being posted to the app. */
  const obtainCode = async (): Promise<{ code: string; verifier: string }> => {
    simulator.setAutoApprove(true)
    const { url, verifier } = authorizeUrl({ tenant: DEMO_TENANT_ID, clientId: DEMO_CLIENT_ID })
    const page = await requestThroughProxy(simulator, url)
    simulator.setAutoApprove(false)
    return { code: /name="code" value="([^"]+)"/.exec(page.body)?.[1] ?? '', verifier }
  }
  const redeem = (code: string, verifier: string, more: Record<string, string> = {}, url = TOKEN) =>
    entraPost(simulator, url, {
      grant_type: 'authorization_code',
      client_id: DEMO_CLIENT_ID,
      redirect_uri: 'http://localhost:1',
      code,
      code_verifier: verifier,
      ...more,
    })
  const codes = async (answer: ReturnType<typeof redeem>) => (await answer).json.error_codes

  it('verifies PKCE and the redirect, and takes a code once', async () => {
    const { code, verifier } = await obtainCode()
    expect(await codes(redeem(code, 'wrong'))).toEqual([501481])
    expect(await codes(redeem(code, verifier, { redirect_uri: 'http://localhost:2' }))).toEqual([50011])
    const good = await redeem(code, verifier)
    expect(good.status).toBe(200)
    expect(good.json.scope).toBe('openid profile https://graph.microsoft.com/Presence.ReadWrite')
    expect(await codes(redeem(code, verifier))).toEqual([54005])
  })

  it('lets codes and refresh tokens grow old', async () => {
    const late = await obtainCode()
    simulator.clock.advance(10 * 60_000)
    expect(await codes(redeem(late.code, late.verifier))).toEqual([70008])
    const { code, verifier } = await obtainCode()
    const { refresh_token } = (await redeem(code, verifier)).json
    const refresh = () =>
      entraPost(simulator, TOKEN, {
        grant_type: 'refresh_token',
        client_id: DEMO_CLIENT_ID,
        scope: 'openid offline_access https://graph.microsoft.com/Presence.ReadWrite',
        refresh_token: refresh_token ?? '',
      })
    const first = await refresh()
    expect(first.json.refresh_token).not.toBe(refresh_token)
    // Entra doesn't revoke a refresh token that was used.
    expect((await refresh()).status).toBe(200)
    simulator.clock.advance(91 * 86_400_000)
    expect(await codes(refresh())).toEqual([700082])
  })

  it('issues the lifetime that was asked for, longer for clients with CP1', async () => {
    const issue = async (more: Record<string, string>) => {
      const { code, verifier } = await obtainCode()
      return (await redeem(code, verifier, more)).json.expires_in
    }
    expect(await issue({})).toBe(3600)
    expect(await issue({ claims: '{"access_token":{"xms_cc":{"values":["CP1"]}}}' })).toBe(86_400)
    simulator.setTokenLifetime(900)
    expect(await issue({})).toBe(900)
    simulator.setTokenLifetime()
  })

  it('answers errors in the shape of Entra', async () => {
    const answer = await entraPost(simulator, `${LOGIN}/nowhere/oauth2/v2.0/token`, {
      client_id: DEMO_CLIENT_ID,
    })
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringMatching(
        /^AADSTS90002: .* Trace ID: \S+ Correlation ID: \S+ Timestamp: \S+ \S+Z$/,
      ) as string,
      error_codes: [90002],
      timestamp: expect.any(String) as string,
      trace_id: expect.any(String) as string,
      correlation_id: expect.any(String) as string,
    })
  })

  it('refuses device codes for a registration without public client flows', async () => {
    simulator.addToDirectory({
      apps: [
        { clientId: 'web', name: 'Web', tenantId: DEMO_TENANT_ID, redirectUris: [], publicClient: false },
      ],
    })
    const started = await entraPost(simulator, `${AUTHORITY}/oauth2/v2.0/devicecode`, {
      client_id: 'web',
      scope: 'openid Presence.Read',
    })
    const polled = await entraPost(simulator, TOKEN, {
      grant_type: 'device_code',
      client_id: 'web',
      device_code: started.json.device_code ?? '',
    })
    expect([polled.status, polled.code, polled.json.error_codes]).toEqual([401, 'invalid_client', [7000218]])
  })

  it('offers discovery documents and a sign-out page', async () => {
    const get = (path: string) => requestThroughProxy(simulator, LOGIN + path)
    const config = JSON.parse(
      (await get(`/${DEMO_TENANT_ID}/v2.0/.well-known/openid-configuration`)).body,
    ) as object
    expect(config).toMatchObject({ token_endpoint: TOKEN, issuer: `${AUTHORITY}/v2.0` })
    expect((await get('/common/discovery/instance?api-version=1.1')).body).toContain(
      'login.partner.microsoftonline.cn',
    )
    expect((await get(`/${DEMO_TENANT_ID}/oauth2/v2.0/logout`)).status).toBe(200)
  })
})
