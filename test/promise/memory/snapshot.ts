/** Counts what lives on a heap, from V8's heap snapshot. */
import { readFileSync } from 'node:fs'

/** Number of nodes per kind; objects and functions by their names, as `object Socket`. */
export type Census = ReadonlyMap<string, number>

/** Kinds whose nodes are told apart by name. */
const NAMED: readonly string[] = ['object', 'closure', 'native']
/** What the engine makes for itself, in its own time: compiled code and its feedback, shapes, roots. */
const OF_THE_ENGINE: readonly string[] = ['code', 'hidden', 'object shape', 'synthetic']

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly unknown[] }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

/** Reads a snapshot file. @throws Error when it isn't one. */
export function censusOf(file: string): Census {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot
  const { node_fields: fields, node_types: types } = snapshot.meta
  const kinds = types[0]
  const [typeAt, nameAt] = [fields.indexOf('type'), fields.indexOf('name')]
  if (!Array.isArray(kinds) || typeAt < 0 || nameAt < 0) throw new Error(`${file} is no heap snapshot`)
  const counts = new Map<string, number>()
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = String(kinds[nodes[at + typeAt] ?? 0])
    if (OF_THE_ENGINE.includes(kind)) continue
    const name = NAMED.includes(kind) ? `${kind} ${strings[nodes[at + nameAt] ?? 0] ?? ''}` : kind
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** All nodes of a census. */
export function totalOf(census: Census): number {
  return [...census.values()].reduce((one, other) => one + other, 0)
}

/** The kinds that grew most, largest first, as `+900 object Object`. */
export function growthOf(before: Census, after: Census, limit = 5): readonly string[] {
  return [...after]
    .map(([name, count]) => ({ name, more: count - (before.get(name) ?? 0) }))
    .filter(({ more }) => more > 0)
    .toSorted((one, other) => other.more - one.more)
    .slice(0, limit)
    .map(({ name, more }) => `+${more} ${name}`)
}
