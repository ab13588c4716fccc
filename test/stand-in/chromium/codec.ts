/** Turns values that the structured clone algorithm knows into JSON text and back. */
export interface Codec {
  encode: (value: unknown) => string
  decode: (text: string) => unknown
}

/**
 * Makes the codec of the ipc channels. The function is self-contained: its source text also runs in the preload's world.
 * Callers clone first (`structuredClone`), which refuses functions and symbols with Electron's message.
 */
export function makeCodec(): Codec {
  type Node = [string, ...unknown[]]

  const bytesToText = (bytes: Uint8Array): string => {
    let text = ''
    for (let i = 0; i < bytes.length; i += 0x8000)
      text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
    return btoa(text)
  }
  const textToBytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

  const encodeNode = (value: unknown, seen: Map<object, number>): Node => {
    if (value === undefined) return ['u']
    if (typeof value === 'bigint') return ['n', value.toString()]
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
      return ['f', Object.is(value, -0) ? '-0' : String(value)]
    }
    if (typeof value !== 'object' || value === null) return ['v', value]
    const known = seen.get(value)
    if (known !== undefined) return ['r', known]
    seen.set(value, seen.size)
    const inner = (item: unknown): Node => encodeNode(item, seen)
    if (Array.isArray(value)) return ['a', value.map(inner)]
    if (value instanceof Date) return ['d', value.getTime()]
    if (value instanceof RegExp) return ['x', value.source, value.flags]
    if (value instanceof Map) return ['m', [...value].map(([k, v]) => [inner(k), inner(v)])]
    if (value instanceof Set) return ['s', [...value].map(inner)]
    if (value instanceof Error) return ['e', value.name, value.message, value.stack]
    if (value instanceof ArrayBuffer) return ['b', 'ArrayBuffer', bytesToText(new Uint8Array(value))]
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      const name = Object.prototype.toString.call(value).slice(8, -1)
      return ['b', name, bytesToText(bytes)]
    }
    return ['o', Object.entries(value).map(([k, v]) => [k, inner(v)])]
  }

  const ERRORS: Record<string, ErrorConstructor> = {
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
  }
  const VIEWS: Record<string, new (buffer: ArrayBuffer) => unknown> = {
    Uint8Array,
    Int8Array,
    Uint8ClampedArray,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  }

  const decodeNode = (node: Node, seen: unknown[]): unknown => {
    const keep = <T>(value: T): T => {
      seen.push(value)
      return value
    }
    const inner = (item: unknown): unknown => decodeNode(item as Node, seen)
    const [kind, first, second, third] = node
    switch (kind) {
      case 'u':
        return undefined
      case 'n':
        return BigInt(first as string)
      case 'f':
        return Number(first)
      case 'v':
        return first
      case 'r':
        return seen[first as number]
      case 'd':
        return keep(new Date(first as number))
      case 'x':
        return keep(new RegExp(first as string, second as string))
      case 'a': {
        const list = keep<unknown[]>([])
        for (const item of first as unknown[]) list.push(inner(item))
        return list
      }
      case 'm': {
        const map = keep(new Map<unknown, unknown>())
        for (const [k, v] of first as [unknown, unknown][]) map.set(inner(k), inner(v))
        return map
      }
      case 's': {
        const set = keep(new Set<unknown>())
        for (const item of first as unknown[]) set.add(inner(item))
        return set
      }
      case 'e': {
        const error = keep(new (ERRORS[first as string] ?? Error)(second as string))
        if (typeof third === 'string') error.stack = third
        return error
      }
      case 'b': {
        const buffer = textToBytes(second as string).buffer as ArrayBuffer
        const View = VIEWS[first as string]
        return keep(View === undefined ? buffer : new View(buffer))
      }
      default: {
        const object = keep<Record<string, unknown>>({})
        for (const [k, v] of first as [string, unknown][]) {
          Object.defineProperty(object, k, {
            value: inner(v),
            writable: true,
            enumerable: true,
            configurable: true,
          })
        }
        return object
      }
    }
  }

  return {
    encode: (value) => JSON.stringify(encodeNode(value, new Map())),
    decode: (text) => decodeNode(JSON.parse(text) as Node, []),
  }
}
