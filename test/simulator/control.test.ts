/** The proxy's door, the journal, the control API from another process, and the command line. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_TENANT_ID as APP_DEMO_TENANT_ID } from '../../src/main/core/config.ts'
import {
  connectControl,
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  requestThroughProxy,
  signInAsBrowser,
  startSimulator,
  type ControlClient,
  type Simulator,
} from './index.ts'
import { authorizeUrl, graphCall } from './test-kit.ts'

let simulator: Simulator
let remote: ControlClient
beforeAll(async () => {
  simulator = await startSimulator()
  remote = connectControl(simulator.controlUrl)
})
afterAll(() => simulator.close())

describe('the door', () => {
  it.each(['https://example.com/', 'https://www.microsoft.com/', 'https://graph.microsoft.com:8443/'])(
    'refuses %s with 403 and journals it',
    async (url) => {
      const answer = await requestThroughProxy(simulator, url)
      expect(answer.status).toBe(403)
      const { host } = new URL(url)
      const entry = { kind: 'connect', method: 'CONNECT', status: 403, host: host.split(':')[0] }
      expect(simulator.journal().at(-1)).toMatchObject(entry)
    },
  )

  it('refuses plain http requests', async () => {
    const status = await new Promise((resolve, reject) => {
      request(simulator.proxyUrl, { path: 'http://graph.microsoft.com/v1.0/me/presence' }, (response) => {
        resolve(response.resume().statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
    expect(simulator.journal().at(-1)).toMatchObject({ kind: 'plain', status: 403 })
  })

  it('is trusted only with its CA', async () => {
    const stranger = requestThroughProxy({ proxyUrl: simulator.proxyUrl }, 'https://graph.microsoft.com/')
    await expect(stranger).rejects.toThrow(/certificate/)
  })

  it('listens on 127.0.0.1 only', () => {
    for (const url of [simulator.proxyUrl, simulator.controlUrl]) {
      expect(new URL(url).hostname).toBe('127.0.0.1')
    }
    expect(simulator.env).toEqual({ HTTPS_PROXY: simulator.proxyUrl, NODE_EXTRA_CA_CERTS: simulator.caFile })
    expect(existsSync(simulator.caFile)).toBe(true)
  })
})

it('has the demo tenant that the app knows', () => {
  expect(DEMO_TENANT_ID).toBe(APP_DEMO_TENANT_ID)
})

describe('the journal', () => {
  it('tells who sent what and what became of it, without a secret', async () => {
    simulator.clearJournal()
    const token = simulator.issueToken({ user: DEMO_USER_ID, clientId: DEMO_CLIENT_ID })
    await graphCall(
      simulator,
      token,
      'POST',
      `/users/${DEMO_USER_ID}/presence/clearPresence`,
      { sessionId: DEMO_CLIENT_ID },
      { headers: { 'client-request-id': 'my-own-id' } },
    )
    const record = await simulator.waitForRequest({ path: 'clearPresence', outcome: 'answered' })
    expect(record).toMatchObject({
      kind: 'graph',
      host: 'graph.microsoft.com',
      method: 'POST',
      body: { sessionId: DEMO_CLIENT_ID },
      status: 404,
      errorCode: 'NotFound',
      clientRequestId: 'my-own-id',
      tookEffect: false,
    })
    expect(record.endedRealMs).toBeGreaterThanOrEqual(record.realMs)
    const issued = simulator.issuedTokenRecords().find((t) => t.hash === record.token)
    expect(issued).toMatchObject({
      kind: 'access',
      userId: DEMO_USER_ID,
      clientId: DEMO_CLIENT_ID,
      value: token,
    })
  })

  it('holds none of the secrets that a whole sign-in hands out', async () => {
    // The form goes to a closed port: the code has been handed out all the same.
    const { url } = authorizeUrl({ tenant: DEMO_TENANT_ID, clientId: DEMO_CLIENT_ID })
    await expect(signInAsBrowser(simulator, url)).rejects.toThrow('ECONNREFUSED')
    const code = simulator.issuedTokenRecords().find((t) => t.kind === 'code')?.value ?? ''
    expect(code).not.toBe('')
    await requestThroughProxy(
      simulator,
      `https://login.microsoftonline.com/${DEMO_TENANT_ID}/oauth2/v2.0/token`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          client_id: DEMO_CLIENT_ID,
        }).toString(),
      },
    )
    const text = JSON.stringify(simulator.journal())
    expect(text).toContain('authorization_code')
    for (const secret of simulator.issuedTokens()) expect(text).not.toContain(secret)
  })

  it('says what it did see when a request does not come', async () => {
    const missing = simulator.waitForRequest({ path: 'never' }, 50)
    await expect(missing).rejects.toThrow(/No such request within 50 ms[\s\S]*GET|POST/)
  })
})

describe('another process', () => {
  it('has every method under the same name', () => {
    const own = Object.entries(simulator).filter(([, value]) => typeof value === 'function')
    const names = own.map(([name]) => name).filter((name) => name !== 'close')
    expect(Object.keys(remote)).toEqual(expect.arrayContaining(names))
  })

  it('sets and reads sessions, clock, faults and network', async () => {
    const session = await remote.setSession({
      user: DEMO_USER_NAME,
      clientId: DEMO_CLIENT_ID,
      availability: 'Busy',
      activity: 'InACall',
      expirationMs: 600_000,
    })
    expect(session).toMatchObject({ userId: DEMO_USER_ID, setBy: 'control' })
    expect(await remote.listSessions()).toEqual(simulator.listSessions())
    expect(await remote.presence(DEMO_USER_NAME)).toMatchObject({ availability: 'Busy', activity: 'InACall' })
    const before = await remote.clock.now()
    expect((await remote.clock.advance(600_000)) - before).toBeGreaterThanOrEqual(600_000)
    expect(await remote.listSessions()).toEqual([])
    const id = await remote.inject({ match: { host: 'graph' }, fault: { type: 'status', status: 503 } })
    expect(await remote.faults()).toHaveLength(1)
    expect(await remote.removeFault(id)).toBe(true)
    await remote.offline(true)
    expect(await remote.isOffline()).toBe(true)
    await remote.offline(false)
    await remote.setProxyAuth({ scheme: 'Negotiate' })
    await remote.setProxyAuth()
    expect((await graphCall(simulator, undefined, 'GET', '/me/presence')).status).toBe(401)
    expect(await remote.issuedTokens()).toEqual(simulator.issuedTokens())
  })

  it('waits for a request that is still to come', async () => {
    await remote.clearJournal()
    const waiting = remote.waitForRequest((r) => r.path.startsWith('/v1.0/me/presence') && r.status === 401)
    await graphCall(simulator, undefined, 'GET', '/me/presence')
    expect(await waiting).toMatchObject({ kind: 'graph', errorCode: 'InvalidAuthenticationToken' })
  })

  it('is told what it did wrong', async () => {
    await expect(remote.presence('nobody@demo.example')).rejects.toThrow('No user nobody@demo.example')
    const unknown = await fetch(`${simulator.controlUrl}/constructor`, { method: 'POST', body: '[]' })
    expect(unknown.status).toBe(400)
    const page = await fetch(`${simulator.controlUrl}/issuedTokens`, {
      method: 'POST',
      body: '[]',
      headers: { Origin: 'https://evil.example' },
    })
    expect(page.status).toBe(403)
  })
})

describe('the command line', () => {
  const CLI = fileURLToPath(new URL('cli.ts', import.meta.url))

  it('says how to use it, answers, and leaves nothing behind', async () => {
    const child = spawn(process.execPath, [CLI, '--auto-approve'], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      let output = ''
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        output += chunk.toString()
        if (output.includes('Ctrl+C')) break
      }
      const valueOf = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(output)?.[1] ?? ''
      expect(valueOf('CLEAR_PRESENCE_CLIENT_ID')).toBe(DEMO_CLIENT_ID)
      expect(valueOf('CLEAR_PRESENCE_TENANT')).toBe(DEMO_TENANT_ID)
      const caFile = valueOf('NODE_EXTRA_CA_CERTS')
      const door = { proxyUrl: valueOf('HTTPS_PROXY'), caFile }
      expect((await requestThroughProxy(door, 'https://graph.microsoft.com/v1.0/me/presence')).status).toBe(
        401,
      )
      const controlUrl = /Control: (\S+)/.exec(output)?.[1] ?? ''
      expect(await connectControl(controlUrl).journal()).toHaveLength(2)
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      expect(await exited).toBe(0)
      expect(existsSync(caFile)).toBe(false)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('refuses unknown options', async () => {
    const child = spawn(process.execPath, [CLI, '--dance'], { stdio: 'ignore' })
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(2)
  })
})
