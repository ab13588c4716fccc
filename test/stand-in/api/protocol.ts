import { lifecycle } from '../host.ts'
import { QuietPart } from '../part.ts'

type Handler = (request: Request) => Response | Promise<Response>

/** Electron's `protocol`: schemes registered with privileges, and handlers that answer the pages' requests. */
export class Protocol extends QuietPart {
  private readonly handlers = new Map<string, Handler>()
  private readonly privileged = new Set<string>()

  registerSchemesAsPrivileged(schemes: { scheme: string }[]): void {
    if (lifecycle.ready)
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    for (const { scheme } of schemes) this.privileged.add(scheme)
  }

  handle(scheme: string, handler: Handler): void {
    if (!lifecycle.ready) throw new Error('protocol.handle can only be used after app is ready')
    if (this.handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    this.handlers.set(scheme, handler)
  }

  unhandle(scheme: string): void {
    if (!this.handlers.delete(scheme)) throw new Error(`Failed to unhandle protocol: ${scheme}`)
  }

  isProtocolHandled(scheme: string): boolean {
    return this.handlers.has(scheme)
  }

  /** Not Electron's: the handler of a scheme. */
  _handlerOf(scheme: string): Handler | undefined {
    return this.handlers.get(scheme)
  }

  /** Not Electron's: every scheme that a policy may name. */
  _schemes(): Iterable<string> {
    return new Set([...this.privileged, ...this.handlers.keys()])
  }
}
