/** A web server for the person at this machine alone: loopback, a random key, no other site's business. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const MAX_BODY = 100_000

/** One request that has passed the checks. */
export interface Call {
  readonly query: URLSearchParams
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

/** What a route answers. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** Routes by `METHOD /path`. A rejection is answered with 500 and its message. */
export type Routes = Readonly<Record<string, (call: Call) => Reply | Promise<Reply>>>

/** A running server. */
export interface LocalServer {
  /** The address of a path, with the key. */
  address(path: string, query?: Readonly<Record<string, string>>): string
  /** The same without origin, for links in pages: they also work through a forwarded port. */
  link(path: string, query?: Readonly<Record<string, string>>): string
  readonly port: number
  close(): Promise<void>
}

/** Every page may load from here alone, unless a route says otherwise. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/**
 * Starts on `port` (0: a free one). Every request needs the key in its query, and a Host header that names this
 * machine, so that a page whose name was rebound to 127.0.0.1 gets nowhere. Rejects when the port is taken.
 */
export async function startLocalServer(
  port: number,
  makeRoutes: (server: LocalServer) => Routes,
): Promise<LocalServer> {
  const key = randomBytes(16).toString('hex')
  const link: LocalServer['link'] = (path, query = {}) =>
    `${path}?${new URLSearchParams({ key, ...query }).toString()}`
  let routes: Routes = {}
  const server = createServer((request, response) => {
    answer(request, response, key, routes).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { ...HEADERS, 'content-type': 'text/plain' })
      response.end(error instanceof Error ? error.message : String(error))
    })
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  })
  // A TCP server that listens has an AddressInfo.
  const { port: taken } = server.address() as AddressInfo
  const local: LocalServer = {
    port: taken,
    link,
    address: (path, query) => `http://127.0.0.1:${taken}${link(path, query)}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
  routes = makeRoutes(local)
  return local
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
  routes: Routes,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const refuse = (status: number): void => {
    response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain' }).end(`${status}\n`)
  }
  if (!isThisMachine(request.headers.host) || !sameText(url.searchParams.get('key') ?? '', key)) {
    refuse(403)
    return
  }
  const name = `${request.method ?? ''} ${url.pathname}`
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined
  if (route === undefined) {
    refuse(404)
    return
  }
  let body = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk
    if (body.length > MAX_BODY) {
      refuse(413)
      return
    }
  }
  const reply = await route({ query: url.searchParams, body, headers: request.headers })
  response.writeHead(reply.status ?? 200, { ...HEADERS, ...reply.headers }).end(reply.body ?? '')
}

/** Any port: a forwarded one has another number on the person's side. */
function isThisMachine(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '')
}

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
