/** One HTTPS request through the simulator's proxy, trusting its CA: what a browser or a test sends. */
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { HttpsProxyAgent } from 'https-proxy-agent'

/** Where the proxy is and whom to trust; a `Simulator` is one, and so is `{ proxyUrl, caFile }` in another process. */
export interface Door {
  readonly proxyUrl: string
  readonly caPem?: string
  readonly caFile?: string
}

/** A request to make. */
export interface Outgoing {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer with its body read. */
export interface Incoming {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const trust = (door: Door): string | undefined =>
  door.caPem ?? (door.caFile === undefined ? undefined : readFileSync(door.caFile, 'utf8'))

/**
 * Sends one request on a connection of its own: https through the proxy, http (a loopback redirect) directly.
 * Rejects with the socket's error, e.g. code ECONNRESET.
 */
export function requestThroughProxy(door: Door, url: string, outgoing: Outgoing = {}): Promise<Incoming> {
  const { method = 'GET', headers = {}, body } = outgoing
  const target = new URL(url)
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }) },
    }
    const request =
      target.protocol === 'http:'
        ? httpRequest(target, { ...options, agent: false })
        : httpsRequest(target, { ...options, ca: trust(door), agent: new HttpsProxyAgent(door.proxyUrl) })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    request.end(body)
  })
}
