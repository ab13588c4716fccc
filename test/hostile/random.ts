/** Hostile values and texts, the same for the same seed. */

/** A source of numbers from a seed (mulberry32). */
export interface Random {
  /** From 0 to below 1. */
  next(): number
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  pick<T>(list: readonly T[]): T
}

/** Starts a source. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    pick: <T>(list: readonly T[]): T => {
      const index = below(list.length)
      if (index >= list.length) throw new Error('nothing to pick from')
      return list[index] as T // The index was just checked.
    },
  }
}

/** Texts that have broken a parser somewhere. */
export const NASTY_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\r\nX-Injected: 1',
  '\u001b[2J\u001b]0;title\u0007',
  '\u202Etxt.exe',
  '\uFEFF',
  '\uD800',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '../../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '%2e%2e%2f',
  '%s%n%x',
  '${7*7}',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; DROP TABLE users; --",
  'javascript:alert(1)',
  'file:///etc/passwd',
  'NaN',
  '-0',
  '1e999',
  'null',
  'undefined',
  '{"__proto__":{"admin":true}}',
]

/** Numbers that have broken one. */
export const NASTY_NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e308,
  5e-324,
  8.64e15 + 1,
]

/** A text: a nasty one, or random characters of all planes, up to `longest`. */
export function randomText(random: Random, longest = 200): string {
  if (random.next() < 0.4) return random.pick(NASTY_TEXTS)
  const length = random.below(longest)
  const wide = random.next() < 0.5
  return Array.from({ length }, () =>
    wide ? String.fromCharCode(random.below(0x10000)) : String.fromCharCode(32 + random.below(95)),
  ).join('')
}

/** A value as JSON can write it, nested up to `depth`. */
export function randomJson(random: Random, depth = 4): unknown {
  const kind = random.below(depth <= 0 ? 5 : 8)
  switch (kind) {
    case 0:
      return null
    case 1:
      return random.next() < 0.5
    case 2:
      return random.pick(NASTY_NUMBERS)
    case 3:
    case 4:
      return randomText(random, 40)
    case 5:
      return Array.from({ length: random.below(5) }, () => randomJson(random, depth - 1))
    default:
      return randomObject(random, depth - 1)
  }
}

/** An object with nasty names, `__proto__` as a name of its own among them. */
export function randomObject(random: Random, depth: number): object {
  const object: object = {}
  for (let n = random.below(5); n > 0; n -= 1) {
    const value = randomJson(random, depth)
    Object.defineProperty(object, randomText(random, 20), {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}
