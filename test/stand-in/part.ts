import { EventEmitter } from 'node:events'

/** Names that runtimes, inspectors and bundlers probe on any object; a miss on these is no use of Electron. */
const PROBED = new Set([
  'then',
  'toJSON',
  'inspect',
  'constructor',
  'nodeType',
  'tagName',
  '$$typeof',
  'asymmetricMatch',
  'domain',
  'default',
  'prototype',
  'name',
  'length',
  'caller',
  'arguments',
  'window',
  'self',
  'className',
  'captureRejections',
  'addAbortListener',
])

/** Refuses the use of something that the stand-in lacks. */
export function notImplemented(what: string): never {
  throw new Error(`stand-in: ${what} is not implemented`)
}

function nameOf(receiver: unknown): string {
  if (typeof receiver === 'function') return receiver.name
  if (typeof receiver === 'object' && receiver !== null) return receiver.constructor.name
  return String(receiver)
}

/**
 * Answers reads of members that exist nowhere on the prototype chain by throwing `stand-in: X.y is not implemented`.
 * It sits at the end of the chain, so instances stay ordinary objects.
 */
export function trapMisses<T extends object>(end: T, owner: (receiver: unknown) => string = nameOf): T {
  return new Proxy(end, {
    get(target, key, receiver): unknown {
      if (key in target) return Reflect.get(target, key, receiver)
      if (typeof key === 'symbol' || key.startsWith('_') || PROBED.has(key)) return undefined
      return notImplemented(`${owner(receiver)}.${key}`)
    },
    // Keeps `instanceof` true for the class that was wrapped.
    getPrototypeOf: (target) => target,
  })
}

/** Base of every emitting part of the stand-in (app, windows, trays, ...), instances and statics alike. */
export class Part extends EventEmitter {}
Object.setPrototypeOf(Part.prototype, trapMisses(EventEmitter.prototype))
Object.setPrototypeOf(Part, trapMisses(EventEmitter))

/** Base of the parts that emit nothing (shell, clipboard, dialog, ...). */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- exists for its prototype chain
export class QuietPart {}
Object.setPrototypeOf(QuietPart.prototype, trapMisses(Object.prototype))
Object.setPrototypeOf(QuietPart, trapMisses(Function.prototype))

/** What Electron passes as first argument of most events. */
export interface PreventableEvent {
  preventDefault: () => void
  readonly defaultPrevented: boolean
}

/** Makes an event object like Electron's, with further members. */
export function createEvent<T extends object>(members: T): T & PreventableEvent {
  let prevented = false
  return Object.defineProperties(members, {
    preventDefault: { value: () => (prevented = true), enumerable: true },
    defaultPrevented: { get: () => prevented, enumerable: true },
  }) as T & PreventableEvent
}

/** Emits as Electron's native side does: an error in a listener becomes an uncaught exception, the emitter goes on. */
export function fire(emitter: EventEmitter, event: string, ...args: unknown[]): boolean {
  try {
    return emitter.emit(event, ...args)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
    return true
  }
}
