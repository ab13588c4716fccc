import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Identity, TokenResult } from '../../src/main/core/model.ts'
import {
  DEMO_USER_ID,
  DEMO_USER_NAME,
  signInAsBrowser,
  type Fault,
  startSimulator,
  type Simulator,
} from '../simulator/index.ts'
import { breathe, createBench, type Bench, type TestApp } from './support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let simulator: Simulator
let bench: Bench
beforeAll(async () => {
  simulator = await startSimulator({ deviceInterval: 0 })
})
afterAll(() => simulator.close())
beforeEach(() => {
  bench = createBench(simulator)
  simulator.setTokenLifetime(3600)
  bench.browser = async (url) => {
    await signInAsBrowser(bench.simulator, url, { user: DEMO_USER_NAME })
  }
})
afterEach(() => bench.close())

/** An app in which Alex is signed in. */
async function signedIn(): Promise<TestApp & { identity: Identity; first: string }> {
  const app = bench.start()
  await app.part.restore()
  const result = await app.part.signIn.start('browser')
  if (result.type !== 'signed-in') throw new Error(result.problem.code)
  return { ...app, identity: result.identity, first: result.token.accessToken }
}

/** Makes the next refreshes fail. */
const refreshFails = (fault: Fault, times: number | 'until-removed' = 1): void => {
  bench.simulator.inject({ match: { path: 'token' }, fault, times })
}

const refused = (body: object): Fault => ({ type: 'status', status: 400, body })

const accessOf = (result: TokenResult): string =>
  result.type === 'token' ? result.accessToken : result.problem.code

describe('keeping a token fresh', () => {
  it('refreshes at half-life and tells of the new token', async () => {
    const { part, tokens, identity, first } = await signedIn()
    const before = bench.tokenRequests()
    await bench.clock.advance(25 * MINUTE, bench.simulator)
    expect(bench.tokenRequests()).toBe(before)
    await bench.clock.advance(6 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(bench.tokenRequests()).toBe(before + 1)
    expect(tokens[0]).toMatchObject({ identity, result: { type: 'token' } })
    expect(accessOf(tokens[0]!.result)).not.toBe(first)
    expect(part.tokens.peek(identity)?.accessToken).toBe(accessOf(tokens[0]!.result))
  })

  it('goes on at each half-life, and never asks when nothing is due', async () => {
    const { tokens } = await signedIn()
    const before = bench.tokenRequests()
    for (let step = 0; step < 24; step += 1) await bench.clock.advance(10 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens.length).toBeGreaterThanOrEqual(4))
    // Four hours, one refresh in a bit less than half an hour each; one that is under way holds the next one up.
    expect(bench.tokenRequests() - before).toBeLessThanOrEqual(10)
  })

  it('sees after a sleep that the token is old, although no timer ran', async () => {
    const { tokens } = await signedIn()
    bench.clock.jump(8 * HOUR, bench.simulator)
    await bench.clock.advance(MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
  })

  it('does not trust an end that a clock set back has moved away', async () => {
    const { part, tokens, identity } = await signedIn()
    bench.clock.jump(-24 * HOUR)
    await bench.clock.advance(MINUTE)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(await part.tokens.acquire(identity, { timeoutMs: 5000 })).toMatchObject({ type: 'token' })
  })

  it('refreshes when it is nudged, but not twice within half a minute', async () => {
    const { part, tokens } = await signedIn()
    const before = bench.tokenRequests()
    part.tokens.nudge()
    await breathe()
    expect(bench.tokenRequests()).toBe(before)
    await bench.clock.advance(31_000, bench.simulator)
    part.tokens.nudge()
    part.tokens.nudge()
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    part.tokens.nudge()
    await breathe()
    expect(bench.tokenRequests()).toBe(before + 1)
  })

  it('backs off while the network is gone, at most five minutes, and recovers by itself', async () => {
    const { tokens } = await signedIn()
    bench.simulator.inject({ match: { path: 'token' }, fault: { type: 'reset' }, times: 'until-removed' })
    for (let step = 0; step < 31; step += 1) await bench.clock.advance(MINUTE, bench.simulator)
    const before = bench.tokenRequests()
    for (let step = 0; step < 120; step += 1) {
      await bench.clock.advance(30_000, bench.simulator)
      // A refusal takes a few real milliseconds.
      if (step % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const inAnHour = bench.tokenRequests() - before
    expect(inAnHour).toBeGreaterThanOrEqual(8)
    expect(inAnHour).toBeLessThanOrEqual(60)
    expect(tokens).toEqual([])
    bench.simulator.removeAllFaults()
    for (let step = 0; step < 11; step += 1) await bench.clock.advance(30_000, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
  })

  it('waits as long as Entra says', async () => {
    const { part, tokens, identity } = await signedIn()
    refreshFails({ type: 'status', status: 429, headers: { 'Retry-After': '600' }, body: { error: 'x' } })
    // Due after 28.5 minutes, a little before half-life.
    await bench.clock.advance(29 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(bench.log.lines.join()).toContain('token-unavailable'))
    const before = bench.tokenRequests()
    part.tokens.nudge()
    expect(await part.tokens.acquire(identity, { force: true, timeoutMs: 1000 })).toEqual({
      type: 'unavailable',
      problem: { code: 'throttled' },
    })
    await bench.clock.advance(9 * MINUTE, bench.simulator)
    expect(bench.tokenRequests()).toBe(before)
    await bench.clock.advance(2 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
  })

  it('says once that the user is needed, stops asking, and is well again after a sign-in', async () => {
    const { part, tokens, identity } = await signedIn()
    bench.simulator.revoke(DEMO_USER_NAME)
    await bench.clock.advance(31 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(tokens[0]!.result).toEqual({
      type: 'needs-sign-in',
      problem: { code: 'needs-sign-in', detail: 'AADSTS50173' },
    })
    const before = bench.tokenRequests()
    await bench.clock.advance(3 * HOUR, bench.simulator)
    expect(bench.tokenRequests()).toBe(before)
    expect(tokens).toHaveLength(1)

    expect(await part.signIn.start('browser', { loginHint: DEMO_USER_NAME })).toMatchObject({
      type: 'signed-in',
    })
    expect(await part.tokens.acquire(identity, { timeoutMs: 1000 })).toMatchObject({ type: 'token' })
    await bench.clock.advance(31 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(2))
    expect(tokens[1]!.result.type).toBe('token')
  })

  it('does not take the refusal of an old refresh for one of the tokens of a new sign-in', async () => {
    const { part, tokens, identity } = await signedIn()
    refreshFails({ type: 'latency', ms: 1500 })
    refreshFails(refused({ error: 'invalid_grant', error_codes: [50173] }))
    const old = part.tokens.acquire(identity, { force: true, timeoutMs: 60_000 })
    await bench.simulator.waitForRequest(({ path, status }) => path.includes('/token') && status === null)
    const result = await part.signIn.start('browser', { loginHint: DEMO_USER_NAME })
    if (result.type !== 'signed-in') throw new Error(result.problem.code)
    expect(accessOf(await old)).toBe(result.token.accessToken)
    expect(tokens).toEqual([])
  })

  it('tries again on another network although the user was needed', async () => {
    const { part, tokens } = await signedIn()
    refreshFails(refused({ error: 'invalid_grant', error_codes: [53003] }))
    await bench.clock.advance(31 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(tokens[0]!.result).toMatchObject({ problem: { code: 'policy-blocked' } })
    part.tokens.nudge()
    await vi.waitFor(() => expect(tokens).toHaveLength(2))
    expect(tokens[1]!.result.type).toBe('token')
  })

  it('hands a claims challenge on to the next sign-in', async () => {
    const { part, tokens } = await signedIn()
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    refreshFails(refused({ error: 'interaction_required', error_codes: [50076], claims }))
    await bench.clock.advance(31 * MINUTE, bench.simulator)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(tokens[0]!.result).toMatchObject({ type: 'needs-sign-in' })
    await part.signIn.start('browser', { loginHint: DEMO_USER_NAME })
    const sent = JSON.parse(new URL(bench.opened.at(-1)!).searchParams.get('claims')!) as object
    expect(sent).toMatchObject({ access_token: { acrs: { value: 'c1' }, xms_cc: { values: ['CP1'] } } })
  })
})

it('hands it on also after a refresh that did not satisfy it, as a machine that wakes up makes one', async () => {
  const { part, tokens, identity } = await signedIn()
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
  refreshFails(refused({ error: 'interaction_required', error_codes: [50076], claims }))
  expect(await part.tokens.acquire(identity, { claims, timeoutMs: 5000 })).toMatchObject({
    type: 'needs-sign-in',
  })
  await bench.clock.advance(5 * MINUTE, bench.simulator)
  part.tokens.nudge()
  await vi.waitFor(() => expect(tokens.at(-1)?.result.type).toBe('token'))
  await part.signIn.start('browser', { loginHint: DEMO_USER_NAME })
  expect(new URL(bench.opened.at(-1)!).searchParams.get('claims')).toContain('"c1"')
  await part.signIn.start('browser', { loginHint: DEMO_USER_NAME })
  expect(new URL(bench.opened.at(-1)!).searchParams.get('claims')).not.toContain('"c1"')
})

describe('asking for a token', () => {
  it('gives the one in memory without a request', async () => {
    const { part, identity, first } = await signedIn()
    const before = bench.simulator.journal().length
    expect(accessOf(await part.tokens.acquire(identity, { timeoutMs: 1000 }))).toBe(first)
    expect(bench.simulator.journal()).toHaveLength(before)
  })

  it('refreshes one that is over, or when it must, or with claims', async () => {
    const { part, identity, first } = await signedIn()
    const forced = accessOf(await part.tokens.acquire(identity, { force: true, timeoutMs: 5000 }))
    expect(forced).not.toBe(first)
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
    const claimed = accessOf(await part.tokens.acquire(identity, { claims, timeoutMs: 5000 }))
    expect(claimed).not.toBe(forced)
    const [body] = bench.simulator
      .journal()
      .filter(({ path }) => path.includes('/token'))
      .map((record) => JSON.stringify(record.body))
      .slice(-1)
    expect(body).toContain('1700000000')
    bench.clock.jump(2 * HOUR, bench.simulator)
    const later = accessOf(await part.tokens.acquire(identity, { timeoutMs: 5000 }))
    expect(later).not.toBe(claimed)
    expect(bench.simulator.issuedTokens()).toContain(later)
  })

  it('sends one request for many who ask at once', async () => {
    const { part, identity } = await signedIn()
    const before = bench.tokenRequests()
    const all = await Promise.all(
      Array.from({ length: 8 }, () => part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })),
    )
    expect(new Set(all.map(accessOf)).size).toBe(1)
    expect(bench.tokenRequests()).toBe(before + 1)
  })

  it('keeps its own limit, and still uses the answer that comes later', async () => {
    const { part, tokens, identity, first } = await signedIn()
    refreshFails({ type: 'latency', ms: 300 })
    const asked = part.tokens.acquire(identity, { force: true, timeoutMs: 2000 })
    await bench.simulator.waitForRequest(({ path, status }) => path.includes('/token') && status === null)
    await bench.clock.advance(2000)
    expect(await asked).toEqual({ type: 'unavailable', problem: { code: 'not-reached', detail: 'timeout' } })
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(part.tokens.peek(identity)?.accessToken).not.toBe(first)
  })

  it.each([
    ['without a suberror', { error: 'invalid_grant', error_codes: [50173] }],
    ['with bad_token', { error: 'invalid_grant', suberror: 'bad_token', error_codes: [700084] }],
    ['with consent_required', { error: 'invalid_grant', suberror: 'consent_required', error_codes: [65001] }],
    ['with basic_action', { error: 'invalid_grant', suberror: 'basic_action', error_codes: [50076] }],
    ['with client_mismatch', { error: 'invalid_grant', suberror: 'client_mismatch' }],
    ['as interaction_required', { error: 'interaction_required', error_codes: [50079] }],
    ['as login_required', { error: 'login_required' }],
  ])('takes a refusal %s as "sign in again"', async (_name, body) => {
    const { part, identity } = await signedIn()
    refreshFails(refused(body))
    expect(await part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'needs-sign-in',
      problem: { code: 'needs-sign-in' },
    })
  })

  it.each([
    [50057, 'account-blocked'],
    [53003, 'policy-blocked'],
    [50105, 'user-not-assigned'],
    [700016, 'client-unknown'],
    [90002, 'tenant-unknown'],
  ])('says what signing in again would not mend: AADSTS%i', async (number, code) => {
    const { part, identity } = await signedIn()
    const error =
      number === 90002 ? 'invalid_request' : number === 700016 ? 'unauthorized_client' : 'invalid_grant'
    refreshFails(refused({ error, error_codes: [number], error_description: 'Texts are not read.' }))
    expect(await part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })).toEqual({
      type: 'needs-sign-in',
      problem: { code, detail: `AADSTS${number}` },
    })
  })

  it.each<[string, Fault, string]>([
    ['503 without an error', { type: 'status', status: 503, body: { message: 'x' } }, 'server-trouble'],
    [
      '503 with an error',
      { type: 'status', status: 503, body: { error: 'temporarily_unavailable' } },
      'server-trouble',
    ],
    ['503 as a page', { type: 'status', status: 503, body: '<html>' }, 'server-trouble'],
    ['200 and nothing', { type: 'status', status: 200, body: '' }, 'captive-portal'],
    ['200 {}', { type: 'status', status: 200, body: {} }, 'unexpected-answer'],
    ['200 []', { type: 'status', status: 200, body: [] }, 'captive-portal'],
    [
      '200 with an empty token',
      { type: 'status', status: 200, body: { access_token: '', expires_in: 3600 } },
      'unexpected-answer',
    ],
    [
      '200 with a token that never lives',
      { type: 'status', status: 200, body: { access_token: 'x' } },
      'unexpected-answer',
    ],
    [
      '200 with an error',
      { type: 'status', status: 200, body: { error: 'invalid_grant' } },
      'unexpected-answer',
    ],
    ['400 without an error', { type: 'status', status: 400, body: { message: 'x' } }, 'unexpected-answer'],
    [
      '400 with an error that is no text',
      { type: 'status', status: 400, body: { error: { code: 1 } } },
      'unexpected-answer',
    ],
    ['429', { type: 'status', status: 429, body: { error: 'x' } }, 'throttled'],
    [
      '302 to a sign-in page',
      { type: 'status', status: 302, headers: { Location: 'https://hotel.example/' }, body: '' },
      'captive-portal',
    ],
    ['a page of a hotel', { type: 'captive-portal' }, 'captive-portal'],
    ['a cut body', { type: 'cut-body' }, 'not-reached'],
    ['a reset', { type: 'reset' }, 'not-reached'],
  ])('never gives an empty token, and stays signed in: %s', async (_name, fault, code) => {
    const { part, tokens, identity, first } = await signedIn()
    refreshFails(fault, 'until-removed')
    expect(await part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'unavailable',
      problem: { code },
    })
    // The next request goes out at once: MSAL's own throttle never starts.
    bench.simulator.removeAllFaults()
    const before = bench.tokenRequests()
    const result = await part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })
    if (code === 'throttled') expect(result).toMatchObject({ type: 'token' })
    expect(result).toMatchObject({ type: 'token' })
    expect(accessOf(result)).not.toBe(first)
    expect(bench.tokenRequests()).toBe(before + 1)
    expect(tokens).toHaveLength(1)
  })

  it('gives the old token while it lives when a refresh fails', async () => {
    const { part, identity, first } = await signedIn()
    bench.clock.jump(HOUR - 30_000, bench.simulator)
    refreshFails({ type: 'reset' }, 'until-removed')
    expect(accessOf(await part.tokens.acquire(identity, { timeoutMs: 5000 }))).toBe(first)
    bench.clock.jump(MINUTE, bench.simulator)
    expect(await part.tokens.acquire(identity, { timeoutMs: 5000 })).toMatchObject({ type: 'unavailable' })
  })

  it('refuses an answer for somebody else', async () => {
    const { part, identity } = await signedIn()
    const other = bench.start()
    bench.browser = async (url) => {
      await signInAsBrowser(bench.simulator, url, { user: 'blake@demo.example' })
    }
    const blake = await other.part.signIn.start('browser')
    if (blake.type !== 'signed-in') throw new Error(blake.problem.code)
    const stranger = { ...blake.identity, userId: DEMO_USER_ID }
    expect(await other.part.tokens.acquire(stranger, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'unavailable',
      problem: { code: 'unexpected-answer' },
    })
    expect(await part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'token',
    })
  })

  it('needs a sign-in for an account that it does not know', async () => {
    const { part } = bench.start()
    await part.restore()
    const nobody: Identity = {
      cloud: 'global',
      tenantId: 'a0000000-0000-4000-8000-000000000000',
      userId: 'b0000000-0000-4000-8000-000000000000',
      clientId: 'c0000000-0000-4000-8000-000000000000',
      homeAccountId: 'x.y',
      username: '',
      name: '',
    }
    expect(await part.tokens.acquire(nobody, { timeoutMs: 5000 })).toMatchObject({ type: 'needs-sign-in' })
    expect(bench.simulator.journal()).toEqual([])
  })
})

describe('signing out', () => {
  it('leaves no token in memory, on disk, or in a refresh that was under way', async () => {
    const { part, tokens, identity } = await signedIn()
    refreshFails({ type: 'latency', ms: 200 })
    const running = part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })
    await bench.simulator.waitForRequest(({ path, status }) => path.includes('/token') && status === null)
    await part.tokens.forget(identity)
    expect(part.tokens.peek(identity)).toBeNull()
    await running
    await vi.waitFor(async () =>
      expect(await part.tokens.acquire(identity, { timeoutMs: 5000 })).toMatchObject({
        type: 'needs-sign-in',
      }),
    )
    expect(tokens).toEqual([])
    await part.close()
    expect((await bench.start().part.restore()).identities).toEqual([])
  })
})
