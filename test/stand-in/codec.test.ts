import { expect, test } from 'vitest'
import { makeCodec } from './chromium/codec.ts'

const codec = makeCodec()
const round = (value: unknown): unknown => codec.decode(codec.encode(value))

test('everything that can be cloned survives', () => {
  const value = {
    text: 'ü✓',
    numbers: [1, -0, Number.NaN, Infinity, 10n],
    nothing: [undefined, null],
    date: new Date(5),
    pattern: /a+/gi,
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1, 'two'])]]),
    bytes: new Uint8Array([0, 127, 255]),
    words: new Uint16Array([1, 65535]),
  }
  expect(round(value)).toEqual(value)
  expect(Object.is((round([-0]) as number[])[0], -0)).toBe(true)
})

test('errors keep their class and message', () => {
  const error = round(new TypeError('no')) as Error
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toBe('no')
})

test('cycles and shared objects keep their identity', () => {
  const shared = { n: 1 }
  const value: Record<string, unknown> = { a: shared, b: shared }
  value['self'] = value
  const copy = round(value) as Record<string, unknown>
  expect(copy['self']).toBe(copy)
  expect(copy['a']).toBe(copy['b'])
})

test('a megabyte of bytes is no problem, and __proto__ is only a name', () => {
  const bytes = new Uint8Array(1_000_000).fill(7)
  // Compared as buffers: a matcher would look at each of the million.
  expect(Buffer.compare(Buffer.from(round(bytes) as Uint8Array), Buffer.from(bytes))).toBe(0)
  const odd = round(JSON.parse('{"__proto__": {"bad": 1}}')) as Record<string, unknown>
  expect(Object.hasOwn(odd, '__proto__')).toBe(true)
  expect(odd['bad']).toBeUndefined()
})
