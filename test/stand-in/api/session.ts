import { notImplemented, Part, QuietPart } from '../part.ts'
import type { Protocol } from './protocol.ts'
import { fetchLikeChromium, proxyFor } from './net.ts'

type Listener = ((details: never, callback: never) => void) | null

/** The part of `webRequest` that pages of this kind of app use: look at a request, cancel it, change answer headers. */
export class WebRequest extends QuietPart {
  private readonly listeners = new Map<string, { urls: string[]; listener: NonNullable<Listener> }>()

  onBeforeRequest(filterOrListener: unknown, listener?: unknown): void {
    this.set('onBeforeRequest', filterOrListener, listener)
  }

  onHeadersReceived(filterOrListener: unknown, listener?: unknown): void {
    this.set('onHeadersReceived', filterOrListener, listener)
  }

  /** Not Electron's: asks the listener of one stage; undefined when there is none for that URL. */
  _ask(stage: string, details: { url: string }): Promise<Record<string, unknown>> | undefined {
    const entry = this.listeners.get(stage)
    if (!entry?.urls.some((pattern) => matches(pattern, details.url))) return undefined
    return new Promise((resolve) => {
      ;(entry.listener as (d: unknown, c: unknown) => void)(details, resolve)
    })
  }

  private set(stage: string, filterOrListener: unknown, listener: unknown): void {
    const hasFilter = typeof filterOrListener === 'object' && filterOrListener !== null
    const chosen = (hasFilter ? listener : filterOrListener) as Listener
    const urls = hasFilter ? (filterOrListener as { urls: string[] }).urls : ['<all_urls>']
    if (chosen === null) this.listeners.delete(stage)
    else this.listeners.set(stage, { urls, listener: chosen })
  }
}

function matches(pattern: string, url: string): boolean {
  if (pattern === '<all_urls>') return true
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')
  return new RegExp(`^${source}$`).test(url)
}

/** Electron's `Session`. Pages of every session share one Chromium context. */
export class Session extends Part {
  readonly protocol: Protocol
  readonly webRequest = new WebRequest()
  private userAgent = ''
  private permissionRequestHandler: unknown = null
  private permissionCheckHandler: unknown = null

  constructor(protocol: Protocol) {
    super()
    this.protocol = protocol
  }

  /** The environment's decision, as a PAC string; Electron asks the system. */
  resolveProxy(url: string): Promise<string> {
    return Promise.resolve(proxyFor(url))
  }

  fetch(input: string | Request, init?: RequestInit): Promise<Response> {
    return fetchLikeChromium(input, init)
  }

  setPermissionRequestHandler(handler: unknown): void {
    this.permissionRequestHandler = handler
  }

  setPermissionCheckHandler(handler: unknown): void {
    this.permissionCheckHandler = handler
  }

  setDevicePermissionHandler(): void {
    // no device ever asks: headless Chromium refuses them all
  }

  setDisplayMediaRequestHandler(): void {
    // as above
  }

  setCertificateVerifyProc(): never {
    return notImplemented('session.setCertificateVerifyProc')
  }

  closeAllConnections(): Promise<void> {
    return Promise.resolve()
  }

  forceReloadProxyConfig(): Promise<void> {
    return Promise.resolve()
  }

  setProxy(): never {
    return notImplemented('session.setProxy')
  }

  clearCache(): Promise<void> {
    return Promise.resolve()
  }

  clearStorageData(): Promise<void> {
    return Promise.resolve()
  }

  setUserAgent(userAgent: string): void {
    this.userAgent = userAgent
  }

  getUserAgent(): string {
    return this.userAgent
  }

  setSpellCheckerEnabled(): void {
    // there is no spell checker
  }

  isPersistent(): boolean {
    return true
  }

  /** Not Electron's: asks the app's handlers, as Electron does before a permission is granted. */
  _permission(): { request: unknown; check: unknown } {
    return { request: this.permissionRequestHandler, check: this.permissionCheckHandler }
  }
}
