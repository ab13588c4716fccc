/** One end of the wall between the page's world and the preload's world. */
export interface Bridge {
  /** Turns a value into a tree that may cross: functions and promises become numbers. */
  pack: (value: unknown) => unknown
  /** Rebuilds a value from the other world; functions and promises become proxies that ask it. */
  unpack: (tree: unknown) => unknown
  /** Calls an operation of the other world and returns its answer at once. */
  ask: (operation: string, ...args: unknown[]) => unknown
  /** Operations that the other world may ask for. */
  operations: Map<string, (...args: never[]) => unknown>
}

/** The channel that `makeBridge` needs: send one message to the other world, synchronously, and receive such messages. */
export interface BridgeChannel {
  send: (message: unknown) => void
  receive: (handler: (message: unknown) => void) => void
}

/**
 * Builds one end. Self-contained: its source text runs in both worlds of a page.
 * Rules as in Electron's contextBridge: plain objects and arrays are copied (class instances lose their prototype),
 * functions and promises are proxied, errors keep their message, what can't be cloned is refused.
 */
export function makeBridge(channel: BridgeChannel): Bridge {
  type Tree = [string, ...unknown[]]
  interface Message {
    ask?: string
    args?: unknown[]
    answer?: unknown
    failure?: unknown
    settle?: number
    ok?: boolean
    value?: unknown
  }

  const functions: ((...args: unknown[]) => unknown)[] = []
  const promises = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  const operations = new Map<string, (...args: never[]) => unknown>()
  const known = new WeakMap<object, number>()
  let lastPromise = 0
  let answer: Message | undefined

  const isPlain = (value: object): boolean =>
    !(
      value instanceof Date ||
      value instanceof Map ||
      value instanceof Set ||
      value instanceof RegExp ||
      value instanceof ArrayBuffer ||
      ArrayBuffer.isView(value) ||
      value instanceof Blob
    )

  const packNode = (value: unknown, seen: Map<object, number>): Tree => {
    if (typeof value === 'symbol') throw new TypeError('An object could not be cloned.')
    if (typeof value === 'function') {
      let id = known.get(value)
      if (id === undefined) {
        id = functions.push(value as (...args: unknown[]) => unknown) - 1
        known.set(value, id)
      }
      return ['function', id]
    }
    if (typeof value !== 'object' || value === null) return ['value', value]
    const earlier = seen.get(value)
    if (earlier !== undefined) return ['seen', earlier]
    seen.set(value, seen.size)
    if (value instanceof Promise) {
      lastPromise += 1
      const id = lastPromise
      const settle = (ok: boolean, result: unknown): void => {
        let packed: unknown
        try {
          packed = packNode(result, new Map())
        } catch (error) {
          ok = false
          packed = packNode(error, new Map())
        }
        channel.send({ settle: id, ok, value: packed })
      }
      value.then(
        (result: unknown) => settle(true, result),
        (error: unknown) => settle(false, error),
      )
      return ['promise', id]
    }
    if (value instanceof Error) return ['error', value.message]
    if (Array.isArray(value)) return ['array', value.map((item) => packNode(item, seen))]
    if (!isPlain(value)) return ['value', value]
    return [
      'object',
      Object.keys(value).map((key) => [key, packNode((value as Record<string, unknown>)[key], seen)]),
    ]
  }

  const unpackNode = (tree: Tree, seen: unknown[]): unknown => {
    const [kind, content] = tree
    const keep = <T>(value: T): T => {
      seen.push(value)
      return value
    }
    switch (kind) {
      case 'function': {
        const id = content as number
        return (...args: unknown[]): unknown => ask('call', id, packNode(args, new Map()))
      }
      case 'seen':
        return seen[content as number]
      case 'promise': {
        const id = content as number
        return keep(new Promise((resolve, reject) => promises.set(id, { resolve, reject })))
      }
      case 'error':
        return keep(new Error(content as string))
      case 'array': {
        const list = keep<unknown[]>([])
        for (const item of content as Tree[]) list.push(unpackNode(item, seen))
        return list
      }
      case 'object': {
        const object = keep<Record<string, unknown>>({})
        for (const [key, item] of content as [string, Tree][]) object[key] = unpackNode(item, seen)
        return object
      }
      default:
        if (typeof content === 'object' && content !== null) seen.push(content)
        return content
    }
  }

  const ask = (operation: string, ...args: unknown[]): unknown => {
    answer = undefined
    channel.send({ ask: operation, args })
    const got = answer as Message | undefined
    answer = undefined
    // A message that can't be cloned arrives as null, so nobody answers.
    if (got === undefined) throw new TypeError('An object could not be cloned.')
    if ('failure' in got) throw unpackNode(got.failure as Tree, [])
    return unpackNode(got.answer as Tree, [])
  }

  operations.set('call', (id: number, args: Tree) => functions[id]?.(...(unpackNode(args, []) as unknown[])))

  channel.receive((received) => {
    const message = received as Message | null
    if (message === null) return
    if (message.settle !== undefined) {
      const entry = promises.get(message.settle)
      promises.delete(message.settle)
      const value = unpackNode(message.value as Tree, [])
      if (message.ok === true) entry?.resolve(value)
      else entry?.reject(value)
    } else if (message.ask === undefined) {
      answer = message
    } else {
      let reply: Message
      try {
        const operation = operations.get(message.ask) as ((...args: unknown[]) => unknown) | undefined
        reply = { answer: packNode(operation?.(...(message.args ?? [])), new Map()) }
      } catch (error) {
        reply = { failure: packNode(error, new Map()) }
      }
      channel.send(reply)
    }
  })

  return {
    pack: (value) => packNode(value, new Map()),
    unpack: (tree) => unpackNode(tree as Tree, []),
    ask,
    operations,
  }
}
