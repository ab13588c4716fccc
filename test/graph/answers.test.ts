import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { judge, type Outcome } from '../../src/main/core/outcome.ts'
import type { Armament, Attempt, PresenceWrite } from '../../src/main/core/model.ts'
import type { Fault } from '../simulator/index.ts'
import {
  answerIn,
  armamentOf,
  CLEAR,
  createRig,
  SET,
  startRemote,
  untilWarm,
  type Remote,
  type Rig,
} from './rig.ts'

let remote: Remote
let rig: Rig
beforeAll(async () => {
  remote = await startRemote()
  rig = createRig()
})
afterAll(async () => {
  await rig.sender.close()
  await remote.close()
})
beforeEach(async () => {
  rig.sender.arm(await armamentOf(remote))
})
afterEach(async () => {
  await remote.control.removeAllFaults()
  await remote.control.setProxyAuth()
  await remote.control.offline(false)
  await remote.control.claimsChallenge(false)
  await remote.control.clearJournal()
})

const judged = (attempt: Attempt, write: PresenceWrite['body']['kind'] = 'clear'): Outcome =>
  judge(attempt.result, { write, cloud: 'global', wall: Date.now() })

/** One attempt with `fault` in force for as long as it takes. */
async function clearUnder(fault: Fault, timeoutMs = 2_000): Promise<Attempt> {
  await remote.control.inject({ match: { path: 'clearPresence' }, fault, times: 'until-removed' })
  return rig.attempt(CLEAR, timeoutMs)
}

describe('answers of Graph and of what stands before it', () => {
  it.each<{ name: string; fault: Fault; outcome: Partial<Outcome> }>([
    { name: '204 is a success like 200', fault: status(204), outcome: { kind: 'done' } },
    {
      name: "a hotel's page with 200",
      fault: { type: 'captive-portal' },
      outcome: { kind: 'pending', problem: { code: 'captive-portal', detail: '200' }, sureNot: false },
    },
    {
      name: '404 of something before Graph',
      fault: { type: 'status', status: 404, requestId: false, body: '<html>' },
      outcome: { kind: 'pending', problem: { code: 'captive-portal', detail: '404' } },
    },
    {
      name: '404 for a user that does not exist',
      fault: status(404, graphError('Request_ResourceNotFound')),
      outcome: { kind: 'refused', problem: { code: 'wrong-user', detail: '404 Request_ResourceNotFound' } },
    },
    {
      name: '404 without a readable code',
      fault: status(404, '<html>'),
      outcome: { kind: 'nothing-to-clear' },
    },
    {
      name: '403 without a message',
      fault: status(403, graphError('Forbidden')),
      outcome: { kind: 'not-permitted', problem: { code: 'not-permitted', detail: 'Presence.ReadWrite' } },
    },
    {
      name: '400',
      fault: status(400, graphError('InvalidArgument')),
      outcome: { kind: 'refused', problem: { code: 'unexpected-answer', detail: '400 InvalidArgument' } },
    },
    {
      name: '429 with a fraction of seconds',
      fault: status(429, graphError('TooManyRequests'), { 'Retry-After': '2.128' }),
      outcome: {
        kind: 'pending',
        problem: { code: 'throttled', detail: '429 TooManyRequests' },
        retryAfterMs: 2128,
        sureNot: true,
      },
    },
    {
      name: '503 with a date',
      fault: status(503, 'upstream', {
        Date: 'Tue, 01 Sep 2026 10:00:00 GMT',
        'Retry-After': 'Tue, 01 Sep 2026 10:00:30 GMT',
      }),
      outcome: { kind: 'pending', problem: { code: 'server-trouble', detail: '503' }, retryAfterMs: 30_000 },
    },
    {
      name: '504 of the gateway',
      fault: status(504, graphError('UnknownError')),
      outcome: { kind: 'pending', problem: { code: 'server-trouble', detail: '504 UnknownError' } },
    },
    {
      name: 'a redirect, which is not followed',
      fault: status(302, '', { Location: 'https://graph.microsoft.com/elsewhere' }),
      outcome: { kind: 'pending', problem: { code: 'unexpected-answer', detail: '302' } },
    },
  ])('$name', async ({ fault, outcome }) => {
    expect(judged(await clearUnder(fault))).toMatchObject(outcome)
    const requests = (await remote.control.journal()).filter((record) => record.kind === 'graph')
    expect(requests).toHaveLength(1)
  })

  it('reads the claims challenge of a real 401', async () => {
    const { DEMO_CLIENT_ID, DEMO_USER_NAME } = await import('../simulator/directory.ts')
    const accessToken = await remote.control.issueToken({
      user: DEMO_USER_NAME,
      clientId: DEMO_CLIENT_ID,
      handlesClaims: true,
    })
    rig.sender.arm(await armamentOf(remote, { accessToken }))
    await remote.control.claimsChallenge(true)
    const attempt = await rig.attempt(CLEAR)
    expect(answerIn(attempt.result).status).toBe(401)
    const outcome = judged(attempt)
    expect(outcome.kind).toBe('token-refused')
    expect(JSON.parse((outcome as { claims: string }).claims)).toHaveProperty('access_token')
  })

  it('finds the challenge among several, with padded base64', async () => {
    const claims = '{"access_token":{"nbf":{"essential":true}}}'
    const value =
      'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
      `error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`
    const attempt = await clearUnder(
      status(401, graphError('InvalidAuthenticationToken'), { 'WWW-Authenticate': `Negotiate, ${value}` }),
    )
    expect(judged(attempt)).toMatchObject({ kind: 'token-refused', claims })
  })

  it('says when the clock is wrong', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString()
    const attempt = await clearUnder(status(401, graphError('InvalidAuthenticationToken'), { Date: date }))
    expect(judged(attempt)).toMatchObject({ kind: 'token-refused', problem: { code: 'clock-wrong' } })
  })

  it('reads no error body without end', async () => {
    const attempt = await clearUnder(status(500, 'x'.repeat(1_000_000)))
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'server-trouble', detail: '500' },
    })
  })

  it('takes a new connection after a 503', async () => {
    await remote.control.inject({ match: { path: 'clearPresence' }, fault: status(503), times: 1 })
    await rig.attempt(CLEAR)
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
    const [first, second] = (await remote.control.journal()).filter((record) => record.kind === 'graph')
    expect(second?.connection).not.toBe(first?.connection)
  })
})

describe('without an answer', () => {
  it.each<{ name: string; fault: Fault }>([
    { name: 'the connection is reset', fault: { type: 'reset' } },
    { name: 'the connection ends', fault: { type: 'refuse' } },
    { name: 'the answer is lost', fault: { type: 'lost-answer' } },
  ])('$name', async ({ fault }) => {
    const attempt = await clearUnder(fault)
    expect(attempt.result).toEqual({ type: 'failure', sent: true, stage: 'answer', code: 'ECONNRESET' })
    expect(judged(attempt)).toEqual({
      kind: 'pending',
      problem: { code: 'not-reached', detail: 'answer ECONNRESET' },
      retryAfterMs: null,
      sureNot: false,
    })
  })

  it('sends once more when an idle connection turns out to be dead, and only once', async () => {
    await rig.attempt(CLEAR)
    await untilWarm(remote)
    await remote.control.clearJournal()
    await remote.control.inject({ match: { path: 'clearPresence' }, fault: { type: 'reset' }, times: 1 })
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
    const requests = (await remote.control.journal()).filter((record) => record.kind === 'graph')
    expect(requests).toHaveLength(2)
    expect(requests[0]?.clientRequestId).toBe(requests[1]?.clientRequestId)
  })

  it('the server is silent', async () => {
    const attempt = await clearUnder({ type: 'stall' }, 400)
    expect(attempt.result).toEqual({ type: 'failure', sent: true, stage: 'timeout', code: 'ETIMEDOUT' })
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'not-reached' },
      sureNot: false,
    })
  })

  it.each<Fault>([{ type: 'cut-body' }, { type: 'slow-drip', forever: true }])(
    'a success counts although its body has no end: $type',
    async (fault) => {
      await rig.attempt(SET)
      expect(judged(await clearUnder(fault))).toEqual({ kind: 'done' })
    },
  )

  it('a 404 whose body is cut settles nothing: its code may mean the opposite', async () => {
    const attempt = await clearUnder({ type: 'cut-body' })
    expect(attempt.result).toMatchObject({
      type: 'failure',
      sent: true,
      stage: 'answer',
      code: 'ERR_BODY_CUT',
    })
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'not-reached' },
      sureNot: false,
    })
  })

  it('a 404 whose body drips for ever ends at the deadline', async () => {
    const attempt = await clearUnder({ type: 'slow-drip', forever: true }, 400)
    expect(attempt.result).toEqual({ type: 'failure', sent: true, stage: 'timeout', code: 'ETIMEDOUT' })
  })

  it('the handshake breaks', async () => {
    const server = await listen((socket) => {
      socket.once('data', () => socket.destroy())
    })
    const attempt = await attemptTo(server, {
      graphOrigin: `https://127.0.0.1:${portOf(server)}`,
      route: { proxyUrl: null, ca: [] },
    })
    expect(attempt.result).toMatchObject({ type: 'failure', sent: false, stage: 'tls' })
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'not-reached' },
      sureNot: true,
    })
  })

  it('the certificate is of an authority that nobody trusts', async () => {
    rig.sender.arm(await armamentOf(remote, { route: { ...remote.route, ca: [] } }))
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toMatchObject({ type: 'failure', sent: false, stage: 'tls' })
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'certificate-untrusted' },
      sureNot: true,
    })
  })
})

describe('on the way to Graph', () => {
  it('the proxy wants a password', async () => {
    await remote.control.setProxyAuth({ scheme: 'Negotiate' })
    rig.sender.disarm('session-under-test')
    rig.sender.arm(await armamentOf(remote))
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toEqual({ type: 'failure', sent: false, stage: 'proxy', code: '407' })
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'proxy-refused' },
      sureNot: true,
    })
  })

  it('the proxy gets its password', async () => {
    await remote.control.setProxyAuth({ scheme: 'Basic', user: 'alex', password: 'p@ss %' })
    const proxy = new URL(remote.proxyUrl)
    const proxyUrl = `http://alex:${encodeURIComponent('p@ss %')}@${proxy.host}`
    rig.sender.arm(await armamentOf(remote, { route: { ...remote.route, proxyUrl } }))
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
  })

  it('the proxy answers 503, which is not an answer of Graph', async () => {
    rig.sender.disarm('session-under-test')
    await remote.control.inject({ fault: { type: 'refuse', proxyStatus: 503 }, times: 'until-removed' })
    rig.sender.arm(await armamentOf(remote))
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toEqual({ type: 'failure', sent: false, stage: 'proxy', code: '503' })
    expect(judged(attempt)).toMatchObject({
      kind: 'pending',
      problem: { code: 'not-reached' },
      sureNot: true,
    })
  })

  it('the network is gone', async () => {
    await remote.control.offline(true)
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toMatchObject({ type: 'failure', sent: false, stage: 'proxy' })
    await remote.control.offline(false)
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
  })

  it('the proxy is gone', async () => {
    const port = await closedPort()
    const route = { ...remote.route, proxyUrl: `http://127.0.0.1:${port}` }
    rig.sender.arm(await armamentOf(remote, { route }))
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toEqual({ type: 'failure', sent: false, stage: 'proxy', code: 'ECONNREFUSED' })
    expect(judged(attempt)).toMatchObject({ problem: { code: 'proxy-unreachable' }, sureNot: true })
  })

  it('the proxy accepts and says nothing: the deadline holds, and its socket goes', async () => {
    const sockets = new Set<Socket>()
    const server = await listen((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => undefined)
      socket.resume()
    })
    const route = { ...remote.route, proxyUrl: `http://127.0.0.1:${portOf(server)}` }
    const attempt = await attemptTo(server, { route }, 400)
    expect(attempt.result).toEqual({ type: 'failure', sent: false, stage: 'timeout', code: 'ETIMEDOUT' })
    expect(judged(attempt)).toMatchObject({ problem: { code: 'not-reached' }, sureNot: true })
  })

  it('nobody listens at the address', async () => {
    const graphOrigin = `https://127.0.0.1:${await closedPort()}`
    rig.sender.arm(await armamentOf(remote, { graphOrigin, route: { proxyUrl: null, ca: [] } }))
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toEqual({ type: 'failure', sent: false, stage: 'connect', code: 'ECONNREFUSED' })
    expect(judged(attempt)).toMatchObject({ problem: { code: 'no-network' }, sureNot: true })
  })

  it('the name is unknown', async () => {
    const graphOrigin = 'https://graph.invalid'
    rig.sender.arm(await armamentOf(remote, { graphOrigin, route: { proxyUrl: null, ca: [] } }))
    const attempt = await rig.attempt(CLEAR)
    expect(attempt.result).toMatchObject({ type: 'failure', sent: false, stage: 'dns' })
    expect(judged(attempt)).toMatchObject({ problem: { code: 'no-network' }, sureNot: true })
  })
})

it('judges an unanswered set as one that may stand', async () => {
  await remote.control.inject({ match: { path: 'setPresence' }, fault: { type: 'stall', tookEffect: true } })
  const attempt = await rig.attempt(SET, 400)
  expect(judged(attempt, 'set')).toMatchObject({ kind: 'pending', sureNot: false })
})

function status(code: number, body?: unknown, headers?: Record<string, string>): Fault {
  return {
    type: 'status',
    status: code,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  }
}

function graphError(code: string): unknown {
  return { error: { code, message: '', innerError: { date: '2026-09-01T10:00:00', 'request-id': 'r' } } }
}

function listen(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createPlainServer(onConnection)
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = await listen(() => undefined)
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function attemptTo(server: Server, changes: Partial<Armament>, timeoutMs = 5_000): Promise<Attempt> {
  try {
    rig.sender.arm(await armamentOf(remote, changes))
    return await rig.attempt(CLEAR, timeoutMs)
  } finally {
    server.close()
  }
}
