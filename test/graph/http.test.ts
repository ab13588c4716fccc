import { execFile } from 'node:child_process'
import { createServer, type Server, type ServerOptions } from 'node:https'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createHttp, HttpFailure, type Http } from '../../src/main/graph/http.ts'
import { startSimulator, type Simulator } from '../simulator/index.ts'
import { until } from './rig.ts'

let tls: ServerOptions & { readonly cert: string }
const open: { close(): unknown }[] = []

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  tls = { key: pems.private, cert: pems.cert }
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, server }
}

function client(proxyUrl: string | null = null): Http {
  const http = createHttp({ proxyUrl, ca: [tls.cert] })
  open.push(http)
  return http
}

async function failureOf(promise: Promise<unknown>): Promise<HttpFailure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof HttpFailure) return error
  throw new Error(`expected an HttpFailure, got ${String(error)}`)
}

describe('requests', () => {
  it('give every status and the text as it came', async () => {
    const { url } = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () =>
        response.writeHead(418).end(`{"method":"${request.method ?? ''}","body":"${body}"}`),
      )
    })
    const response = await client().axios.post<string>(url, 'a=b')
    expect(response.status).toBe(418)
    expect(response.data).toBe('{"method":"POST","body":"a=b"}')
  })

  it('follow no redirect', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { Location: '/elsewhere' }).end(),
    )
    expect((await client().axios.get(url)).status).toBe(302)
  })

  it('share a connection, and take the one opened ahead of need', async () => {
    const { url, server } = await serve((_request, response) => response.end('ok'))
    let connections = 0
    server.on('secureConnection', () => (connections += 1))
    const http = client()
    await http.warm(url)
    expect(http.idle(url)).toBe(1)
    await http.warm(url)
    await http.axios.get(url)
    await http.axios.get(url)
    expect(connections).toBe(1)
    await until(() => http.idle(url) === 1)
    http.dropIdle()
    await until(() => http.idle(url) === 0)
    await http.axios.get(url)
    expect(connections).toBe(2)
  })

  it('end at their deadline although the body drips', async () => {
    const { url } = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const failure = await failureOf(client().axios.get(url, { timeout: 400 }))
    expect(failure).toMatchObject({ stage: 'timeout', sent: true })
  })

  it('end when announcements never end, long before their deadline', async () => {
    const { url } = await serve((_request, response) => {
      const flood = (): void => {
        if (response.destroyed) return
        response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => setImmediate(flood))
      }
      flood()
    })
    const failure = await failureOf(client().axios.get(url))
    expect(failure).toMatchObject({ stage: 'answer', code: 'ERR_TOO_MANY_1XX', sent: true, stale: false })
  })

  it('end when the caller gives up, before and during', async () => {
    const { url, server } = await serve(() => undefined)
    const during = new AbortController()
    server.on('request', () => during.abort())
    expect(await failureOf(client().axios.get(url, { signal: during.signal }))).toMatchObject({
      stage: 'aborted',
      sent: true,
    })
    expect(await failureOf(client().axios.get(url, { signal: AbortSignal.abort() }))).toMatchObject({
      stage: 'aborted',
      sent: false,
    })
  })

  it('refuse a body without end', async () => {
    const { url } = await serve((_request, response) => response.end('x'.repeat(2_000_000)))
    expect(await failureOf(client().axios.get(url))).toMatchObject({
      stage: 'answer',
      code: 'ERR_BAD_RESPONSE',
    })
  })

  it('never leave in the clear', async () => {
    let requests = 0
    const server = createHttpServer((_request, response) => {
      requests += 1
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push(server)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await failureOf(client().axios.get(url))).toMatchObject({ code: 'ERR_NOT_HTTPS', sent: false })
    expect(requests).toBe(0)
  })

  it('refuse a certificate for another name', async () => {
    const { url } = await serve((_request, response) => response.end('ok'))
    const other = url.replace('localhost', '127.0.0.2')
    const { port } = new URL(url)
    // The server listens on 127.0.0.1 only, so the other name leads there through a proxy.
    const proxy = createHttpServer()
    proxy.on('connect', (_request, socket) => {
      const far = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(far).pipe(socket)
      })
      socket.on('error', () => far.destroy())
      far.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    open.push(proxy)
    const http = client(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
    expect(await failureOf(http.axios.get(other))).toMatchObject({
      stage: 'tls',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      sent: false,
    })
  })

  it('go through a proxy that is itself reached by TLS', async () => {
    const { url } = await serve((_request, response) => response.end('ok'))
    const proxy = createServer(tls)
    const asked: string[] = []
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      const far = connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(far).pipe(socket)
      })
      socket.on('error', () => far.destroy())
      far.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    open.push({
      close: () => {
        proxy.closeAllConnections()
        proxy.close()
      },
    })
    const http = client(`https://localhost:${(proxy.address() as AddressInfo).port}`)
    expect((await http.axios.get<string>(url)).data).toBe('ok')
    expect(asked).toEqual([new URL(url).host])
  })
})

describe('a certificate authority of the system', () => {
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await startSimulator()
  })
  afterAll(async () => {
    await simulator.close()
  })

  it.runIf(process.platform === 'linux')('is trusted by the route without any variable of Node', async () => {
    const code = `
      import { createHttp } from ${JSON.stringify(new URL('../../src/main/graph/http.ts', import.meta.url).href)}
      import { createRoutes, clouds } from ${JSON.stringify(new URL('../../src/main/graph/route.ts', import.meta.url).href)}
      const log = { info() {}, warn() {}, error() {} }
      const routes = createRoutes({ hosts: clouds.global, env: process.env, systemProxy: async () => 'DIRECT', log })
      const http = createHttp(routes.current())
      const response = await http.axios.get(clouds.global.graph + '/v1.0/me/presence')
      console.log(response.status)
      http.close()`
    const run = (store: Record<string, string>): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
        env: { PATH: process.env['PATH'] ?? '', HTTPS_PROXY: simulator.proxyUrl, ...store },
      })
    expect((await run({ SSL_CERT_FILE: simulator.caFile })).stdout.trim()).toBe('401')
    await expect(run({})).rejects.toThrow(/tls: /)
  })
})
