/**
 * The durable registry: `registry.json`, schema version 1.
 *
 * The file holds one section per machine, because a roaming profile carries it from one to another: a machine reads
 * and replaces only its own section and hands the others on as they were. Inside a section each record stands alone,
 * so that a bad one costs only itself.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Loaded,
  Log,
  Own,
  Due,
  RegistryData,
  RegistryStore,
  SaveResult,
  SessionRecord,
  Stamp,
} from '../core/model.ts'
import { sessionKey } from '../core/model.ts'
import { LONGEST_OFFSET_MS } from '../core/time.ts'
import { CLOUDS, DEPARTURES, PAIRS } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import { removeDeadTemps } from './durable-file.ts'
import { createJsonFile, type JsonFile } from './json-file.ts'
import {
  array,
  bool,
  encodeProblem,
  guid,
  integer,
  nullable,
  number,
  oneOf,
  problem,
  reader,
  SchemaError,
  text,
  time,
  type Check,
} from './schema.ts'

const FILE = 'registry.json'
/**
 * The name under which a registry goes on whose last state could not be written although nothing is set or owed any more:
 * a full disk has no room for a new file, but for a name. Without it the next start would adopt, and set again, what was
 * cleared long ago. It names the machine whose section is meant, and is read only where there is no `registry.json`.
 */
const settledNameOf = (machineId: string): string =>
  `registry.settled.${createHash('sha256').update(machineId).digest('hex').slice(0, 12)}.json`
const SETTLED_NAME = /^registry\.settled\.[0-9a-f]{12}\.json$/
const VERSION = 1
/** A machine with one user has one or two records; more are somebody's mistake. */
const MAX_RECORDS = 64
/** Other machines of a roaming profile whose section is handed on; the least recently written ones go first. */
const MAX_MACHINES = 16
/** Graph accepts an expiration of at most four hours (Microsoft Graph, presence: setPresence). */
const MAX_LEASE_MS = 4 * 60 * 60 * 1000

/** A moment goes into the file as server time only: monotonic time means nothing after a restart. */
const stamp: Check<Stamp> = (value, at) => ({ wall: time(value, at), mono: null })

const own: Check<Own> = (value, at) => {
  const read = reader(value, at)
  return {
    pair: read('pair', oneOf(PAIRS)),
    since: read('since', stamp),
    sentAt: read('sentAt', stamp),
    leaseMs: read('leaseMs', number(1, MAX_LEASE_MS)),
    confirmed: read('confirmed', bool),
    unsureUntil: read('unsureUntil', nullable(stamp)),
    ended: read('ended', bool),
  }
}

const due: Check<Due> = (value, at) => {
  const read = reader(value, at)
  return {
    departure: read('departure', oneOf(DEPARTURES)),
    absence: read('absence', integer(0, Number.MAX_SAFE_INTEGER)),
    since: read('since', stamp),
    attempts: read('attempts', integer(0, Number.MAX_SAFE_INTEGER)),
    problem: read('problem', problem),
    notBefore: read('notBefore', nullable(stamp)),
    straggler: read('straggler', nullable(stamp)),
  }
}

/** One record of a section; which machine wrote it is the section's. */
function record(machineId: string): Check<SessionRecord> {
  return (value, at) => {
    const read = reader(value, at)
    return {
      cloud: read('cloud', oneOf(CLOUDS)),
      tenantId: read('tenantId', guid),
      userId: read('userId', guid),
      clientId: read('clientId', guid),
      homeAccountId: read('homeAccountId', text(256)),
      username: read('username', text(1024)),
      name: read('name', text(1024)),
      machineId,
      own: read('own', nullable(own)),
      due: read('due', nullable(due)),
      signingOut: read('signingOut', nullable(stamp)),
    }
  }
}

const encodeStamp = (value: Stamp | null): number | null => value?.wall ?? null

/** A record as it goes into the file. */
function encodeRecord(of: SessionRecord): unknown {
  return {
    cloud: of.cloud,
    tenantId: of.tenantId,
    userId: of.userId,
    clientId: of.clientId,
    homeAccountId: of.homeAccountId,
    username: of.username,
    name: of.name,
    own: of.own && {
      ...of.own,
      since: encodeStamp(of.own.since),
      sentAt: encodeStamp(of.own.sentAt),
      unsureUntil: encodeStamp(of.own.unsureUntil),
    },
    due: of.due && {
      ...of.due,
      since: encodeStamp(of.due.since),
      problem: of.due.problem && encodeProblem(of.due.problem),
      notBefore: encodeStamp(of.due.notBefore),
      straggler: encodeStamp(of.due.straggler),
    },
    signingOut: encodeStamp(of.signingOut),
  }
}

/** What one machine wrote. */
type Section = RegistryData

/** Reads one section; what is wrong inside it goes to `bad`, and the rest stays. */
function section(value: unknown, at: string, bad: string[]): Section {
  const read = reader(value, at)
  const machineId = read('machineId', text(256))
  const check = record(machineId)
  const records: SessionRecord[] = []
  const seen = new Set<string>()
  for (const [index, item] of read('records', array(MAX_RECORDS)).entries()) {
    try {
      const one = check(item, `${at}.records[${index}]`)
      const key = sessionKey(one)
      if (seen.has(key)) throw new SchemaError(`${at}.records[${index}] is a second one of the same session`)
      seen.add(key)
      records.push(one)
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      bad.push(error.message)
    }
  }
  return {
    machineId,
    absence: lenient(bad, () => read('absence', integer(0, Number.MAX_SAFE_INTEGER)), 0),
    serverOffsetMs: lenient(
      bad,
      () => read('serverOffsetMs', number(-LONGEST_OFFSET_MS, LONGEST_OFFSET_MS)),
      0,
    ),
    records,
  }
}

/** A number that doesn't fit is replaced, told, and doesn't cost the records beside it. */
function lenient(bad: string[], read: () => number, instead: number): number {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    bad.push(error.message)
    return instead
  }
}

function encodeSection(of: Section): unknown {
  return {
    machineId: of.machineId,
    absence: of.absence,
    serverOffsetMs: of.serverOffsetMs,
    records: of.records.map(encodeRecord),
  }
}

/**
 * Opens the registry of this machine. The caller holds the single-instance lock.
 *
 * `load` reports `registry-corrupt` or `registry-newer` with the name under which the old file was kept aside, and
 * gives whatever could be understood. `save` reports `registry-unwritable`, and refuses data that `load` would not
 * accept (then the old file stands). Neither throws.
 */
export function createRegistryStore(options: {
  /** The user-data folder. */
  readonly folder: string
  /** Identifies this machine across restarts; not a secret. */
  readonly machineId: string
  readonly log?: Log
  /** ms since the epoch; for tests. */
  readonly now?: () => number
}): RegistryStore {
  const { folder, machineId, log } = options
  const now = options.now ?? Date.now
  const fileOf = (name: string): JsonFile =>
    createJsonFile({
      folder,
      name,
      version: VERSION,
      items: 'machines',
      maxItems: MAX_MACHINES * 2,
      codes: { corrupt: 'registry-corrupt', newer: 'registry-newer', unwritable: 'registry-unwritable' },
      now,
    })
  const file = fileOf(FILE)
  const path = join(folder, FILE)
  const settledName = settledNameOf(machineId)
  /** The other machines' sections, most recently written first; null until the file was read. */
  let others: readonly Section[] | null = null

  function load(): Loaded<RegistryData> {
    removeDeadTemps(folder, now())
    const other = exists(path) ? undefined : settledNames()[0]
    const source = other === undefined ? file : fileOf(other)
    const { items, problems } = source.read()
    const bad: string[] = []
    const sections: Section[] = []
    for (const [index, item] of items.entries()) {
      try {
        const one = section(item, `machines[${index}]`, bad)
        if (sections.some((other) => other.machineId === one.machineId)) {
          throw new SchemaError(`machines[${index}] is a second one of the same machine`)
        }
        sections.push(one)
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error
        bad.push(error.message)
      }
    }
    others = sections.filter((one) => one.machineId !== machineId)
    const all: readonly Problem[] = bad.length === 0 ? problems : [...problems, source.keepBadItems(bad)]
    for (const one of all) log?.error('registry-load', { code: one.code, detail: one.detail })
    const mine = sections.find((one) => one.machineId === machineId)
    const data = mine ?? { machineId, absence: 0, serverOffsetMs: 0, records: [] }
    return { data: other === settledName ? settled(data) : data, problems: all }
  }

  /** Registries under their other name, this machine's first. */
  function settledNames(): readonly string[] {
    const names = namesIn(folder).filter((name) => SETTLED_NAME.test(name))
    return names.toSorted((one, two) => Number(two === settledName) - Number(one === settledName))
  }

  /** Gives the registry that could not be written true the name that says so; that one goes with the next that can be. */
  function note(saved: boolean, { records }: RegistryData): void {
    const idle = records.every((one) => one.own === null && one.due === null)
    try {
      if (saved) for (const name of settledNames()) rmSync(join(folder, name), { force: true })
      else if (idle && exists(path)) renameSync(path, join(folder, settledName))
    } catch (error) {
      // A folder that takes no name either: the registry that stands is all there is. One that was settled, and could not
      // be removed, is not read as long as there is a new one.
      log?.warn('registry-settled', { error: error instanceof Error ? error.message : 'unknown' })
    }
  }

  function save(data: RegistryData): SaveResult {
    if (others === null) load() // Never overwrite what was never looked at.
    const mine = encodeSection({ ...data, machineId })
    const refused = refusal(mine)
    const result: SaveResult =
      refused === null
        ? file.write([mine, ...(others ?? []).slice(0, MAX_MACHINES - 1).map(encodeSection)])
        : { ok: false, problem: { code: 'registry-unwritable', detail: `${FILE}: ${refused}` } }
    if (!result.ok) log?.error('registry-save', { code: result.problem.code, detail: result.problem.detail })
    if (refused === null) note(result.ok, data)
    return result
  }

  return { load, save }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // No folder yet, or none that can be read: what it holds is told by whoever reads a file of it.
  }
}

/** Whether there is anything under this name, a link too. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** The section as it would be if it could have been written. */
function settled(data: RegistryData): RegistryData {
  return { ...data, records: data.records.map((one) => ({ ...one, own: null, due: null })) }
}

/** Why the next start would not accept these data as they will stand in the file, or null. */
function refusal(encoded: unknown): string | null {
  const bad: string[] = []
  try {
    section(encoded, 'machine', bad)
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    bad.push(error.message)
  }
  return bad[0] ?? null
}
