/** The HTTPS agent of one route: pools connections, and can open one ahead of the first request. */
import https from 'node:https'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { X509Certificate } from 'node:crypto'
import type { Route } from '../core/model.ts'
import { connect, type Target } from './connect.ts'

/** A connection attempt is given up after this time, ms, also when its request has long gone. */
const CONNECT_TIMEOUT_MS = 15_000
/** A request may take over a connection that is being opened ahead only if it is this young, ms: an older one hangs. */
const JOIN_OPENING_MS = 2_000

/** A connection being opened ahead of need. */
interface Opening {
  readonly name: string
  readonly since: number
  readonly socket: Promise<tls.TLSSocket>
}

/**
 * Hands a socket to a request only when its TLS handshake is done. So a request without a socket has surely not left
 * this machine, and one with a socket may have.
 */
export class RouteAgent extends https.Agent {
  readonly #proxyUrl: string | null
  readonly #secureContext: tls.SecureContext
  readonly #closing = new AbortController()
  readonly #warm = new Map<tls.TLSSocket, string>()
  readonly #preopened = new WeakSet<Duplex>()
  readonly #openings = new Set<Opening>()
  #retired = false
  /** Called when a connection has closed, so that its owner can open another. */
  onClosed: () => void = () => undefined

  constructor(route: Route) {
    super({ keepAlive: true, scheduling: 'lifo', maxFreeSockets: 4 })
    this.#proxyUrl = route.proxyUrl
    this.#secureContext = secureContextOf(route.ca)
  }

  /** Opens a connection to `origin` unless one is idle. Rejects with a ConnectError. */
  async warm(origin: string): Promise<void> {
    const target = targetOf(origin)
    const name = nameOf(target)
    if (
      this.#retired ||
      this.idle(origin) > 0 ||
      [...this.#openings].some((opening) => opening.name === name)
    )
      return
    const opening: Opening = { name, since: performance.now(), socket: this.#open(target) }
    this.#openings.add(opening)
    try {
      const socket = await opening.socket
      // A request has taken it over meanwhile.
      if (!this.#openings.has(opening)) return
      if (this.#isRetired()) socket.destroy()
      else if (!socket.destroyed) this.#keep(socket, name)
    } finally {
      this.#openings.delete(opening)
    }
  }

  /** How many connections to `origin` are open and wait for a request. */
  idle(origin: string): number {
    const name = nameOf(targetOf(origin))
    const pooled = Object.entries(this.freeSockets).filter(([key]) => key.startsWith(`${name}:`))
    return (
      [...this.#warm.values()].filter((each) => each === name).length +
      pooled.reduce((sum, [, sockets]) => sum + (sockets?.length ?? 0), 0)
    )
  }

  /** Destroys the connections that no request uses: their path is in doubt (sleep, another network, a 503). */
  dropIdle(): void {
    for (const socket of this.#warm.keys()) socket.destroy()
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of [...(sockets ?? [])]) socket.destroy()
  }

  /** Lets running requests end, and keeps no connection after them. */
  retire(): void {
    this.#retired = true
    this.dropIdle()
  }

  /** Destroys every connection, also those still being opened. */
  override destroy(): void {
    this.#retired = true
    this.#closing.abort()
    for (const socket of this.#warm.keys()) socket.destroy()
    super.destroy()
  }

  /** Whether a socket had been waiting before its request took it: the server may just have closed it. */
  wasPreopened(socket: Duplex): boolean {
    return this.#preopened.has(socket)
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const target: Target = { host: options.host ?? 'localhost', port: Number(options.port ?? 443) }
    const name = nameOf(target)
    for (const [socket, warmName] of this.#warm) {
      if (warmName !== name) continue
      this.#warm.delete(socket)
      // Bytes that came unasked (a 408 before the server hangs up) would be read as the answer to our request.
      if (socket.destroyed || socket.readableLength > 0) socket.destroy()
      else return socket
    }
    const opening = [...this.#openings].find(
      (each) => each.name === name && performance.now() - each.since < JOIN_OPENING_MS,
    )
    if (opening !== undefined) this.#openings.delete(opening)
    const opened = opening?.socket ?? this.#open(target)
    opened.then(
      (socket) => callback?.(null, socket),
      // Node's types ask for a socket here too; its agent looks at the error first.
      (error: unknown) => callback?.(error as Error, undefined as unknown as Duplex),
    )
    return undefined
  }

  // Node calls it when an answer has been read whole. Its agent reads the result, which the types leave out.
  override keepSocketAlive(socket: Duplex): boolean {
    const keep: (socket: Duplex) => unknown = super.keepSocketAlive
    return !this.#retired && keep.call(this, socket) === true
  }

  /** Asked again after an await: the compiler believes that nothing changes meanwhile. */
  #isRetired(): boolean {
    return this.#retired
  }

  async #open(target: Target): Promise<tls.TLSSocket> {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), CONNECT_TIMEOUT_MS)
    timer.unref()
    const close = (): void => timeout.abort()
    this.#closing.signal.addEventListener('abort', close, { once: true })
    try {
      const socket = await connect(target, {
        proxyUrl: this.#proxyUrl,
        secureContext: this.#secureContext,
        signal: this.#closing.signal.aborted ? this.#closing.signal : timeout.signal,
      })
      socket.once('close', () => this.onClosed())
      return socket
    } finally {
      clearTimeout(timer)
      this.#closing.signal.removeEventListener('abort', close)
    }
  }

  #keep(socket: tls.TLSSocket, name: string): void {
    this.#warm.set(socket, name)
    this.#preopened.add(socket)
    // An idle connection that breaks is no event worth an error: it is only no longer there.
    socket.on('error', () => undefined)
    socket.once('close', () => this.#warm.delete(socket))
    socket.unref()
  }
}

function targetOf(origin: string): Target {
  const url = new URL(origin)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 443 : Number(url.port) }
}

function nameOf(target: Target): string {
  return `${target.host}:${target.port}`
}

/** One unreadable certificate in a machine's store must not cost all the others. */
function secureContextOf(ca: readonly string[]): tls.SecureContext {
  try {
    return tls.createSecureContext({ ca: [...ca] })
  } catch {
    return tls.createSecureContext({ ca: ca.filter(isCertificate) })
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
