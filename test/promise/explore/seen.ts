/** All worlds that were seen and how deep, as 53-bit hashes in one flat table: millions of them in little memory. */

const FULL_AT = 0.6

/** A set of texts that only knows their hashes, each with the least depth at which it was seen. */
export interface Seen {
  /** What is new about a text at this depth: all of it, only that it can be reached sooner, or nothing. */
  add(text: string, depth: number): 'new' | 'sooner' | 'known'
  readonly size: number
}

/** An empty set. */
export function createSeen(): Seen {
  let hashes = new Float64Array(1 << 16)
  let depths = new Uint8Array(1 << 16)
  let size = 0

  /** Where a hash is, or where it would be. */
  function placeOf(hash: number): number {
    const mask = hashes.length - 1
    let at = (hash ^ (hash / 0x1_0000_0000)) & mask
    while (hashes[at] !== 0 && hashes[at] !== hash) at = (at + 1) & mask
    return at
  }

  function grow(): void {
    const [oldHashes, oldDepths] = [hashes, depths]
    hashes = new Float64Array(oldHashes.length * 2)
    depths = new Uint8Array(hashes.length)
    for (const [index, hash] of oldHashes.entries()) {
      if (hash === 0) continue
      const at = placeOf(hash)
      hashes[at] = hash
      depths[at] = oldDepths[index] ?? 0
    }
  }

  return {
    add(text, depth) {
      if (size > hashes.length * FULL_AT) grow()
      const hash = hashOf(text)
      const at = placeOf(hash)
      if (hashes[at] !== 0) {
        if ((depths[at] ?? 0) <= depth) return 'known'
        depths[at] = depth
        return 'sooner'
      }
      hashes[at] = hash
      depths[at] = depth
      size += 1
      return 'new'
    },
    get size() {
      return size
    },
  }
}

/** cyrb53: a 53-bit hash with a good spread for short texts; never 0. */
function hashOf(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0) || 1
}
