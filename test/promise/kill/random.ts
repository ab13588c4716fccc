/** Random numbers from a seed: the same seed gives the same story. */

/** A source of random choices. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  /** One of these, each as likely as its weight (default: all alike). @throws RangeError when there is none. */
  pick<T>(from: readonly T[], weight?: (item: T) => number): T
}

/** The random numbers of one round of one seed (mulberry32 on an FNV-1a hash, both public domain algorithms). */
export function randomOf(seed: number, round: number): Random {
  let state = 0x811c9dc5
  for (const sign of `${seed}/${round}`) state = Math.imul(state ^ (sign.codePointAt(0) ?? 0), 0x01000193)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick(from, weight = () => 1) {
      const total = from.reduce((sum, item) => sum + weight(item), 0)
      let left = next() * total
      for (const item of from) {
        left -= weight(item)
        if (left < 0) return item
      }
      const last = from.at(-1)
      if (last === undefined) throw new RangeError('nothing to pick from')
      return last
    },
  }
}
