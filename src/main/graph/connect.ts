/** Opens one verified TLS connection, directly or through a CONNECT proxy, and says at which stage it failed. */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'

/** How far a connection got when it failed. */
export type ConnectStage = 'dns' | 'connect' | 'proxy' | 'tls'

/** A connection that could not be opened: nothing of the request has left this machine. */
export class ConnectError extends Error {
  readonly stage: ConnectStage
  /** Node's error code, or the status with which the proxy refused. */
  readonly code: string
  constructor(stage: ConnectStage, code: string) {
    super(`${stage}: ${code}`)
    this.name = 'ConnectError'
    this.stage = stage
    this.code = code
  }
}

/** The far end of a connection. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** What a connection needs besides its target. */
export interface ConnectOptions {
  /** `http://[user:password@]host:port`, or `https://` for a proxy that is itself reached by TLS; null: direct. */
  readonly proxyUrl: string | null
  /** Holds the trusted CAs; shared, because building it costs more than a handshake. */
  readonly secureContext: tls.SecureContext
  /** Gives up, and destroys what was opened so far. */
  readonly signal: AbortSignal
}

/** TCP keep-alive of an idle connection, ms: shorter than the time after which common firewalls forget it. */
const KEEP_ALIVE_MS = 30_000

/** The error code of anything thrown; of an AggregateError (all addresses failed) the first one's. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}

/**
 * Opens a connection to `target` and finishes its TLS handshake.
 * @throws {ConnectError} with the stage; `aborted` by the signal has the stage reached and the code `ABORTED`.
 */
export async function connect(target: Target, options: ConnectOptions): Promise<tls.TLSSocket> {
  const { proxyUrl, signal } = options
  if (signal.aborted) throw new ConnectError('connect', 'ABORTED')
  const raw =
    proxyUrl === null ? await openDirect(target, signal) : await openTunnel(target, proxyUrl, options)
  return secure(raw, target, options)
}

function openDirect(target: Target, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      host: target.host,
      port: target.port,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    })
    let resolved = net.isIP(target.host) !== 0
    const abort = (): void => {
      socket.destroy()
      reject(new ConnectError(resolved ? 'connect' : 'dns', 'ABORTED'))
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.once('lookup', (error: Error | null | undefined) => {
      resolved = (error ?? null) === null
    })
    socket.once('error', (error) => {
      signal.removeEventListener('abort', abort)
      const lookup = 'syscall' in error && error.syscall === 'getaddrinfo'
      reject(new ConnectError(lookup ? 'dns' : 'connect', codeOf(error)))
    })
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

/**
 * Asks the proxy for a tunnel. Its answers stay its own: a 407 or 503 of the proxy must never be taken for Graph's,
 * and its bytes never reach the HTTP parser of the request.
 */
function openTunnel(target: Target, proxyUrl: string, options: ConnectOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const fail = (code: string): void => reject(new ConnectError('proxy', code))
    if (!URL.canParse(proxyUrl)) {
      fail('ERR_INVALID_URL')
      return
    }
    const proxy = new URL(proxyUrl)
    const authority = `${net.isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`
    const overTls = proxy.protocol === 'https:'
    const request = (overTls ? https : http).request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (overTls ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: authority,
      agent: false,
      setHost: false,
      headers: {
        Host: authority,
        'Proxy-Connection': 'keep-alive',
        Connection: 'keep-alive',
        ...proxyAuthorization(proxy),
      },
      ...(overTls ? { secureContext: options.secureContext, ALPNProtocols: ['http/1.1'] } : {}),
    })
    const abort = (): void => {
      request.destroy()
      fail('ABORTED')
    }
    options.signal.addEventListener('abort', abort, { once: true })
    request.once('error', (error) => {
      options.signal.removeEventListener('abort', abort)
      fail(codeOf(error))
    })
    request.once('connect', (answer, socket: Duplex, head) => {
      options.signal.removeEventListener('abort', abort)
      if (answer.statusCode === undefined || answer.statusCode < 200 || answer.statusCode > 299) {
        socket.destroy()
        fail(String(answer.statusCode))
        return
      }
      if (socket instanceof net.Socket) {
        socket.setKeepAlive(true, KEEP_ALIVE_MS)
        socket.setNoDelay(true)
      }
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.end()
  })
}

/** Basic credentials from the URL; the only scheme a CONNECT proxy can be answered with here. */
function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {}
  const plain = `${percentDecoded(proxy.username)}:${percentDecoded(proxy.password)}`
  return { 'Proxy-Authorization': `Basic ${Buffer.from(plain).toString('base64')}` }
}

/** A password may hold a bare `%`, which is no encoding. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function secure(raw: Duplex, target: Target, options: ConnectOptions): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: raw,
      host: target.host,
      // SNI carries names only (RFC 6066, section 3).
      servername: net.isIP(target.host) === 0 ? target.host : '',
      secureContext: options.secureContext,
      ALPNProtocols: ['http/1.1'],
    })
    const abort = (): void => {
      socket.destroy()
      raw.destroy()
      reject(new ConnectError('tls', 'ABORTED'))
    }
    options.signal.addEventListener('abort', abort, { once: true })
    socket.once('error', (error) => {
      options.signal.removeEventListener('abort', abort)
      raw.destroy()
      reject(new ConnectError('tls', codeOf(error)))
    })
    socket.once('secureConnect', () => {
      options.signal.removeEventListener('abort', abort)
      resolve(socket)
    })
  })
}
