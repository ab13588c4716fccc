/**
 * The listener on 127.0.0.1 to which the browser comes back from a sign-in, as RFC 8252 section 7.3 has it.
 *
 * Ours instead of MSAL's, because every process of the machine and every page can talk to it: MSAL's keeps a body of any
 * length and throws on an address that is none. The answer comes as a form (`response_mode=form_post`), as with MSAL, so
 * that no code stands in an address.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Entra's answer is below 5 KB; the text of an error adds some, bytes. */
const MAX_BODY = 64 * 1024
/** A browser sends the cookies of everything else that it has seen on localhost too, bytes. */
const MAX_HEAD = 32 * 1024
/** More connections than a browser opens; beyond, the oldest is thrown out and not the browser kept out. */
const MAX_CONNECTIONS = 32
/** How long a client may take for its head, and for all of its request, ms. The browser is on this machine. */
const HEAD_MS = 10_000
const REQUEST_MS = 15_000

/** What Entra sent the browser back with. */
export type RedirectAnswer =
  | { readonly type: 'code'; readonly code: string; readonly clientInfo: string }
  /** An OAuth error (RFC 6749 section 4.1.2.1). All three come from outside and are to be shown nowhere. */
  | {
      readonly type: 'error'
      readonly error: string
      readonly description: string
      readonly suberror: string
    }
  /** The signal came first. */
  | { readonly type: 'aborted' }

/** A listener that waits for one answer. */
export interface Loopback {
  /** What to send the browser back to: `http://localhost:<port>`, the form that Entra takes with any port. */
  readonly redirectUri: string
  /** The first answer that carries the right state. Never rejects. */
  readonly answer: Promise<RedirectAnswer>
  /** Ends it and all its connections. May be called again. */
  close(): void
}

/** What it needs. */
export interface LoopbackOptions {
  /** The answer must carry exactly this state, once; whatever doesn't is refused, and the waiting goes on. */
  readonly state: string
  /** HTML for the browser that came back with a code. */
  readonly successPage: string
  /** HTML for the browser that came back with an error. */
  readonly errorPage: string
  /** Ends the waiting. */
  readonly signal: AbortSignal
}

/** There could be no listener; `code` is the system's, e.g. `EADDRNOTAVAIL`. */
export class LoopbackFailed extends Error {
  readonly code: string
  constructor(code: string) {
    super('loopback-failed')
    this.code = code
  }
}

/**
 * Listens on a free port of 127.0.0.1.
 * @throws LoopbackFailed when the system doesn't let us.
 */
export async function listenForRedirect(options: LoopbackOptions): Promise<Loopback> {
  let settle: (answer: RedirectAnswer) => void = () => undefined
  const answer = new Promise<RedirectAnswer>((resolve) => {
    settle = resolve
  })
  const limits = {
    maxHeaderSize: MAX_HEAD,
    headersTimeout: HEAD_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 1_000,
    keepAlive: false,
  }
  const server = http.createServer(limits, (request, response) => {
    void receive(request, response).catch(() => request.destroy())
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const [oldest] = sockets
    if (sockets.size > MAX_CONNECTIONS) oldest?.destroy()
  })
  const port = await listen(server)
  const hosts = [`localhost:${port}`, `127.0.0.1:${port}`]

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, hosts)
    const body = refusal === null ? await bodyOf(request) : null
    if (body === null) {
      reply(response, refusal ?? 413)
      return
    }
    const found = answerOf(body, options.state)
    if (found === null) {
      reply(response, 400)
      return
    }
    // Once the page is on its way the connections may be cut; a client that doesn't take it holds nothing up.
    response.once('close', () => {
      settle(found)
      server.close()
    })
    reply(response, 200, found.type === 'code' ? options.successPage : options.errorPage)
  }

  function close(): void {
    options.signal.removeEventListener('abort', abort)
    server.close()
    // Those that have sent nothing yet too, which `closeAllConnections` may leave.
    server.closeAllConnections()
    for (const socket of sockets) socket.destroy()
  }

  function abort(): void {
    settle({ type: 'aborted' })
    close()
  }

  if (options.signal.aborted) abort()
  else options.signal.addEventListener('abort', abort, { once: true })
  return { redirectUri: `http://localhost:${port}`, answer, close }
}

function listen(server: http.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    // Stays: later errors (too many open files) cost the connection that they are about.
    server.on('error', (error: NodeJS.ErrnoException) => reject(new LoopbackFailed(error.code ?? 'listen')))
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
      else reject(new LoopbackFailed('listen'))
    })
  })
}

/** The status for what can't be the browser's answer, by its head alone; null for what may be. */
function refusalOf({ headers, url, method }: IncomingMessage, hosts: readonly string[]): number | null {
  // A page elsewhere whose name leads to this machine (DNS rebinding) still names its own host.
  if (!hosts.includes((headers.host ?? '').toLowerCase())) return 421
  if (url !== '/') return 404
  if (method !== 'POST') return 405
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') return 415
  if (Number(headers['content-length'] ?? 0) > MAX_BODY) return 413
  return null
}

/** The body as text; null when it is longer than an answer can be. Rejects when the client breaks off. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The answer in a form; null for one without the right state, or that says something twice. */
function answerOf(body: string, state: string): RedirectAnswer | null {
  const form = new URLSearchParams(body)
  const only = (name: string): string | null => {
    const values = form.getAll(name)
    return values.length === 1 ? (values[0] ?? null) : null
  }
  const [code, error, found] = [only('code'), only('error'), only('state')]
  if (found === null || !isSame(found, state)) return null
  if (form.has('error')) {
    if (error === null || error === '' || form.has('code')) return null
    const description = only('error_description') ?? ''
    return { type: 'error', error, description, suberror: only('suberror') ?? '' }
  }
  if (code === null || code === '') return null
  return { type: 'code', code, clientInfo: only('client_info') ?? '' }
}

/** Compares in a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** Answers, and ends the connection: what is still coming in is read by nobody. */
function reply(response: ServerResponse, status: number, page = ''): void {
  response.writeHead(status, {
    'content-type': page === '' ? 'text/plain; charset=utf-8' : 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'POST' } : {}),
    connection: 'close',
  })
  response.end(page === '' ? http.STATUS_CODES[status] : page)
}
