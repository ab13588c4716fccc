import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { networkInterfaces } from 'node:os'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Part } from '../part.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.txt': 'text/plain',
  '.woff2': 'font/woff2',
  '.map': 'application/json',
}

/** The proxy that the environment names for a URL, as a PAC string. */
export function proxyFor(url: string): string {
  if (!URL.canParse(url)) return 'DIRECT'
  const { protocol, hostname, port } = new URL(url)
  const read = (name: string): string => process.env[name.toLowerCase()] ?? process.env[name] ?? ''
  const proxy = protocol === 'https:' || protocol === 'wss:' ? read('HTTPS_PROXY') : read('HTTP_PROXY')
  if (proxy === '') return 'DIRECT'
  const excluded = read('NO_PROXY')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
  const bypassed = excluded.some((entry) => {
    const [host = '', onlyPort] = entry.replace(/^\*?\./, '.').split(':')
    if (onlyPort !== undefined && onlyPort !== port) return false
    return (
      host === '*' ||
      hostname === host.replace(/^\./, '') ||
      hostname.endsWith(host.startsWith('.') ? host : `.${host}`)
    )
  })
  if (bypassed) return 'DIRECT'
  const at = new URL(proxy.includes('://') ? proxy : `http://${proxy}`)
  const kind = at.protocol === 'https:' ? 'HTTPS' : at.protocol.startsWith('socks') ? 'SOCKS5' : 'PROXY'
  const defaultPort = at.protocol === 'https:' ? '443' : '80'
  return `${kind} ${at.hostname}:${at.port === '' ? defaultPort : at.port}`
}

/** Fetches `file:` and `http(s):` through Node's own stack and the environment's proxy. */
export async function fetchLikeChromium(input: string | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  if (request.url.startsWith('file:')) return fetchFile(request.url)
  const secure = request.url.startsWith('https:')
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
  return new Promise((resolve, reject) => {
    const options: http.RequestOptions = {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      signal: request.signal,
    }
    const agentOptions = { proxyEnv: process.env } as https.AgentOptions
    options.agent = secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions)
    const sent = (secure ? https : http).request(request.url, options, (answer) => {
      const headers = new Headers()
      for (const [name, value] of Object.entries(answer.headers)) {
        for (const one of Array.isArray(value) ? value : [value])
          if (one !== undefined) headers.append(name, one)
      }
      const status = answer.statusCode ?? 0
      const empty = [101, 204, 205, 304].includes(status)
      const stream = empty ? null : (Readable.toWeb(answer) as ReadableStream)
      if (empty) answer.resume()
      resolve(new Response(stream, { status, statusText: answer.statusMessage ?? '', headers }))
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.name === 'AbortError' ? error : new Error(`net::ERR_FAILED (${error.code ?? error.message})`),
      )
    })
    sent.end(body)
  })
}

async function fetchFile(url: string): Promise<Response> {
  const path = fileURLToPath(url)
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true) throw new Error('net::ERR_FILE_NOT_FOUND')
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, {
    headers: { 'content-type': type, 'content-length': String(found.size) },
  })
}

/** What `net.request` takes here of Electron's options. */
interface RequestOptions {
  url?: string
  method?: string
  protocol?: string
  host?: string
  hostname?: string
  port?: number
  path?: string
  headers?: Record<string, string | string[]>
  redirect?: 'follow' | 'error' | 'manual'
}

/** Electron's `ClientRequest`, by Node's own stack; a redirect is told, and followed only when it is asked for. */
export class ClientRequest extends Part {
  chunkedEncoding = false
  private readonly sent: http.ClientRequest
  private aborted = false

  constructor(options: RequestOptions | string) {
    super()
    const { url, protocol = 'https:', ...given } = typeof options === 'string' ? { url: options } : options
    const secure = (url ?? `${protocol}//`).startsWith('https:')
    const agentOptions = { proxyEnv: process.env } as https.AgentOptions
    const node: http.RequestOptions = {
      method: given.method ?? 'GET',
      agent: secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions),
    }
    for (const name of ['host', 'hostname', 'port', 'path', 'headers'] as const) {
      if (given[name] !== undefined) Object.assign(node, { [name]: given[name] })
    }
    const module = secure ? https : http
    this.sent = url === undefined ? module.request(node) : module.request(url, node)
    this.sent.on('response', (response) => {
      const { statusCode = 0, headers } = response
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        response.resume()
        this.emit('redirect', statusCode, node.method, headers.location, headers)
      } else this.emit('response', response)
    })
    this.sent.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.aborted) this.emit('error', new Error(`net::ERR_FAILED (${error.code ?? error.message})`))
    })
    this.sent.on('finish', () => this.emit('finish'))
    this.sent.on('close', () => this.emit('close'))
  }

  setHeader(name: string, value: string): void {
    this.sent.setHeader(name, value)
  }

  getHeader(name: string): string {
    return String(this.sent.getHeader(name) ?? '')
  }

  removeHeader(name: string): void {
    this.sent.removeHeader(name)
  }

  write(chunk: string | Buffer): void {
    this.sent.write(chunk)
  }

  end(chunk?: string | Buffer): this {
    this.sent.end(chunk)
    return this
  }

  abort(): void {
    this.aborted = true
    this.sent.destroy()
    this.emit('abort')
  }
}

/** Electron's `net`. */
export class Net extends Part {
  private forced: boolean | undefined

  get online(): boolean {
    return this.isOnline()
  }

  fetch(input: string | Request, init?: RequestInit): Promise<Response> {
    return fetchLikeChromium(input, init)
  }

  request(options: RequestOptions | string): ClientRequest {
    return new ClientRequest(options)
  }

  isOnline(): boolean {
    return this.forced ?? Object.values(networkInterfaces()).some((list) => (list?.length ?? 0) > 0)
  }

  /** Not Electron's: what the control says about the network; undefined follows the machine. */
  _force(online: boolean | undefined): void {
    this.forced = online
  }
}
