/** The CONNECT proxy: the only door to the simulated hosts, and the place where the network is cut. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { Transform } from 'node:stream'
import { realTime, type Clock } from './clock.ts'
import type { Faults } from './faults.ts'
import { HOSTS } from './hosts.ts'
import type { Journal, RequestRecord } from './journal.ts'
import type { Tunnel } from './origin.ts'
import { reset } from './reset.ts'

/** A password that the proxy asks for; any scheme but Basic can never be satisfied (Kerberos and NTLM are only announced). */
export interface ProxyAuth {
  readonly scheme: 'Basic' | 'Negotiate' | 'NTLM'
  readonly user?: string
  readonly password?: string
}

/** What the proxy stands on. */
export interface ProxyParts {
  readonly clock: Clock
  readonly journal: Journal
  readonly faults: Faults
  /** Port of the TLS server on 127.0.0.1. */
  readonly originPort: () => number
  /** Port of a TLS server with certificates that no client trusts. */
  readonly untrustedPort: () => Promise<number>
}

/** The proxy server with its switches. */
export interface Proxy {
  readonly server: Server
  readonly tunnelByPort: (port: number) => Tunnel | undefined
  /** True: CONNECT is cut off without an answer and every open connection is reset. */
  setOffline: (offline: boolean) => void
  isOffline: () => boolean
  /**
   * True: a network without a route. The proxy's port is reached, but no byte goes either way and no CONNECT is answered.
   * What was open or asked then stays dead after `false`, as connections of a network that is gone do.
   */
  setBlackHole: (on: boolean) => void
  /** True: nothing listens on the proxy's port any more (refused), and every open connection is reset. */
  setGone: (gone: boolean) => Promise<void>
  setAuth: (auth: ProxyAuth | undefined) => void
  /** Delays every byte by this much each way, ms of real time, on connections opened from now on. */
  setDelay: (ms: number) => void
  /** Open proxied connections. */
  connections: () => number
  dropAll: (how: 'close' | 'reset') => void
}

interface OpenTunnel extends Tunnel {
  readonly client: Socket
  /** Cuts the two sides apart, and ends the far one: the client is told nothing. */
  readonly detach: () => void
}

/** Hands chunks on in order, each `ms` after it came. */
function delayed(ms: number): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), ms)
      done()
    },
    flush(done) {
      setTimeout(done, ms)
    },
  })
}

/** Creates the proxy (not yet listening). */
export function createProxy(parts: ProxyParts): Proxy {
  const { clock, journal, faults } = parts
  const open = new Set<OpenTunnel>()
  const byPort = new Map<number, OpenTunnel>()
  let lastNumber = 0
  let offline = false
  let blackHole = false
  let port = 0
  /** Clients that a black hole has swallowed: nobody answers them, and they end by themselves. */
  const swallowed = new Set<Socket>()
  let auth: ProxyAuth | undefined
  let delay = 0

  const finish = (record: RequestRecord, status: number | null, fault?: string): void => {
    record.status = status
    record.outcome = status === null ? 'dropped' : 'answered'
    record.endedRealMs = realTime()
    if (fault !== undefined) record.fault = fault
    journal.changed()
  }
  const authorized = (req: IncomingMessage): boolean => {
    if (auth === undefined) return true
    const { scheme, user = '', password = '' } = auth
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    return scheme === 'Basic' && req.headers['proxy-authorization'] === expected
  }

  const establish = (client: Socket, head: Buffer, host: string, number: number, port: number): void => {
    const upstream = connect({ host: '127.0.0.1', port, noDelay: true })
    let detached = false
    const tunnel: OpenTunnel = {
      number,
      host,
      client,
      detach: () => {
        detached = true
        client.unpipe()
        upstream.unpipe()
        drop()
      },
      end: (how) => {
        if (how === 'reset') reset(client)
        else client.destroy()
      },
    }
    open.add(tunnel)
    const drop = (): void => {
      open.delete(tunnel)
      if (!detached) client.destroy()
      upstream.destroy()
    }
    upstream.on('connect', () => {
      const { localPort } = upstream
      if (detached) return
      if (localPort === undefined) {
        drop()
        return
      }
      byPort.set(localPort, tunnel)
      upstream.on('close', () => byPort.delete(localPort))
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) client.unshift(head)
      if (delay > 0) {
        client.pipe(delayed(delay)).pipe(upstream)
        upstream.pipe(delayed(delay)).pipe(client)
      } else {
        client.pipe(upstream)
        upstream.pipe(client)
      }
    })
    client.on('close', drop)
    upstream.on('close', () => {
      // What was still to be written (a delayed answer) goes out before the connection ends. The pipe from the client has
      // stopped by now, and without reading on its end would never be seen.
      client.resume()
      if (!detached && !client.writableEnded) setTimeout(() => client.end(), delay)
    })
    upstream.on('error', drop)
  }

  const swallow = (client: Socket): void => {
    swallowed.add(client)
    client.once('close', () => swallowed.delete(client))
    // Without reading on, its end would never be seen.
    client.resume()
  }

  const server = createServer()
  server.on('connect', (req: IncomingMessage, client, head: Buffer) => {
    if (!(client instanceof Socket)) throw new TypeError('A CONNECT comes on a TCP socket')
    client.on('error', () => client.destroy())
    client.setNoDelay(true)
    const [host = '', port = ''] = (req.url ?? '').toLowerCase().split(':')
    const number = (lastNumber += 1)
    const record = journal.open({
      kind: 'connect',
      connection: number,
      host,
      method: 'CONNECT',
      path: req.url ?? '',
      simulatedMs: clock.now(),
      headers: req.headers,
    })
    const refuse = (status: number, reason: string, headers = ''): void => {
      client.end(`HTTP/1.1 ${status} ${reason}\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`)
      finish(record, status)
    }
    if (offline) {
      reset(client)
      finish(record, null, 'offline')
      return
    }
    if (blackHole) {
      swallow(client)
      finish(record, null, 'black-hole')
      return
    }
    if (!authorized(req)) {
      const scheme = auth?.scheme === 'Basic' ? 'Basic realm="simulator"' : (auth?.scheme ?? '')
      refuse(407, 'Proxy Authentication Required', `Proxy-Authenticate: ${scheme}\r\n`)
      return
    }
    const role = HOSTS.get(host)
    if (role === undefined || port !== '443') {
      refuse(403, 'Forbidden')
      return
    }
    const [fault] = faults.take({ host, service: role.service, method: 'CONNECT' })
    if (fault?.type === 'refuse') {
      record.fault = 'refuse'
      if (fault.proxyStatus !== undefined) {
        refuse(fault.proxyStatus, 'Refused')
        return
      }
      client.destroy()
      finish(record, null)
      return
    }
    finish(record, 200, fault?.type)
    if (fault === undefined) {
      establish(client, head, host, number, parts.originPort())
    } else {
      parts.untrustedPort().then(
        (untrusted) => establish(client, head, host, number, untrusted),
        () => client.destroy(),
      )
    }
  })
  // Plain http through the proxy: nothing Microsoft is reached that way.
  server.on('request', (req, res) => {
    const record = journal.open({
      kind: 'plain',
      connection: 0,
      host: req.headers.host ?? '',
      method: req.method ?? '',
      path: req.url ?? '',
      simulatedMs: clock.now(),
      headers: req.headers,
    })
    res.writeHead(403).end()
    finish(record, 403)
  })

  const dropAll = (how: 'close' | 'reset'): void => {
    for (const tunnel of [...open]) tunnel.end(how)
    for (const client of [...swallowed]) client.destroy()
  }
  return {
    server,
    tunnelByPort: (port) => byPort.get(port),
    setOffline: (value) => {
      offline = value
      if (value) dropAll('reset')
    },
    isOffline: () => offline,
    setBlackHole: (on) => {
      blackHole = on
      if (!on) return
      for (const tunnel of [...open]) {
        tunnel.detach()
        swallow(tunnel.client)
      }
    },
    setGone: async (gone) => {
      if (gone === !server.listening) return
      if (gone) {
        // A server that listens has an AddressInfo.
        port = (server.address() as AddressInfo).port
        server.close()
        dropAll('reset')
      } else {
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      }
    },
    setAuth: (value) => {
      auth = value
    },
    setDelay: (ms) => {
      delay = ms
    },
    connections: () => open.size,
    dropAll,
  }
}
