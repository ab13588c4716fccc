/** The TLS side: one HTTPS server that plays every host, journals each request and lets the faults have their way. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { html, json, type Answer, type Service, type ServiceRequest } from './answer.ts'
import type { Authority } from './ca.ts'
import { realTime, type Clock } from './clock.ts'
import type { Fault, Faults } from './faults.ts'
import { anyError, graphError } from './graph-errors.ts'
import { HOSTS } from './hosts.ts'
import { journalBody, type Journal, type RequestRecord } from './journal.ts'

/** The proxied connection behind a TLS socket. */
export interface Tunnel {
  /** Number of the connection, for the journal. */
  readonly number: number
  /** The host the client asked the proxy for. */
  readonly host: string
  /** Ends the client's connection: `reset` with RST, else in order. */
  readonly end: (how: 'close' | 'reset') => void
}

/** What the server stands on. */
export interface OriginParts {
  readonly authority: Authority
  readonly clock: Clock
  readonly journal: Journal
  readonly faults: Faults
  readonly services: Readonly<Record<'entra' | 'graph', Service>>
  /** The tunnel whose proxy side connects from this local port. */
  readonly tunnelByPort: (port: number) => Tunnel | undefined
}

/** Real time; doesn't keep a process alive whose simulator was closed. */
const sleep = (ms: number): Promise<void> => delay(ms, undefined, { ref: false })

const MAX_BODY = 1_000_000

const PORTAL = html(
  200,
  '<!doctype html><html><head><title>Welcome to the hotel network</title></head><body><form method="post" action="http://portal.invalid/login"><p>Please accept the terms to go online.</p><button>Accept</button></form></body></html>',
  { headers: { Server: 'portal' } },
)

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The answer that a `status` fault gives. */
function faultAnswer(
  fault: Extract<Fault, { type: 'status' }>,
  request: ServiceRequest,
  clock: Clock,
): Answer {
  const headers = fault.headers ?? {}
  if (fault.body !== undefined) {
    return typeof fault.body === 'string'
      ? html(fault.status, fault.body, { headers })
      : json(fault.status, fault.body, { headers })
  }
  if (fault.status < 400) return { status: fault.status, headers, body: '' }
  const error = anyError(fault.status)
  if (request.role.service === 'graph') return graphError({ ...error, headers }, request, clock)
  const body = {
    error: 'temporarily_unavailable',
    error_description: `AADSTS90033: ${error.code}`,
    error_codes: [90033],
  }
  return json(fault.status, body, { headers, errorCode: 'temporarily_unavailable' })
}

/** Creates the server (not yet listening). */
export function createOrigin(parts: OriginParts): Server {
  const { clock, journal, faults } = parts

  const head = (res: ServerResponse, request: ServiceRequest, answer: Answer, microsoft: boolean): void => {
    const isGraph = request.role.service === 'graph'
    res.sendDate = false
    res.setHeader('Date', new Date(clock.now()).toUTCString())
    if (microsoft && isGraph) {
      res.setHeader('request-id', request.requestId)
      res.setHeader('client-request-id', request.clientRequestId)
      const info = {
        DataCenter: 'Simulator',
        Slice: 'E',
        Ring: '1',
        ScaleUnit: '001',
        RoleInstance: 'SIM00000001',
      }
      res.setHeader('x-ms-ags-diagnostic', JSON.stringify({ ServerInfo: info }))
    } else if (microsoft) {
      res.setHeader('x-ms-request-id', request.requestId)
    }
    for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
    res.statusCode = answer.status
  }

  const drip = async (
    res: ServerResponse,
    body: string,
    fault: Extract<Fault, { type: 'slow-drip' }>,
  ): Promise<void> => {
    const bytes = Buffer.from(body)
    const gone = (): boolean => res.destroyed || res.socket === null
    // A declared length would let a client stop early; chunks keep it waiting for the end.
    res.flushHeaders()
    for (let i = 0; (fault.forever === true || i < Math.max(bytes.length, 1)) && !gone(); i += 1) {
      res.write(i < bytes.length ? bytes.subarray(i, i + 1) : ' ')
      await sleep(fault.everyMs ?? 100)
    }
    if (!gone()) res.end()
  }

  const send = async (
    res: ServerResponse,
    request: ServiceRequest,
    record: RequestRecord,
    answer: Answer,
    fault: Fault | undefined,
  ): Promise<void> => {
    const requestId =
      fault?.type !== 'captive-portal' && !(fault?.type === 'status' && fault.requestId === false)
    head(res, request, answer, requestId)
    record.status = answer.status
    if (requestId) record.requestId = request.requestId
    if (answer.errorCode !== undefined) record.errorCode = answer.errorCode
    const body = answer.body ?? ''
    if (fault?.type === 'slow-drip') return drip(res, body, fault)
    if (fault?.type === 'cut-body') {
      const half = body === '' ? '{"half' : body.slice(0, Math.ceil(body.length / 2))
      res.setHeader('Content-Length', Buffer.byteLength(half) * 2)
      res.write(half, () => res.socket?.destroySoon())
      return
    }
    res.setHeader('Content-Length', Buffer.byteLength(body))
    res.end(request.method === 'HEAD' ? undefined : body)
  }

  const handle = async (req: IncomingMessage, res: ServerResponse, tunnel: Tunnel): Promise<void> => {
    const { host } = tunnel
    const role = HOSTS.get(host)
    if (role === undefined) {
      tunnel.end('close')
      return
    }
    const url = new URL(req.url ?? '/', `https://${host}`)
    const method = req.method ?? 'GET'
    const record = journal.open({
      kind: role.service,
      connection: tunnel.number,
      host,
      method,
      path: url.pathname + url.search,
      simulatedMs: clock.now(),
      headers: req.headers,
    })
    const end = (outcome: 'answered' | 'dropped'): void => {
      if (record.outcome !== 'open') return
      record.outcome = outcome
      record.endedRealMs = realTime()
      journal.changed()
    }
    res.on('finish', () => end('answered'))
    res.on('close', () => end(res.writableFinished ? 'answered' : 'dropped'))

    const body = await readBody(req)
    record.body = journalBody(body, req.headers['content-type'])
    const requestId = randomUUID()
    const clientRequestId = record.clientRequestId ?? requestId
    const request = { host, role, method, url, headers: req.headers, body, requestId, clientRequestId }
    const taken = faults.take({ host, service: role.service, method, path: url.pathname })
    if (taken.length > 0) record.fault = taken.map((f) => f.type).join('+')
    const late = (where: 'request' | 'answer'): number =>
      taken.reduce((ms, f) => (f.type === 'latency' && (f.where ?? 'request') === where ? ms + f.ms : ms), 0)
    const fault = taken.find((f) => f.type !== 'latency')
    const serve = (): Answer => {
      const answer = parts.services[role.service](request)
      record.tookEffect = answer.tookEffect === true
      journal.changed()
      return answer
    }
    const reply = async (answer: Answer): Promise<void> => {
      if (late('answer') > 0) await sleep(late('answer'))
      await send(res, request, record, answer, fault)
      journal.changed()
    }

    journal.changed()
    if (late('request') > 0) await sleep(late('request'))
    switch (fault?.type) {
      case 'refuse': {
        tunnel.end('close')
        return
      }
      case 'reset': {
        tunnel.end('reset')
        return
      }
      case 'lost-answer':
        serve()
        {
          tunnel.end('reset')
          return
        }
      case 'stall':
        if (fault.tookEffect === true) serve()
        return
      case 'status':
        if (fault.tookEffect === true) serve()
        return reply(faultAnswer(fault, request, clock))
      case 'captive-portal':
        return reply(PORTAL)
      default:
        return reply(serve())
    }
  }

  const server = createServer({
    SNICallback: (name, done) => {
      const context = parts.authority.contextFor(name)
      done(context === undefined ? new Error(`No certificate for ${name}`) : null, context)
    },
    ALPNProtocols: ['http/1.1'],
    // A client's warm connection must live as long as at the real service, and a stalled request for ever.
    keepAliveTimeout: 180_000,
    headersTimeout: 0,
    requestTimeout: 0,
  })
  const tunnels = new WeakMap<Socket, Tunnel>()
  server.on('secureConnection', (socket: Socket) => {
    const tunnel = parts.tunnelByPort(socket.remotePort ?? 0)
    if (tunnel !== undefined) tunnels.set(socket, tunnel)
  })
  server.on('tlsClientError', () => {
    // A client that doesn't trust the CA, or tests' broken handshakes: the client is the one to report it.
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('request', (req, res) => {
    const tunnel = tunnels.get(req.socket)
    if (tunnel === undefined) {
      req.socket.destroy()
      return
    }
    handle(req, res, tunnel).catch((error: unknown) => {
      // A client that went away in the middle of its body is a "dropped" record; anything else is our own bug.
      if (req.destroyed && !req.complete) return
      console.error('The simulator failed:', error)
      req.socket.destroy()
    })
  })
  return server
}
