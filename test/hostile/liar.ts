/** A server that plays Microsoft behind a proxy and lies: it answers with raw bytes, and notes what it was told. */
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { createAuthority } from '../simulator/ca.ts'

/** One request as it came, and the way to answer it. */
export interface Asked {
  readonly host: string
  readonly head: string
  readonly socket: TLSSocket
}

/** Answers one request. What it starts must end with its socket. */
export type Lie = (asked: Asked) => void

/** The server. A request whose path holds `lie-<n>` is answered by the lie of that number. */
export interface Liar {
  readonly proxyUrl: string
  readonly caPem: string
  /** Teaches a lie; returns the number under which it is asked for. */
  teach(lie: Lie): number
  /** Every host that a tunnel was asked for. */
  readonly hosts: ReadonlySet<string>
  /** How often the lie of this number was asked for. */
  asked(number: number): number
  /** The bytes that the client let it send for this lie. */
  sent(number: number): number
  close(): Promise<void>
}

/** The hosts of Microsoft, and one that must never hear of anything. */
const PLAYED = ['graph.microsoft.com', 'login.microsoftonline.com', 'evil.example'] as const

/** Starts it on a free port of 127.0.0.1. */
export async function startLiar(): Promise<Liar> {
  const authority = await createAuthority(PLAYED)
  const lies: Lie[] = []
  const counts = new Map<number, number>()
  const sockets = new Map<number, TLSSocket[]>()
  const open = new Set<Socket>()
  const hosts = new Set<string>()

  function speakTls(raw: Socket, host: string): void {
    const secureContext = authority.contextFor(host)
    if (secureContext === undefined) {
      raw.destroy()
      return
    }
    const socket = new TLSSocket(raw, { isServer: true, secureContext })
    socket.on('error', () => undefined) // The client hangs up in the middle of most lies.
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      const length = Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0)
      if (end === -1 || head.length < end + 4 + length) return
      const number = Number(/lie-(\d+)/.exec(head)?.[1] ?? -1)
      counts.set(number, (counts.get(number) ?? 0) + 1)
      sockets.set(number, [...(sockets.get(number) ?? []), socket])
      const asked = { host, head, socket }
      head = ''
      const lie = lies[number]
      if (lie === undefined) socket.destroy()
      else lie(asked)
    })
  }

  const server = createServer((raw) => {
    open.add(raw)
    raw.on('close', () => open.delete(raw))
    raw.on('error', () => undefined)
    raw.once('data', (chunk: Buffer) => {
      const host = /^CONNECT ([^:\s]+):/.exec(chunk.toString('latin1'))?.[1] ?? ''
      hosts.add(host)
      raw.write('HTTP/1.1 200 Connection established\r\n\r\n')
      speakTls(raw, host)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    proxyUrl: `http://127.0.0.1:${port}`,
    caPem: authority.caPem,
    teach: (lie) => lies.push(lie) - 1,
    hosts,
    asked: (number) => counts.get(number) ?? 0,
    sent: (number) => (sockets.get(number) ?? []).reduce((sum, socket) => sum + socket.bytesWritten, 0),
    close: async () => {
      for (const raw of open) raw.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Sends this and ends the connection. */
export function say(text: string | Uint8Array): Lie {
  return ({ socket }) => void socket.end(text)
}

/** Sends this and leaves the connection open. */
export function hold(text: string | Uint8Array): Lie {
  return ({ socket }) => void socket.write(text)
}

/** Sends `first`, and then `piece` again and again for as long as the client takes it. */
export function flood(first: string, piece: string | Uint8Array): Lie {
  return ({ socket }) => {
    socket.write(first)
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece)) {
        // Until the client's windows are full.
        if (socket.writableLength > 1024 * 1024) break
      }
      if (!socket.destroyed) socket.once('drain', () => setImmediate(more))
    }
    more()
  }
}
