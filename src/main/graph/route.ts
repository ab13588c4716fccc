/** Where Microsoft's hosts are and how this machine reaches them, decided ahead of need and kept as plain data. */
import tls from 'node:tls'
import type { Cloud } from '../../shared/presence.ts'
import type { Log, Route } from '../core/model.ts'
import { type ProxyEnvironment, proxyFromEnvironment, proxyFromPac } from './proxy.ts'

/** The hosts of one Microsoft cloud. */
export interface CloudHosts {
  /** Origin of Microsoft Graph. */
  readonly graph: string
  /** Origin of the Entra ID authority. */
  readonly authority: string
}

/**
 * Hosts by cloud (Microsoft Graph, national cloud deployments; Entra ID, national clouds). For China it is the
 * authority that MSAL knows without asking the network.
 */
export const clouds: Readonly<Record<Cloud, CloudHosts>> = {
  global: { graph: 'https://graph.microsoft.com', authority: 'https://login.microsoftonline.com' },
  'us-gov': { graph: 'https://graph.microsoft.us', authority: 'https://login.microsoftonline.us' },
  'us-dod': { graph: 'https://dod-graph.microsoft.us', authority: 'https://login.microsoftonline.us' },
  china: {
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    authority: 'https://login.partner.microsoftonline.cn',
  },
}

/** What the decision is made from. */
export interface RoutePorts {
  /** The hosts of the configured cloud; the Graph route is the default one. */
  readonly hosts: CloudHosts
  readonly env: ProxyEnvironment
  /** The system's proxy decision for a URL as a PAC string, e.g. `PROXY a:8080; DIRECT`. */
  readonly systemProxy: (url: string) => Promise<string>
  readonly log: Log
  /** The trusted CAs as PEM; this machine's by default. */
  readonly certificates?: () => readonly string[]
}

/** The routes to Graph and to the authority. A PAC file or `NO_PROXY` may tell them apart. */
export interface Routes {
  /** The last decision for the host of a URL, at once. Without one: Graph's. */
  current(url?: string): Route
  /** Decides anew, after a network change. Resolves with Graph's route; the old decision stays where none is had. */
  refresh(): Promise<Route>
  /** The one listener called after a refresh that changed a route. */
  onChange(listener: () => void): void
}

/** The system's decision (a PAC file may be fetched for it) is waited for no longer than this, ms. */
const SYSTEM_PROXY_MS = 10_000

/** Routes that go by the environment at once, and by the system after the first refresh. */
export function createRoutes(ports: RoutePorts): Routes {
  const ca = ports.certificates?.() ?? trustedCertificates(ports.log)
  const origins = [ports.hosts.graph, ports.hosts.authority]
  const routes = new Map<string, Route>()
  let listener: () => void = () => undefined
  let latest = 0
  for (const origin of origins)
    routes.set(origin, { proxyUrl: proxyFromEnvironment(origin, ports.env) ?? null, ca })

  const current = (url = ports.hosts.graph): Route =>
    routes.get(new URL(url).origin) ?? { proxyUrl: proxyFromEnvironment(url, ports.env) ?? null, ca }

  const decide = async (origin: string): Promise<string | null> => {
    const fromEnvironment = proxyFromEnvironment(origin, ports.env)
    if (fromEnvironment !== undefined) return fromEnvironment
    try {
      return proxyFromPac(await within(ports.systemProxy(`${origin}/`), SYSTEM_PROXY_MS))
    } catch (error) {
      ports.log.warn('system-proxy-unknown', {
        origin,
        error: error instanceof Error ? error.message : 'unknown',
      })
      return current(origin).proxyUrl
    }
  }

  return {
    current,
    refresh: async () => {
      latest += 1
      const own = latest
      const decisions = await Promise.all(
        origins.map(async (origin) => [origin, await decide(origin)] as const),
      )
      // A later refresh has seen a later network.
      if (own !== latest) return current()
      const changed = decisions.filter(([origin, proxyUrl]) => current(origin).proxyUrl !== proxyUrl)
      for (const [origin, proxyUrl] of changed) routes.set(origin, { proxyUrl, ca })
      if (changed.length > 0) listener()
      return current()
    },
    onChange: (next) => {
      listener = next
    },
  }
}

let cached: readonly string[] | null = null

/**
 * Every CA this machine trusts, read once: Node's list (it holds `NODE_EXTRA_CA_CERTS` where that applies) and the
 * system's, which is where a company's inspecting proxy has its CA.
 */
export function trustedCertificates(log: Log): readonly string[] {
  if (cached !== null) return cached
  const all = (['default', 'system', 'extra'] as const).flatMap((kind) => {
    try {
      return tls.getCACertificates(kind)
    } catch (error) {
      log.warn('certificates-unreadable', { kind, error: error instanceof Error ? error.message : 'unknown' })
      return []
    }
  })
  cached = [...new Set(all.map((pem) => pem.trim()))]
  log.info('certificates-read', { count: cached.length })
  return cached
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), ms)
    timer.unref()
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
