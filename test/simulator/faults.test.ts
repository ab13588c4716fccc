/** Faults as a client sees them, and what they leave behind at Graph and in the journal. */
import { request, type Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  DEMO_CLIENT_ID,
  DEMO_USER_ID,
  requestThroughProxy,
  startSimulator,
  type Fault,
  type RequestRecord,
  type Simulator,
} from './index.ts'

const GRAPH = 'https://graph.microsoft.com'
const CLEAR = `/v1.0/users/${DEMO_USER_ID}/presence/clearPresence`

let simulator: Simulator
let token: string
beforeAll(async () => {
  simulator = await startSimulator()
  token = simulator.issueToken({ user: DEMO_USER_ID, clientId: DEMO_CLIENT_ID })
})
afterAll(() => simulator.close())
afterEach(() => {
  simulator.removeAllFaults()
  simulator.offline(false)
  simulator.setProxyAuth()
  simulator.clearJournal()
})

const setSession = () =>
  simulator.setSession({
    user: DEMO_USER_ID,
    clientId: DEMO_CLIENT_ID,
    availability: 'Busy',
    activity: 'InACall',
  })
const sendClear = () =>
  requestThroughProxy(simulator, GRAPH + CLEAR, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ sessionId: DEMO_CLIENT_ID }),
  })
/** Code of the error that a request ends with, or its message; fails if there was an answer. */
const errorCode = async (answer: Promise<unknown>): Promise<string> => {
  const error: unknown = await answer.then(
    () => new Error('It was answered'),
    (e: unknown) => e,
  )
  if (!(error instanceof Error)) throw new TypeError('Not an Error')
  return 'code' in error ? String(error.code) : error.message
}
const clearRecord = (): RequestRecord | undefined => simulator.journal().find((r) => r.path === CLEAR)
const injectClear = (fault: Fault, times?: number | 'until-removed') =>
  simulator.inject({ match: { path: 'clearPresence' }, fault, ...(times === undefined ? {} : { times }) })

describe('a request that meets', () => {
  it.each([
    [{ type: 'reset' }, 1],
    [{ type: 'refuse' }, 1],
    [{ type: 'lost-answer' }, 0],
  ] as const)('%j gets no answer and leaves %d session', async (fault, left) => {
    setSession()
    injectClear(fault)
    expect(await errorCode(sendClear())).toBe('ECONNRESET')
    expect(simulator.listSessions()).toHaveLength(left)
    const record = await simulator.waitForRequest({ path: CLEAR, outcome: 'dropped' })
    expect(record).toMatchObject({ status: null, fault: fault.type, tookEffect: left === 0 })
    // Met once, by default.
    setSession()
    expect((await sendClear()).status).toBe(200)
  })

  it.each([
    [false, 1],
    [true, 0],
  ])('a stall (tookEffect %s) waits without an answer', async (tookEffect, left) => {
    setSession()
    injectClear({ type: 'stall', tookEffect })
    const answer = errorCode(sendClear())
    const record = await simulator.waitForRequest((r) => r.path === CLEAR && r.fault === 'stall')
    expect(record).toMatchObject({ outcome: 'open', body: { sessionId: DEMO_CLIENT_ID } })
    expect(simulator.listSessions()).toHaveLength(left)
    simulator.dropConnections('reset')
    expect(await answer).toBe('ECONNRESET')
  })

  it('a status fault gets that status, headers and body, or an error of the right kind', async () => {
    setSession()
    injectClear({ type: 'status', status: 429, headers: { 'Retry-After': '2.128' } })
    const throttled = await sendClear()
    expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '2.128'])
    expect(throttled.headers['request-id']).toBeDefined()
    expect(JSON.parse(throttled.body)).toMatchObject({ error: { code: 'TooManyRequests' } })
    injectClear({ type: 'status', status: 502, body: '<h1>Bad gateway</h1>', requestId: false })
    const gateway = await sendClear()
    expect([gateway.status, gateway.body]).toEqual([502, '<h1>Bad gateway</h1>'])
    expect(gateway.headers['request-id']).toBeUndefined()
    expect(simulator.listSessions()).toHaveLength(1)
    injectClear({ type: 'status', status: 500, tookEffect: true })
    expect((await sendClear()).status).toBe(500)
    expect(simulator.listSessions()).toHaveLength(0)
  })

  it('a captive portal gets a page with status 200 and nothing of Microsoft', async () => {
    setSession()
    injectClear({ type: 'captive-portal' })
    const answer = await sendClear()
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toContain('text/html')
    expect(answer.headers['request-id']).toBeUndefined()
    expect(simulator.listSessions()).toHaveLength(1)
  })

  it('a cut body is aborted after its headers, though the request took effect', async () => {
    setSession()
    injectClear({ type: 'cut-body' })
    expect(await errorCode(sendClear())).toBe('ECONNRESET')
    expect(clearRecord()).toMatchObject({ status: 200, outcome: 'dropped', tookEffect: true })
  })

  it('a slow drip gets its body byte by byte, or never to the end', async () => {
    simulator.inject({ match: { path: '/v1.0/me/*' }, fault: { type: 'slow-drip', everyMs: 1 } })
    const read = await requestThroughProxy(simulator, `${GRAPH}/v1.0/me/presence`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    expect(JSON.parse(read.body)).toMatchObject({ id: DEMO_USER_ID })
    setSession()
    injectClear({ type: 'slow-drip', everyMs: 10, forever: true })
    const answer = errorCode(sendClear())
    await simulator.waitForRequest({ path: CLEAR, status: 200 })
    expect(clearRecord()).toMatchObject({ outcome: 'open', tookEffect: true })
    simulator.dropConnections('close')
    expect(await answer).toBe('ECONNRESET')
  })

  it('latency is late: the request takes effect even when its sender has gone', async () => {
    setSession()
    injectClear({ type: 'latency', ms: 2500 })
    const answer = errorCode(sendClear())
    await simulator.waitForRequest((r) => r.path === CLEAR && r.body !== undefined)
    simulator.dropConnections('reset')
    expect(await answer).toBe('ECONNRESET')
    expect(simulator.listSessions()).toHaveLength(1)
    await simulator.waitForRequest((r) => r.path === CLEAR && r.tookEffect)
    expect(simulator.listSessions()).toHaveLength(0)
  })

  it('latency on the answer takes effect at once, and adds to another fault', async () => {
    setSession()
    injectClear({ type: 'latency', ms: 1500, where: 'answer' })
    const answer = sendClear()
    const early = await simulator.waitForRequest((r) => r.path === CLEAR && r.tookEffect)
    expect(early.status).toBeNull()
    expect((await answer).status).toBe(200)
    injectClear({ type: 'latency', ms: 20 })
    injectClear({ type: 'status', status: 503 })
    expect((await sendClear()).status).toBe(503)
    expect(simulator.journal().at(-1)?.fault).toBe('latency+status')
  })
})

describe('matching', () => {
  it('counts, and goes on until removed', async () => {
    const id = injectClear({ type: 'status', status: 503 }, 'until-removed')
    for (let i = 0; i < 3; i += 1) expect((await sendClear()).status).toBe(503)
    expect(simulator.faults()).toMatchObject([{ id, left: 'until-removed' }])
    expect(simulator.removeFault(id)).toBe(true)
    expect(simulator.removeFault(id)).toBe(false)
    injectClear({ type: 'status', status: 503 }, 2)
    expect((await sendClear()).status).toBe(503)
    expect((await sendClear()).status).toBe(503)
    expect((await sendClear()).status).toBe(404)
  })

  it('by host, service and method', async () => {
    simulator.inject({ match: { host: 'entra' }, fault: { type: 'status', status: 500 } })
    simulator.inject({ match: { host: 'graph.microsoft.us' }, fault: { type: 'status', status: 500 } })
    simulator.inject({ match: { host: 'graph', method: 'GET' }, fault: { type: 'status', status: 500 } })
    expect((await sendClear()).status).toBe(404)
    const discovery = 'https://login.microsoftonline.com/common/discovery/instance'
    const refused = await requestThroughProxy(simulator, discovery)
    expect(JSON.parse(refused.body)).toMatchObject({ error: 'temporarily_unavailable' })
    expect((await requestThroughProxy(simulator, discovery)).status).toBe(200)
    expect(simulator.faults()).toHaveLength(2)
  })

  it('refuses at the proxy when the whole host is refused', async () => {
    simulator.inject({ match: { host: 'graph' }, fault: { type: 'refuse' } })
    // The proxy agent's own words: it has no code for a proxy that hangs up.
    expect(await errorCode(sendClear())).toMatch(/Proxy connection ended|ECONNRESET/)
    expect(simulator.journal()).toMatchObject([{ kind: 'connect', status: null, fault: 'refuse' }])
    simulator.inject({ match: { host: 'graph' }, fault: { type: 'refuse', proxyStatus: 502 } })
    expect((await sendClear()).status).toBe(502)
    expect((await sendClear()).status).toBe(404)
  })

  it('shows a certificate that nobody trusts', async () => {
    simulator.inject({ match: { host: 'graph' }, fault: { type: 'untrusted-certificate' } })
    expect(await errorCode(sendClear())).toMatch(/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|SIGNATURE/)
    expect((await sendClear()).status).toBe(404)
  })
})

describe('the network', () => {
  it('goes off with every open connection, and comes back', async () => {
    const agent = new HttpsProxyAgent(simulator.proxyUrl, { keepAlive: true })
    const warm = () => getWarm(agent, `${GRAPH}/v1.0/me/presence`)
    try {
      expect(await warm()).toBe(200)
      expect(await warm()).toBe(200)
      const [first, second] = simulator.journal().filter((r) => r.kind === 'graph')
      expect(second?.connection).toBe(first?.connection)
      expect(simulator.connections()).toBe(1)
      simulator.offline(true)
      expect(simulator.isOffline()).toBe(true)
      expect(await errorCode(warm())).toBe('ECONNRESET')
      simulator.offline(false)
      expect(await warm()).toBe(200)
      const last = simulator.journal().at(-1)
      expect(last?.connection).toBeGreaterThan(first?.connection ?? 0)
    } finally {
      agent.destroy()
    }
  })

  it('has no route: nothing is answered and nobody is told, until new connections get through', async () => {
    const agent = new HttpsProxyAgent(simulator.proxyUrl, { keepAlive: true })
    const silent = async (answer: Promise<unknown>): Promise<boolean> =>
      Promise.race([answer.then(() => false), sleep(300).then(() => true)])
    try {
      expect(await getWarm(agent, `${GRAPH}/v1.0/me/presence`)).toBe(200)
      simulator.setBlackHole(true)
      const onOpenConnection = getWarm(agent, `${GRAPH}/v1.0/me/presence`)
      const onNewConnection = sendClear()
      expect(await silent(onOpenConnection)).toBe(true)
      expect(await silent(onNewConnection)).toBe(true)
      expect(simulator.journal().filter((r) => r.kind === 'graph')).toHaveLength(1)
      simulator.setBlackHole(false)
      expect((await sendClear()).status).toBe(404)
      // What was asked meanwhile stays unanswered, until somebody gives it up.
      expect(await silent(onNewConnection)).toBe(true)
      simulator.dropConnections('reset')
      expect(await errorCode(onOpenConnection)).toBe('ECONNRESET')
      await errorCode(onNewConnection)
    } finally {
      agent.destroy()
    }
  })

  it('loses its proxy, which comes back on the same port', async () => {
    await simulator.setProxyGone(true)
    expect(await errorCode(sendClear())).toBe('ECONNREFUSED')
    await simulator.setProxyGone(false)
    expect((await sendClear()).status).toBe(404)
  })

  it('asks for a proxy password', async () => {
    simulator.setProxyAuth({ scheme: 'Basic', user: 'me', password: 'secret' })
    const refused = await sendClear()
    expect([refused.status, refused.headers['proxy-authenticate']]).toEqual([407, 'Basic realm="simulator"'])
    const door = { proxyUrl: simulator.proxyUrl.replace('//', '//me:secret@'), caPem: simulator.caPem }
    expect((await requestThroughProxy(door, GRAPH)).status).toBe(401)
    expect(JSON.stringify(simulator.journal())).not.toContain(Buffer.from('me:secret').toString('base64'))
    simulator.setProxyAuth({ scheme: 'Negotiate' })
    expect((await requestThroughProxy(door, GRAPH)).headers['proxy-authenticate']).toBe('Negotiate')
  })

  it('delays every byte each way when told so', async () => {
    simulator.setDelay(150)
    try {
      const started = performance.now()
      expect((await sendClear()).status).toBe(404)
      // TLS takes a round trip, the request another one.
      expect(performance.now() - started).toBeGreaterThan(500)
    } finally {
      simulator.setDelay(0)
    }
  })
})

/** Status of a GET that may use a kept connection. */
function getWarm(agent: Agent | HttpsProxyAgent<string>, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}` }
    request(url, { agent, ca: simulator.caPem, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}
