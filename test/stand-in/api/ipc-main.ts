import { Part, createEvent, fire } from '../part.ts'
import type { WebContents } from './web-contents.ts'
import type { FrameMain } from './web-frame-main.ts'

type InvokeHandler = (event: never, ...args: never[]) => unknown

/** Electron's `ipcMain`, and the `ipc` of one page. */
export class IpcMain extends Part {
  private readonly invokeHandlers = new Map<string, { handler: InvokeHandler; once: boolean }>()

  handle(channel: string, handler: InvokeHandler): void {
    this.register(channel, handler, false)
  }

  handleOnce(channel: string, handler: InvokeHandler): void {
    this.register(channel, handler, true)
  }

  removeHandler(channel: string): void {
    this.invokeHandlers.delete(channel)
  }

  /** Not Electron's: whether `invoke(channel)` finds a handler here. */
  _handles(channel: string): boolean {
    return this.invokeHandlers.has(channel)
  }

  /** Not Electron's: runs the handler of a channel. */
  _invoke(channel: string, sender: WebContents, frame: FrameMain | null, args: unknown[]): unknown {
    const entry = this.invokeHandlers.get(channel)
    if (entry === undefined) throw new Error(`No handler registered for '${channel}'`)
    if (entry.once) this.invokeHandlers.delete(channel)
    return (entry.handler as (...all: unknown[]) => unknown)(ipcEvent(sender, frame), ...args)
  }

  /** Not Electron's: hands a `send` of a page to the listeners. */
  _deliver(channel: string, sender: WebContents, frame: FrameMain | null, args: unknown[]): void {
    fire(this, channel, ipcEvent(sender, frame), ...args)
  }

  private register(channel: string, handler: InvokeHandler, once: boolean): void {
    if (this.invokeHandlers.has(channel)) {
      throw new Error(`Attempted to register a second handler for '${channel}'`)
    }
    if (typeof handler !== 'function') {
      throw new TypeError(`Expected handler to be a function, but found type '${typeof handler}'`)
    }
    this.invokeHandlers.set(channel, { handler, once })
  }
}

function ipcEvent(sender: WebContents, frame: FrameMain | null): object {
  return createEvent({
    type: 'frame',
    sender,
    senderFrame: frame,
    frameId: frame?.routingId ?? -1,
    processId: frame?.processId ?? -1,
    ports: [],
    reply: (channel: string, ...args: unknown[]) => sender.send(channel, ...args),
  })
}
