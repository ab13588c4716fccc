import type { Bridge, BridgeChannel } from './bridge.ts'
import { makeBridge } from './bridge.ts'
import { makeCodec, type Codec } from './codec.ts'

/*
 * The two scripts that run before a page's own. Their functions are self-contained: only their source text is used,
 * in a page. The few browser objects they touch are declared here instead of pulling the DOM's types into the program.
 */
interface DomTarget {
  addEventListener: (name: string, handler: (event: DomEvent) => void, options?: { once: boolean }) => void
  dispatchEvent: (event: DomEvent) => void
}
interface DomEvent {
  readonly detail: unknown
  readonly relatedTarget: DomTarget | null
}
declare const document: DomTarget & { createElement: (name: string) => DomTarget }
declare const window: { top: unknown }
declare const CustomEvent: new (name: string, init: { detail: unknown }) => DomEvent
declare const MouseEvent: new (name: string, init: { relatedTarget: DomTarget }) => DomEvent

/** Name of the isolated world and of the binding that exists only there. */
export const WORLD = 'stand-in preload'
export const BINDING = '__standInSend'
/** Global of the isolated world that takes messages from the main process. */
export const RECEIVER = '__standInReceive'

/** In the page's world: offers a hidden element as channel, and puts on the global what the preload exposes. */
function pageWorld(secret: string, makeEnd: (channel: BridgeChannel) => Bridge): void {
  const element = document.createElement('span')
  const bridge = makeEnd({
    send: (message) => element.dispatchEvent(new CustomEvent('to-preload', { detail: message })),
    receive: (handler) => element.addEventListener('to-page', (event) => handler(event.detail)),
  })
  const freeze = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return
    Object.freeze(value)
    for (const key of Object.keys(value)) freeze((value as Record<string, unknown>)[key])
  }
  bridge.operations.set('expose', (key: string, tree: unknown) => {
    if (key in globalThis)
      throw new Error(`Cannot bind an API on top of an existing property on the window object`)
    const value = bridge.unpack(tree)
    freeze(value)
    Object.defineProperty(globalThis, key, { value, enumerable: true, writable: false, configurable: false })
  })
  let offset: number | undefined
  bridge.operations.set('time', (milliseconds: number) => {
    const Original = Date
    if (offset === undefined) {
      const now = (): number => Original.now() + (offset ?? 0)
      globalThis.Date = new Proxy(Original, {
        construct: (target, args: unknown[], newTarget) =>
          Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
        apply: () => new Original(now()).toString(),
        get: (target, key, receiver): unknown => (key === 'now' ? now : Reflect.get(target, key, receiver)),
      })
    }
    offset = milliseconds
  })
  document.addEventListener(
    `${secret}-ask`,
    () => document.dispatchEvent(new MouseEvent(`${secret}-element`, { relatedTarget: element })),
    { once: true },
  )
}

interface PreloadFacts {
  platform: string
  arch: string
  versions: Record<string, string | undefined>
  argv: string[]
  env: Record<string, string | undefined>
}

/** In the isolated world: the `electron` of a sandboxed preload, and the preload itself. */
function preloadWorld(
  secret: string,
  facts: PreloadFacts,
  names: { binding: string; receiver: string },
  makeEnd: (channel: BridgeChannel) => Bridge,
  codecOf: () => Codec,
  preload: ((require: unknown, process: unknown, module: unknown, exports: unknown) => void) | undefined,
): void {
  const globals = globalThis as unknown as Record<string, unknown>
  const post = globals[names.binding] as (text: string) => void
  const codec = codecOf()

  let element: DomTarget | null = null
  document.addEventListener(`${secret}-element`, (event) => (element = event.relatedTarget), { once: true })
  document.dispatchEvent(new CustomEvent(`${secret}-ask`, { detail: null }))
  // Re-read: the handler above has run by now.
  const channelElement = element as DomTarget | null
  if (channelElement === null) return
  const bridge = makeEnd({
    send: (message) => channelElement.dispatchEvent(new CustomEvent('to-page', { detail: message })),
    receive: (handler) => channelElement.addEventListener('to-preload', (event) => handler(event.detail)),
  })

  type Listener = (event: unknown, ...args: unknown[]) => void
  const listeners = new Map<string, { listener: Listener; once: boolean }[]>()
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  let lastCall = 0
  const sendOut = (kind: string, channel: string, args: unknown[], id?: number): void => {
    post(JSON.stringify({ kind, channel, id, args: codec.encode(structuredClone(args)) }))
  }
  const refuse = (owner: string, target: object): object =>
    new Proxy(target, {
      get: (own, key): unknown => {
        if (key in own || typeof key === 'symbol' || key === 'then') return Reflect.get(own, key)
        throw new Error(`stand-in: ${owner}.${key} is not implemented`)
      },
    })
  const ipcRenderer: Record<string, unknown> = {
    send: (channel: string, ...args: unknown[]) => sendOut('send', channel, args),
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        lastCall += 1
        pending.set(lastCall, { resolve, reject })
        try {
          sendOut('invoke', channel, args, lastCall)
        } catch (error) {
          pending.delete(lastCall)
          reject(new Error('An object could not be cloned.', { cause: error }))
        }
      }),
    listenerCount: (channel: string) => listeners.get(channel)?.length ?? 0,
    removeAllListeners: (channel?: string) => {
      if (channel === undefined) listeners.clear()
      else listeners.delete(channel)
      return offered
    },
  }
  const add = (channel: string, listener: Listener, once: boolean): unknown => {
    listeners.set(channel, [...(listeners.get(channel) ?? []), { listener, once }])
    return offered
  }
  const remove = (channel: string, listener: Listener): unknown => {
    const list = listeners.get(channel) ?? []
    const index = list.findLastIndex((entry) => entry.listener === listener)
    if (index !== -1) listeners.set(channel, list.toSpliced(index, 1))
    return offered
  }
  ipcRenderer['on'] = ipcRenderer['addListener'] = (c: string, l: Listener) => add(c, l, false)
  ipcRenderer['once'] = (c: string, l: Listener) => add(c, l, true)
  ipcRenderer['off'] = ipcRenderer['removeListener'] = remove
  const offered = refuse('ipcRenderer', ipcRenderer)

  globals[names.receiver] = (kind: string, first: string | number, text: string): void => {
    if (kind === 'time') {
      bridge.ask('time', first)
      return
    }
    if (kind === 'message') {
      const channel = first as string
      for (const { listener, once } of listeners.get(channel) ?? []) {
        if (once) remove(channel, listener)
        const args = codec.decode(text) as unknown[]
        try {
          listener({ sender: offered, senderId: 0, ports: [] }, ...args)
        } catch (error) {
          queueMicrotask(() => {
            throw error
          })
        }
      }
      return
    }
    const entry = pending.get(first as number)
    pending.delete(first as number)
    if (kind === 'result') entry?.resolve(codec.decode(text))
    else entry?.reject(new Error(text))
  }

  const contextBridge = refuse('contextBridge', {
    exposeInMainWorld: (key: string, api: unknown) => {
      bridge.ask('expose', key, bridge.pack(api))
    },
  })
  const webFrame = refuse('webFrame', {
    setZoomFactor: () => undefined,
    getZoomFactor: () => 1,
    setZoomLevel: () => undefined,
    getZoomLevel: () => 0,
    setVisualZoomLevelLimits: () => undefined,
  })
  const electron = refuse('electron', { ipcRenderer: offered, contextBridge, webFrame })
  const processObject = {
    ...facts,
    type: 'renderer',
    sandboxed: true,
    contextIsolated: true,
    isMainFrame: true,
    on: () => undefined,
    once: (name: string, handler: () => void) => {
      if (name === 'loaded') queueMicrotask(handler)
    },
  }
  const require = (name: string): unknown => {
    if (['electron', 'electron/renderer', 'electron/common'].includes(name)) return electron
    throw new Error(`module not found: ${name}`)
  }
  if (preload === undefined || window !== window.top) return
  const module = { exports: {} }
  try {
    preload(require, processObject, module, module.exports)
  } catch (error) {
    post(JSON.stringify({ kind: 'preload-error', channel: '', args: codec.encode([error]) }))
    console.error(error)
  }
}

/** Source of the script for the page's world. `secret` must be unguessable: it names the hand-over events. */
export function pageScript(secret: string): string {
  return `(${pageWorld.toString()})(${JSON.stringify(secret)}, ${makeBridge.toString()})`
}

/** Source of the script for the isolated world, with the preload's own source inside, if there is one. */
export function preloadScript(secret: string, facts: PreloadFacts, source: string | undefined): string {
  const names = { binding: BINDING, receiver: RECEIVER }
  const preload =
    source === undefined ? 'undefined' : `function (require, process, module, exports) {${source}\n}`
  return (
    `(${preloadWorld.toString()})(${JSON.stringify(secret)}, ${JSON.stringify(facts)}, ${JSON.stringify(names)}, ` +
    `${makeBridge.toString()}, ${makeCodec.toString()}, ${preload})`
  )
}
