import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createHttp, type Http } from '../../src/main/graph/http.ts'
import { readPresence, type PresenceReading } from '../../src/main/graph/read-presence.ts'
import { DEMO_CLIENT_ID, DEMO_USER_NAME } from '../simulator/directory.ts'
import { startSimulator, type Fault, type Simulator } from '../simulator/index.ts'

let simulator: Simulator
let http: Http
beforeAll(async () => {
  simulator = await startSimulator()
  http = createHttp({ proxyUrl: simulator.proxyUrl, ca: [simulator.caPem] })
})
afterAll(async () => {
  http.close()
  await simulator.close()
})
afterEach(() => {
  simulator.removeAllFaults()
})

function read(scopes: readonly string[] = ['Presence.Read'], timeoutMs = 5_000): Promise<PresenceReading> {
  const accessToken = simulator.issueToken({ user: DEMO_USER_NAME, clientId: DEMO_CLIENT_ID, scopes })
  return readPresence({ http, cloud: 'global', accessToken, timeoutMs, clientRequestId: randomUUID() })
}

function readUnder(fault: Fault, timeoutMs = 5_000): Promise<PresenceReading> {
  simulator.inject({ match: { path: 'presence' }, fault })
  return read(undefined, timeoutMs)
}

const json = (body: unknown): Fault => ({
  type: 'status',
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body,
})

describe('reading presence', () => {
  it('gives what colleagues see', async () => {
    simulator.setSession({
      user: DEMO_USER_NAME,
      clientId: DEMO_CLIENT_ID,
      availability: 'Busy',
      activity: 'InACall',
    })
    expect(await read()).toEqual({ type: 'presence', availability: 'Busy', activity: 'InACall' })
    simulator.removeSession(DEMO_USER_NAME, DEMO_CLIENT_ID)
  })

  it('passes on words it does not know', async () => {
    expect(await readUnder(json({ availability: 'focusing', activity: 'Levitating', more: {} }))).toEqual({
      type: 'presence',
      availability: 'focusing',
      activity: 'Levitating',
    })
  })

  it.each<[string, unknown]>([
    ['no JSON', 'hello'],
    ['null', null],
    ['a list', []],
    ['without activity', { availability: 'Busy' }],
    ['with other types', { availability: 1, activity: {} }],
    ['with a word without end', { availability: 'x'.repeat(1000), activity: 'y' }],
  ])('is not taken in by %s', async (_name, body) => {
    expect(await readUnder(json(body))).toEqual({ type: 'problem', problem: { code: 'unexpected-answer' } })
  })

  it.each<[string, Fault, string]>([
    ['captive portal', { type: 'captive-portal' }, 'captive-portal'],
    ['throttled', { type: 'status', status: 429 }, 'throttled'],
    ['server trouble', { type: 'status', status: 503 }, 'server-trouble'],
    ['a bad request', { type: 'status', status: 400 }, 'unexpected-answer'],
    ['reset', { type: 'reset' }, 'not-reached'],
    ['a body cut in the middle', { type: 'cut-body' }, 'not-reached'],
    ['silence', { type: 'stall' }, 'not-reached'],
    ['a body that drips for ever', { type: 'slow-drip', forever: true, everyMs: 20 }, 'not-reached'],
    ['a body without end', json('x'.repeat(2_000_000)), 'not-reached'],
  ])('names the problem: %s', async (_name, fault, code) => {
    expect(await readUnder(fault, 1_000)).toMatchObject({ type: 'problem', problem: { code } })
  })

  it('names the scope that is missing', async () => {
    expect(await read(['User.Read'])).toEqual({
      type: 'problem',
      problem: { code: 'not-permitted', detail: 'Presence.Read' },
    })
  })
})
