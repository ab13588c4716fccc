/** Entra ID and Graph presence on loopback: starts everything and hands out one handle. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { createAuthority } from './ca.ts'
import { createClock } from './clock.ts'
import { createControl, type Control } from './control.ts'
import { createControlServer } from './control-server.ts'
import { createDirectory, DEFAULT_DIRECTORY, type Directory, type DirectorySeed } from './directory.ts'
import { createEntra } from './entra.ts'
import { createFaults } from './faults.ts'
import { createGraph } from './graph.ts'
import type { ChallengeState } from './graph-auth.ts'
import { DEFAULT_ASSUMPTIONS, type Assumptions } from './graph-errors.ts'
import { HOSTS } from './hosts.ts'
import { createJournal } from './journal.ts'
import { createOrigin } from './origin.ts'
import { createProxy } from './proxy.ts'
import { createPresenceStore } from './sessions.ts'
import { createTokenStore } from './tokens.ts'

export * from './directory.ts'
export { demoEnv } from './demo-env.ts'
export { signInAsBrowser, type BrowserResult, type SignInChoice } from './browser.ts'
export { connectControl, type ControlClient } from './control-client.ts'
export { summarize, type Control, type OtherProgramSession, type TokenOrder } from './control.ts'
export type { Clock } from './clock.ts'
export type { ActiveFault, Fault, FaultMatch, FaultSpec } from './faults.ts'
export type { ChallengeMode } from './graph-auth.ts'
export type { Assumptions, GraphFault } from './graph-errors.ts'
export type { RequestMatch, RequestRecord } from './journal.ts'
export type { ProxyAuth } from './proxy.ts'
export { PREFERRED_PAIRS, SESSION_PAIRS, type Pair, type PresenceView, type SessionView } from './sessions.ts'
export { requestThroughProxy, type Door, type Incoming, type Outgoing } from './through-proxy.ts'
export type { IssuedToken } from './tokens.ts'

/** How a simulator starts. */
export interface SimulatorOptions {
  /** Added to the default directory. */
  readonly directory?: DirectorySeed
  /** Simulated time at start, ms since 1970. Default: now. */
  readonly startTime?: number
  /** Sign-in without an account page. Default false. */
  readonly autoApprove?: boolean
  /** Lifetime of access tokens, s. Default: 1 h, 24 h for clients with CP1. */
  readonly tokenLifetime?: number
  /** Seconds between polls that the device code answer asks for. Default 5, as Entra. */
  readonly deviceInterval?: number
  /** Delays every byte by ms each way. Default 0. */
  readonly delayMs?: number
  /** Requests per 30 s, application and tenant before 429. Default 1500. */
  readonly throttleLimit?: number
  /** Other guesses where Microsoft published nothing. */
  readonly assumptions?: Partial<Assumptions>
  /** Ports on 127.0.0.1; 0 (default) takes free ones. */
  readonly proxyPort?: number
  readonly controlPort?: number
}

/** A running simulator; its control API is part of it. */
export interface Simulator extends Control {
  /** `http://127.0.0.1:PORT` */
  readonly proxyUrl: string
  /** Path of the CA's PEM file, in a folder that `close` removes. */
  readonly caFile: string
  readonly caPem: string
  /** Base URL of the control API for other processes. */
  readonly controlUrl: string
  /** All that an unchanged app needs to reach the simulator. */
  readonly env: { readonly HTTPS_PROXY: string; readonly NODE_EXTRA_CA_CERTS: string }
  readonly directory: Directory
  /** Ends all connections and servers and removes the files. */
  close: () => Promise<void>
}

/** Connections that are open now: a server's own `close` waits for ever for one whose client was killed halfway. */
const connections = new WeakMap<Server, Set<Socket>>()

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>()
    connections.set(server, open)
    server.on('connection', (socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      // A TCP server that listens has an AddressInfo.
      resolve((server.address() as AddressInfo).port)
    })
  })

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of connections.get(server) ?? []) socket.destroy()
  })

/** Starts a simulator on free loopback ports. Rejects if a given port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = createClock(options.startTime)
  const directory = createDirectory(DEFAULT_DIRECTORY, options.directory ?? {})
  const assumptions: Assumptions = { ...DEFAULT_ASSUMPTIONS, ...options.assumptions }
  const challenge: ChallengeState = { mode: 'off', since: 0 }
  const tokens = createTokenStore(clock, options.tokenLifetime)
  const presence = createPresenceStore(clock)
  const journal = createJournal()
  const faults = createFaults()
  let autoApprove = options.autoApprove ?? false

  const entra = createEntra({
    clock,
    directory,
    tokens,
    challenge,
    assumptions,
    autoApprove: () => autoApprove,
    deviceInterval: options.deviceInterval ?? 5,
  })
  const graph = createGraph({
    clock,
    directory,
    tokens,
    presence,
    challenge,
    assumptions,
    throttleLimit: options.throttleLimit ?? 1500,
  })
  let originPort = 0
  // Made when first needed: most tests never meet an untrusted certificate.
  let untrusted: Promise<{ server: Server; port: number }> | undefined
  const startUntrusted = async (): Promise<{ server: Server; port: number }> => {
    const { contextFor } = await createAuthority(HOSTS.keys())
    const server = createTlsServer({ SNICallback: (name, done) => done(null, contextFor(name)) })
    server.on('tlsClientError', () => {
      // What the test wants to see is the client's side of this.
    })
    return { server, port: await listen(server, 0) }
  }
  const proxy = createProxy({
    clock,
    journal,
    faults,
    originPort: () => originPort,
    untrustedPort: async () => (await (untrusted ??= startUntrusted())).port,
  })
  proxy.setDelay(options.delayMs ?? 0)
  const authority = await createAuthority(HOSTS.keys())
  const origin = createOrigin({
    authority,
    clock,
    journal,
    faults,
    services: { entra: entra.service, graph },
    tunnelByPort: proxy.tunnelByPort,
  })
  const control = createControl({
    clock,
    directory,
    presence,
    tokens,
    journal,
    faults,
    proxy,
    device: entra.device,
    challenge,
    setAutoApprove: (on) => {
      autoApprove = on
    },
  })
  const controlServer = createControlServer(control)

  originPort = await listen(origin, 0)
  const proxyUrl = `http://127.0.0.1:${await listen(proxy.server, options.proxyPort ?? 0)}`
  const controlUrl = `http://127.0.0.1:${await listen(controlServer, options.controlPort ?? 0)}`

  const folder = mkdtempSync(join(tmpdir(), 'clear-presence-simulator-'))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.caPem)
  const removeFiles = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeFiles)

  return {
    ...control,
    proxyUrl,
    caFile,
    caPem: authority.caPem,
    controlUrl,
    env: { HTTPS_PROXY: proxyUrl, NODE_EXTRA_CA_CERTS: caFile },
    directory,
    close: async () => {
      proxy.dropAll('reset')
      const rogue = untrusted === undefined ? [] : [stop((await untrusted).server)]
      await Promise.all([stop(proxy.server), stop(origin), stop(controlServer), ...rogue])
      process.off('exit', removeFiles)
      removeFiles()
    },
  }
}
