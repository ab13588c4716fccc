/** Proof that the simulator is faithful: clients that nobody here wrote make their presence calls against it, unchanged. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOC_CLIENT_ID, DOC_TENANT_ID, DOC_USER_ID, startSimulator, type Simulator } from './index.ts'
import type { StepResult } from './sdk-calls.ts'
import { graphCall } from './test-kit.ts'

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator()
})
afterAll(() => simulator.close())

const PROGRAM = fileURLToPath(new URL('sdk-calls.ts', import.meta.url))

/** Runs the SDK program with the environment that an unchanged app gets, and gives its steps by name. */
async function runSdk(sdk: 'classic' | 'kiota'): Promise<Record<string, unknown>> {
  const { PATH = '' } = process.env
  const args = [PROGRAM, sdk, DOC_TENANT_ID, DOC_CLIENT_ID, simulator.controlUrl]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    // NODE_USE_ENV_PROXY: fetch, which MSAL and both SDKs use, looks at HTTPS_PROXY only with it.
    env: { PATH, ...simulator.env, NODE_USE_ENV_PROXY: '1' },
    timeout: 110_000,
  })
  const results = JSON.parse(stdout) as StepResult[]
  return Object.fromEntries(results.map(({ step, value, status, code }) => [step, value ?? [status, code]]))
}

// With the user and the application of Microsoft's documented clearPresence example.
describe.each([
  { sdk: 'classic', name: '@microsoft/microsoft-graph-client' },
  { sdk: 'kiota', name: '@microsoft/msgraph-sdk with @microsoft/msgraph-sdk-users' },
] as const)('$name', ({ sdk }) => {
  it('gets, sets, clears, and sets and clears the preferred presence', { timeout: 120_000 }, async () => {
    simulator.clearJournal()
    const steps = await runSdk(sdk)
    simulator.claimsChallenge(false)
    expect(steps).toEqual({
      'get at first': 'Offline/Offline',
      set: 'done',
      'get after set': 'Busy/InACall',
      'set preferred': 'done',
      'get after set preferred': 'DoNotDisturb/DoNotDisturb',
      'clear preferred': 'done',
      'get after clear preferred': 'Busy/InACall',
      'set with too long a duration': [400, 'InvalidArgument'],
      clear: 'done',
      'get after clear': 'Offline/Offline',
      'clear again': [404, 'NotFound'],
      // Kiota reads the challenge and asks for a new token; the older client only reports it.
      'get after a claims challenge':
        sdk === 'kiota' ? 'Offline/Offline' : [401, 'InvalidAuthenticationToken'],
    })
    expect(simulator.listSessions()).toEqual([])
    const journal = simulator.journal()
    expect([...new Set(journal.map((r) => r.host))].sort()).toEqual([
      'graph.microsoft.com',
      'login.microsoftonline.com',
    ])
    expect(journal.filter((r) => r.kind === 'graph' && r.status === 401)).toHaveLength(1)
    expect(journal.find((r) => r.path.endsWith('/setPresence'))).toMatchObject({
      path: `/v1.0/users/${DOC_USER_ID}/presence/setPresence`,
      body: {
        sessionId: DOC_CLIENT_ID,
        availability: 'Busy',
        activity: 'InACall',
        expirationDuration: 'PT1H',
      },
      status: 200,
      tookEffect: true,
    })
  })
})

it("answers Microsoft's documented clearPresence example literally: 200, then 404", async () => {
  simulator.setSession({
    user: DOC_USER_ID,
    clientId: DOC_CLIENT_ID,
    availability: 'Busy',
    activity: 'InACall',
  })
  const token = simulator.issueToken({ user: DOC_USER_ID, clientId: DOC_CLIENT_ID })
  const clear = () =>
    graphCall(
      simulator,
      token,
      'POST',
      '/users/fa8bf3dc-eca7-46b7-bad1-db199b62afc3/presence/clearPresence',
      {
        sessionId: '22553876-f5ab-4529-bffb-cfe50aa89f87',
      },
    )
  expect((await clear()).status).toBe(200)
  expect((await clear()).status).toBe(404)
})
