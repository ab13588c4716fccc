/** The durable history: `history.json`, schema version 1, the last 200 entries, newest first. */
import type { HistoryStore, Loaded, Log, SaveResult } from '../core/model.ts'
import type { HistoryEntry, Settlement } from '../../shared/snapshot.ts'
import { createJsonFile } from './json-file.ts'
import {
  encodeProblem,
  nullable,
  number,
  oneOf,
  problem,
  reader,
  SchemaError,
  time,
  type Check,
} from './schema.ts'

/** How many entries are kept. */
export const HISTORY_LIMIT = 200
const VERSION = 1

/** Every settlement; the compiler wants it complete. */
const SETTLEMENTS = Object.keys({
  cleared: true,
  'nothing-to-clear': true,
  expired: true,
  'not-supported': true,
  'not-confirmed': true,
} satisfies Record<Settlement, true>) as readonly Settlement[]

/** Every departure and what stands for one in the history; the compiler wants it complete. */
const OCCASIONS = Object.keys({
  lock: true,
  sleep: true,
  disconnect: true,
  'user-switch': true,
  quit: true,
  'log-off': true,
  shutdown: true,
  'sign-out': true,
  idle: true,
  manual: true,
  interrupted: true,
} satisfies Record<HistoryEntry['departure'], true>) as readonly HistoryEntry['departure'][]

const entry: Check<HistoryEntry> = (value, at) => {
  const read = reader(value, at)
  const why = read('problem', problem)
  const endedBy = read('endedBy', nullable(time))
  return {
    at: read('at', time),
    departure: read('departure', oneOf(OCCASIONS)),
    settlement: read('settlement', oneOf(SETTLEMENTS)),
    tookMs: read('tookMs', nullable(number(0, Number.MAX_SAFE_INTEGER))),
    ...(why === null ? {} : { problem: why }),
    ...(endedBy === null ? {} : { endedBy }),
  }
}

function encode(of: HistoryEntry): unknown {
  return { ...of, ...(of.problem === undefined ? {} : { problem: encodeProblem(of.problem) }) }
}

/**
 * Opens the history. The caller holds the single-instance lock.
 *
 * `load` reports `history-corrupt` or `history-newer` with the name under which the old file was kept aside, and
 * gives the entries that could be understood. `add` reports `history-unwritable` and keeps the entry in memory, so
 * that the next successful `add` writes it too. Neither throws.
 */
export function createHistoryStore(options: {
  /** The user-data folder. */
  readonly folder: string
  readonly log?: Log
  /** ms since the epoch; for tests. */
  readonly now?: () => number
}): HistoryStore {
  const { folder, log } = options
  const file = createJsonFile({
    folder,
    name: 'history.json',
    version: VERSION,
    items: 'entries',
    maxItems: HISTORY_LIMIT * 10,
    codes: { corrupt: 'history-corrupt', newer: 'history-newer', unwritable: 'history-unwritable' },
    now: options.now ?? Date.now,
  })
  let entries: readonly HistoryEntry[] | null = null

  function load(): Loaded<readonly HistoryEntry[]> {
    const { items, problems } = file.read()
    const bad: string[] = []
    const good: HistoryEntry[] = []
    for (const [index, item] of items.entries()) {
      try {
        good.push(entry(item, `entries[${index}]`))
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error
        bad.push(error.message)
      }
    }
    entries = good.slice(0, HISTORY_LIMIT)
    const all = bad.length === 0 ? problems : [...problems, file.keepBadItems(bad)]
    for (const one of all) log?.error('history-load', { code: one.code, detail: one.detail })
    return { data: entries, problems: all }
  }

  function add(value: HistoryEntry): SaveResult {
    const refused = refusal(encode(value))
    if (refused !== null) return told({ ok: false, problem: { code: 'history-unwritable', detail: refused } })
    const next = [value, ...(entries ?? load().data)].slice(0, HISTORY_LIMIT)
    entries = next
    return told(file.write(next.map(encode)))
  }

  function told(result: SaveResult): SaveResult {
    if (!result.ok) log?.error('history-save', { code: result.problem.code, detail: result.problem.detail })
    return result
  }

  return { load, add }
}

/** Why the next start would not accept this entry, or null. */
function refusal(encoded: unknown): string | null {
  try {
    entry(encoded, 'entry')
    return null
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return error.message
  }
}
