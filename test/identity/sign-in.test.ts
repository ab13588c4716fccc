import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Broker } from '../../src/main/identity/broker.ts'
import {
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  OTHER_USER_ID,
  signInAsBrowser,
  type BrowserResult,
  type SignInChoice,
  startSimulator,
  type Simulator,
} from '../simulator/index.ts'
import { breathe, createBench, DEMO, type Bench } from './support.ts'

let simulator: Simulator
let bench: Bench
beforeAll(async () => {
  simulator = await startSimulator({ deviceInterval: 0 })
})
afterAll(() => simulator.close())
let shown: Promise<BrowserResult> | null
beforeEach(() => {
  bench = createBench(simulator)
  shown = null
})
afterEach(() => bench.close())

/** The browser that opens signs in, in the background as a real one does. */
function browserThat(choice: SignInChoice): void {
  bench.browser = (url) => {
    shown = signInAsBrowser(bench.simulator, url, choice)
    return Promise.resolve()
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Port of the listener that an authorization URL leads back to. */
const portOf = (url: string | undefined): number =>
  Number(new URL(new URL(url!).searchParams.get('redirect_uri')!).port)

describe('sign-in in the browser', () => {
  it('gives who signed in, a token, and an encrypted file that only its owner can read', async () => {
    browserThat({ user: DEMO_USER_NAME })
    const { part, tokens } = bench.start()
    await part.restore()
    const result = await part.signIn.start('browser')
    expect(result).toMatchObject({
      type: 'signed-in',
      identity: {
        cloud: 'global',
        clientId: DEMO_CLIENT_ID,
        tenantId: DEMO_TENANT_ID,
        userId: DEMO_USER_ID,
        homeAccountId: `${DEMO_USER_ID}.${DEMO_TENANT_ID}`,
        username: DEMO_USER_NAME,
        name: 'Alex Demo',
      },
    })
    if (result.type !== 'signed-in') return
    expect(bench.simulator.issuedTokens()).toContain(result.token.accessToken)
    // CP1 is declared: the simulator, like Entra, then gives tokens of a day.
    expect(result.token.expiresAt - bench.clock.now().wall).toBeGreaterThan(20 * 3_600_000)
    expect(tokens).toEqual([])
    expect(part.tokens.peek(result.identity)).toMatchObject({ accessToken: result.token.accessToken })

    await vi.waitFor(() => expect(existsSync(bench.cachePath)).toBe(true))
    expect(statSync(bench.cachePath).mode & 0o777).toBe(0o600)
    const onDisk = readFileSync(bench.cachePath).toString('latin1')
    for (const secret of bench.simulator.issuedTokens()) expect(onDisk).not.toContain(secret)
    expect(onDisk).not.toContain(DEMO_USER_NAME)
  })

  it('asks for the two presence scopes with PKCE, and for an account when there is no hint', async () => {
    browserThat({ user: DEMO_USER_NAME })
    const { part } = bench.start()
    await part.signIn.start('browser')
    const query = new URL(bench.opened[0]!).searchParams
    const scopes = query.get('scope')?.split(' ')
    expect(scopes?.filter((scope) => scope.startsWith('https:')).sort()).toEqual([
      'https://graph.microsoft.com/Presence.Read',
      'https://graph.microsoft.com/Presence.ReadWrite',
    ])
    expect(query.get('code_challenge_method')).toBe('S256')
    expect(query.get('prompt')).toBe('select_account')
    await part.signIn.start('browser', { loginHint: DEMO_USER_NAME })
    const second = new URL(bench.opened[1]!).searchParams
    expect(second.get('login_hint')).toBe(DEMO_USER_NAME)
    expect(second.get('prompt')).toBeNull()
  })

  it('shows a page that leads back to the app', async () => {
    browserThat({ user: DEMO_USER_NAME })
    const { part } = bench.start()
    await part.signIn.start('browser')
    const page = await shown
    expect(page).toMatchObject({ outcome: 'posted', status: 200 })
    if (page?.outcome === 'posted') expect(page.page).toContain('Back to Clear Presence')
  })

  it('names a declined consent', async () => {
    browserThat({ decline: true })
    const { part } = bench.start()
    expect(await part.signIn.start('browser')).toEqual({
      type: 'failed',
      problem: { code: 'consent-declined', detail: 'AADSTS65004' },
    })
    const page = await shown
    if (page?.outcome === 'posted') expect(page.page).toContain('You are not signed in')
  })

  it('ends at once when it is cancelled, and stops listening', async () => {
    const { part } = bench.start()
    const result = part.signIn.start('browser')
    await vi.waitFor(() => expect(bench.opened).toHaveLength(1))
    const port = portOf(bench.opened[0])
    expect(await listens(port)).toBe(true)
    part.signIn.cancel()
    expect(await result).toEqual({ type: 'failed', problem: { code: 'sign-in-cancelled' } })
    await vi.waitFor(async () => expect(await listens(port)).toBe(false))
  })

  it('ends without a browser when it is cancelled before that was opened', async () => {
    const { part } = bench.start()
    const result = part.signIn.start('browser')
    part.signIn.cancel()
    expect(await result).toEqual({ type: 'failed', problem: { code: 'sign-in-cancelled' } })
    // What was under way ends without it, too.
    for (let turns = 0; turns < 20; turns += 1) await breathe()
    expect(bench.opened).toEqual([])
  })

  it('ends after five minutes without an answer', async () => {
    const { part } = bench.start()
    const result = part.signIn.start('browser')
    await vi.waitFor(() => expect(bench.opened).toHaveLength(1))
    await bench.clock.advance(299_000, bench.simulator)
    await bench.clock.advance(1_000, bench.simulator)
    expect(await result).toEqual({ type: 'failed', problem: { code: 'sign-in-timed-out' } })
    await vi.waitFor(async () => expect(await listens(portOf(bench.opened[0]))).toBe(false))
  })

  it.each([
    ['an unknown client id', { ...DEMO, clientId: '11111111-2222-4333-8444-555555555555' }, '700016'],
    ['an unknown tenant', { ...DEMO, tenant: '11111111-2222-4333-8444-555555555555' }, '90002'],
  ])('is not told of %s, and times out', async (_name, registration, number) => {
    browserThat({})
    const { part } = bench.start({ registration })
    const result = part.signIn.start('browser')
    await vi.waitFor(() => expect(shown).not.toBeNull())
    expect(await shown).toMatchObject({ outcome: 'error-page', code: number })
    await bench.clock.advance(300_000)
    expect(await result).toMatchObject({ problem: { code: 'sign-in-timed-out' } })
  })

  it('refuses a personal account and keeps nothing of it', async () => {
    browserThat({ user: 'alex@home.example' })
    // Only `common` lets such an account in at all; the configuration refuses it, and so must we.
    const personal = { ...DEMO, tenant: 'common', clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0ff' }
    const { part } = bench.start({ registration: personal })
    await part.restore()
    expect(await part.signIn.start('browser')).toMatchObject({ problem: { code: 'personal-account' } })
    await part.close()
    expect(existsSync(bench.cachePath)).toBe(false)
  })

  it('joins a second start, and another method takes over', async () => {
    const { part, codes } = bench.start()
    const first = part.signIn.start('browser')
    const joined = part.signIn.start('browser')
    await vi.waitFor(() => expect(bench.opened).toHaveLength(1))
    const device = part.signIn.start('device-code')
    expect(await first).toMatchObject({ problem: { code: 'sign-in-cancelled' } })
    expect(await joined).toMatchObject({ problem: { code: 'sign-in-cancelled' } })
    await vi.waitFor(() => expect(codes).toHaveLength(1))
    bench.simulator.approveDevice(codes[0]!.userCode, DEMO_USER_NAME)
    expect(await device).toMatchObject({ type: 'signed-in' })
    expect(bench.opened).toHaveLength(1)
  })

  it('throws away an answer that comes after it was given up', async () => {
    const { part } = bench.start()
    await part.restore()
    const result = part.signIn.start('browser')
    await vi.waitFor(() => expect(bench.opened).toHaveLength(1))
    // The code is posted, its redemption takes a while, and meanwhile the user cancels.
    bench.simulator.inject({ match: { path: 'token' }, fault: { type: 'latency', ms: 300 } })
    const page = signInAsBrowser(bench.simulator, bench.opened[0]!, { user: DEMO_USER_NAME })
    await bench.simulator.waitForRequest({ path: 'token' })
    part.signIn.cancel()
    expect(await result).toMatchObject({ problem: { code: 'sign-in-cancelled' } })
    await page
    await vi.waitFor(() =>
      expect(bench.simulator.issuedTokenRecords().some(({ kind }) => kind === 'access')).toBe(true),
    )
    await vi.waitFor(() => expect(bench.log.lines.join()).toContain('entra-answer'))
    await part.close()
    expect(existsSync(bench.cachePath)).toBe(false)
    expect((await bench.start().part.restore()).identities).toEqual([])
  })

  it('says when no browser could be opened', async () => {
    bench.browser = () => Promise.reject(Object.assign(new Error('no browser'), { code: 'ENOENT' }))
    const { part } = bench.start()
    expect(await part.signIn.start('browser')).toEqual({
      type: 'failed',
      problem: { code: 'browser-failed', detail: 'ENOENT' },
    })
  })

  it.each([
    ['no network', { type: 'reset' }, 'not-reached'],
    ['a page of a hotel', { type: 'captive-portal' }, 'captive-portal'],
    ['trouble at Entra', { type: 'status', status: 503, body: { error: 'server_error' } }, 'server-trouble'],
  ] as const)('names %s while the code is redeemed', async (_name, fault, code) => {
    browserThat({ user: DEMO_USER_NAME })
    bench.simulator.inject({ match: { path: 'token' }, fault, times: 'until-removed' })
    const { part } = bench.start()
    expect(await part.signIn.start('browser')).toMatchObject({ type: 'failed', problem: { code } })
  })

  it('names an untrusted certificate, and a proxy that wants a password', async () => {
    browserThat({ user: DEMO_USER_NAME })
    const untrusting = bench.start({ route: () => ({ proxyUrl: bench.simulator.proxyUrl, ca: [] }) })
    expect(await untrusting.part.signIn.start('browser')).toMatchObject({
      problem: { code: 'certificate-untrusted', detail: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    })
    const gone = bench.start({ route: () => ({ proxyUrl: 'http://127.0.0.1:1', ca: [] }) })
    expect(await gone.part.signIn.start('browser')).toMatchObject({ problem: { code: 'proxy-unreachable' } })
    const asked = bench.start({
      route: () => {
        // Only the app's own requests meet the proxy's new rule; the browser has its password.
        bench.simulator.setProxyAuth({ user: 'alex', password: 'secret' } as never)
        return { proxyUrl: bench.simulator.proxyUrl, ca: [bench.simulator.caPem] }
      },
    })
    expect(await asked.part.signIn.start('browser')).toMatchObject({ problem: { code: 'proxy-refused' } })
  })
})

describe('sign-in with another client id or cloud', () => {
  it('reaches the hosts of that cloud', async () => {
    bench.simulator.setAutoApprove(true)
    browserThat({})
    const { part } = bench.start({
      registration: {
        cloud: 'us-gov',
        tenant: 'demo-us.example',
        clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0a5',
      },
    })
    expect(await part.signIn.start('browser')).toMatchObject({
      type: 'signed-in',
      identity: { cloud: 'us-gov', username: 'alex@demo-us.example' },
    })
    const hosts = new Set(bench.simulator.journal().map(({ host }) => host.replace(/:443$/, '')))
    expect([...hosts]).toEqual(['login.microsoftonline.us'])
  })
})

describe('the broker', () => {
  const broker = (acquire: Broker['acquire']): Broker => ({
    acquire,
    silent: () =>
      Promise.resolve({ accessToken: 'from the broker', expiresAt: bench.clock.now().wall + 3_600_000 }),
  })
  const identity = {
    cloud: 'global',
    tenantId: DEMO_TENANT_ID,
    userId: OTHER_USER_ID,
    clientId: DEMO_CLIENT_ID,
    homeAccountId: `${OTHER_USER_ID}.${DEMO_TENANT_ID}`,
    username: 'blake@demo.example',
    name: 'Blake Demo',
  } as const

  it('comes first, and gives the silent tokens of who it signed in, also after a restart', async () => {
    const granted = {
      type: 'granted',
      identity,
      token: { accessToken: 'first', expiresAt: bench.clock.now().wall + 60_000 },
    } as const
    const given = broker(() => Promise.resolve(granted))
    const { part } = bench.start({ broker: given })
    await part.restore()
    expect(await part.signIn.start('browser')).toMatchObject({ type: 'signed-in', identity })
    expect(bench.opened).toEqual([])
    await part.close()
    const again = bench.start({ broker: given })
    expect((await again.part.restore()).identities).toEqual([identity])
    expect(await again.part.tokens.acquire(identity, { timeoutMs: 1000 })).toMatchObject({
      accessToken: 'from the broker',
    })
  })

  it.each([
    ['is not there', () => Promise.resolve({ type: 'not-available' } as const)],
    ['breaks', () => Promise.reject(new Error('ApiContractViolation'))],
  ])('makes room for the browser when it %s', async (_name, acquire) => {
    browserThat({ user: DEMO_USER_NAME })
    const { part } = bench.start({ broker: broker(acquire) })
    expect(await part.signIn.start('browser')).toMatchObject({ type: 'signed-in' })
    expect(bench.opened).toHaveLength(1)
  })

  it('ends the sign-in when its dialog is cancelled', async () => {
    const { part } = bench.start({ broker: broker(() => Promise.resolve({ type: 'cancelled' })) })
    expect(await part.signIn.start('browser')).toMatchObject({ problem: { code: 'sign-in-cancelled' } })
    expect(bench.opened).toEqual([])
  })
})
