import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import {
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  startSimulator,
  type Simulator,
} from '../simulator/index.ts'
import type { SignInResult } from '../../src/main/identity/sign-in.ts'
import { createBench, DEMO, type Bench, type TestApp } from './support.ts'

let simulator: Simulator
let bench: Bench
beforeAll(async () => {
  simulator = await startSimulator({ deviceInterval: 0 })
})
afterAll(() => simulator.close())
beforeEach(() => {
  bench = createBench(simulator)
})
afterEach(() => bench.close())

/** Starts a sign-in and waits until its code is there. */
async function startWithCode(): Promise<{ app: TestApp; result: Promise<SignInResult>; userCode: string }> {
  const app = bench.start()
  await app.part.restore()
  const result = app.part.signIn.start('device-code')
  await vi.waitFor(() => expect(app.codes).toHaveLength(1))
  return { app, result, userCode: app.codes[0]!.userCode }
}

it('shows the code with its page and end, and signs in who types it elsewhere', async () => {
  const { app, result, userCode } = await startWithCode()
  expect(app.codes[0]).toMatchObject({
    verificationUri: 'https://login.microsoftonline.com/common/oauth2/deviceauth',
    expiresAt: bench.clock.now().wall + 900_000,
  })
  bench.simulator.approveDevice(userCode, DEMO_USER_NAME)
  expect(await result).toMatchObject({ type: 'signed-in', identity: { userId: DEMO_USER_ID } })
  expect(bench.opened).toEqual([])
})

it('names a refusal on the other device', async () => {
  const { result, userCode } = await startWithCode()
  bench.simulator.declineDevice(userCode)
  expect(await result).toMatchObject({ type: 'failed', problem: { code: 'consent-declined' } })
})

it('ends when the code expires, and not before', async () => {
  const { result } = await startWithCode()
  let ended = false
  void result.then(() => (ended = true))
  // Longer than a browser sign-in would be given: the code's own end counts.
  await bench.clock.advance(890_000)
  expect(ended).toBe(false)
  await bench.clock.advance(10_000)
  expect(await result).toEqual({ type: 'failed', problem: { code: 'device-code-expired' } })
})

it('names the expiry also when Entra says so first', async () => {
  const { result } = await startWithCode()
  bench.simulator.advance(900_000)
  expect(await result).toMatchObject({ problem: { code: 'device-code-expired', detail: 'AADSTS70020' } })
})

it('ends at once when it is cancelled, stops polling, and keeps nothing of a late approval', async () => {
  const { app, result, userCode } = await startWithCode()
  app.part.signIn.cancel()
  expect(await result).toEqual({ type: 'failed', problem: { code: 'sign-in-cancelled' } })
  await vi.waitFor(() => expect(bench.log.lines.join()).toContain('sign-in-late'))
  const polls = bench.tokenRequests()
  bench.simulator.approveDevice(userCode, DEMO_USER_NAME)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(bench.tokenRequests()).toBe(polls)
  expect((await bench.start().part.restore()).identities).toEqual([])
})

it('outlives trouble on the way while it polls', async () => {
  const { result, userCode } = await startWithCode()
  bench.simulator.inject({ match: { path: 'token' }, fault: { type: 'reset' }, times: 2 })
  bench.simulator.inject({ match: { path: 'token' }, fault: { type: 'captive-portal' } })
  bench.simulator.inject({ match: { path: 'token' }, fault: { type: 'status', status: 503, body: 'busy' } })
  await vi.waitFor(() => expect(bench.simulator.faults()).toEqual([]))
  bench.simulator.approveDevice(userCode, DEMO_USER_NAME)
  expect(await result).toMatchObject({ type: 'signed-in' })
})

it('goes on polling after an answer that would start a throttle inside MSAL', async () => {
  const { result, userCode } = await startWithCode()
  bench.simulator.inject({
    match: { path: 'token' },
    fault: {
      type: 'status',
      status: 400,
      headers: { 'Retry-After': '60' },
      body: { error: 'authorization_pending' },
    },
  })
  await vi.waitFor(() => expect(bench.simulator.faults()).toEqual([]))
  bench.simulator.approveDevice(userCode, DEMO_USER_NAME)
  expect(await result).toMatchObject({ type: 'signed-in' })
})

it('polls more slowly when it is told to', async () => {
  const { result, userCode } = await startWithCode()
  bench.simulator.inject({
    match: { path: 'token' },
    fault: { type: 'status', status: 400, body: { error: 'slow_down' } },
  })
  await vi.waitFor(() => expect(bench.simulator.faults()).toEqual([]))
  bench.simulator.approveDevice(userCode, DEMO_USER_NAME)
  const polls = bench.tokenRequests()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(bench.tokenRequests()).toBe(polls)
  await bench.clock.advance(5_000)
  expect(await result).toMatchObject({ type: 'signed-in' })
})

it('says that the registration does not allow it', async () => {
  bench.simulator.addToDirectory({
    apps: [
      {
        clientId: DEMO_CLIENT_ID,
        name: 'Clear Presence',
        tenantId: DEMO_TENANT_ID,
        redirectUris: ['http://localhost'],
        publicClient: false,
      },
    ],
  })
  const { result } = await startWithCode()
  expect(await result).toEqual({
    type: 'failed',
    problem: { code: 'public-client-not-allowed', detail: 'AADSTS7000218' },
  })
})

it("says that the organisation's policy blocks it", async () => {
  const { result } = await startWithCode()
  bench.simulator.inject({
    match: { path: 'token' },
    fault: { type: 'status', status: 400, body: { error: 'invalid_grant', error_codes: [53003] } },
  })
  expect(await result).toMatchObject({ problem: { code: 'device-code-blocked', detail: 'AADSTS53003' } })
})

it.each([
  ['an unknown client id', { ...DEMO, clientId: '11111111-2222-4333-8444-555555555555' }, 'client-unknown'],
  ['an unknown tenant', { ...DEMO, tenant: 'nobody.example' }, 'tenant-unknown'],
  ['the wrong cloud', { ...DEMO, tenant: 'demo-us.example' }, 'wrong-cloud'],
])('names %s, which a browser sign-in can only show in its page', async (_name, registration, code) => {
  const { part } = bench.start({ registration })
  expect(await part.signIn.start('device-code')).toMatchObject({ type: 'failed', problem: { code } })
})

it.each([
  ['an empty object', { type: 'status', status: 200, body: {} }, 'unexpected-answer'],
  ['a page of a hotel', { type: 'captive-portal' }, 'captive-portal'],
  ['a reset', { type: 'reset' }, 'not-reached'],
  ['trouble at Entra', { type: 'status', status: 503, body: { message: 'x' } }, 'server-trouble'],
] as const)('shows no empty code when the first answer is %s', async (_name, fault, code) => {
  bench.simulator.inject({ match: { path: 'devicecode' }, fault, times: 'until-removed' })
  const { part, codes } = bench.start()
  expect(await part.signIn.start('device-code')).toMatchObject({ type: 'failed', problem: { code } })
  expect(codes).toEqual([])
  expect(bench.tokenRequests()).toBe(0)
})
