import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Due, Log, Own, RegistryData, SessionRecord, Stamp } from '../core/model.ts'
import { createRegistryStore } from './registry.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const WALL = Date.UTC(2026, 10, 24, 8, 0, 0)
const stamp = (mono: number | null): Stamp => ({ wall: WALL + 0.25, mono })
const OWN: Own = {
  pair: 'Busy/InACall',
  since: stamp(1),
  sentAt: stamp(2),
  leaseMs: 900_000,
  confirmed: true,
  unsureUntil: null,
  ended: false,
}
const DUE: Due = {
  departure: 'lock',
  absence: 7,
  since: stamp(3),
  attempts: 2,
  problem: { code: 'not-reached', detail: 'ETIMEDOUT' },
  notBefore: stamp(4),
  straggler: stamp(5),
}

function session(n: number, more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    cloud: 'global',
    tenantId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
    userId: `fa8bf3dc-eca7-46b7-bad1-${String(n).padStart(12, '0')}`,
    clientId: '22553876-f5ab-4529-bffb-cfe50aa89f87',
    homeAccountId: 'fa8bf3dc.aaaaaaaa',
    username: 'megan@contoso.com',
    name: 'Megan Bowen "✓"',
    machineId: 'here',
    own: null,
    due: null,
    signingOut: null,
    ...more,
  }
}
const DATA: RegistryData = {
  machineId: 'here',
  absence: 7,
  serverOffsetMs: -1234.5,
  records: [session(1, { own: OWN, due: DUE }), session(2), session(3, { signingOut: stamp(6) })],
}

const open = (machineId = 'here') => createRegistryStore({ folder, machineId, now: () => WALL })
const file = (): string => join(folder, 'registry.json')
const onDisk = (): { version: number; machines: Record<string, unknown>[] } =>
  JSON.parse(readFileSync(file(), 'utf8')) as ReturnType<typeof onDisk>
const ASIDE = 'registry.json.corrupt-20261124T080000Z'

/** The same data as a restart sees them. */
function restarted(data: RegistryData): RegistryData {
  return JSON.parse(
    JSON.stringify(data, (key, value: unknown) => (key === 'mono' ? null : value)),
  ) as RegistryData
}

describe('a healthy file', () => {
  it('starts empty without a complaint', () => {
    expect(open().load()).toEqual({
      data: { machineId: 'here', absence: 0, serverOffsetMs: 0, records: [] },
      problems: [],
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it('gives back everything but monotonic time, which is never written', () => {
    expect(open().save(DATA)).toEqual({ ok: true })
    expect(open().load()).toEqual({ data: restarted(DATA), problems: [] })
    expect(readFileSync(file(), 'utf8')).not.toContain('mono')
    expect(onDisk().version).toBe(1)
  })

  it('writes nothing that is not in the schema', () => {
    const stray = { ...session(1), accessToken: 'secret' }
    open().save({ ...DATA, records: [stray] })
    expect(readFileSync(file(), 'utf8')).not.toContain('secret')
  })

  it('is read after an editor put a byte order mark in front', () => {
    open().save(DATA)
    writeFileSync(file(), `\uFEFF${readFileSync(file(), 'utf8')}`)
    expect(open().load()).toEqual({ data: restarted(DATA), problems: [] })
  })
})

describe('a roaming profile', () => {
  const there: RegistryData = {
    ...DATA,
    machineId: 'there',
    absence: 99,
    records: [session(4, { machineId: 'there', due: DUE })],
  }

  it("ignores another machine's section and hands it on unchanged", () => {
    open('there').save(there)
    const here = open()
    expect(here.load()).toEqual({
      data: { machineId: 'here', absence: 0, serverOffsetMs: 0, records: [] },
      problems: [],
    })
    expect(here.save(DATA)).toEqual({ ok: true })
    expect(here.save({ ...DATA, records: [] })).toEqual({ ok: true })
    expect(open('there').load().data).toEqual(restarted(there))
    expect(open().load().data.records).toEqual([])
  })

  it('is handed on also by a save that no load came before', () => {
    open('there').save(there)
    open().save(DATA)
    expect(open('there').load().data).toEqual(restarted(there))
  })

  it('keeps the sections of the machines that wrote last', () => {
    for (let n = 0; n < 30; n++) open(`m${n}`).save({ ...DATA, machineId: `m${n}` })
    expect(onDisk().machines.map((one) => one['machineId'])).toEqual(
      Array.from({ length: 16 }, (_, n) => `m${29 - n}`),
    )
  })
})

describe('a file that can not be used', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  it.each([
    ['empty', ''],
    ['cut off', '{"version":1,"machines":[{"machineId":"he'],
    ['zeros after a power loss', '\0'.repeat(4096)],
    ['not JSON', 'hello'],
    ['a list', '[]'],
    ['a number', '5'],
    ['null', 'null'],
    ['without a version', '{"machines":[]}'],
    ['version 0', '{"version":0,"machines":[]}'],
    ['version "1"', '{"version":"1","machines":[]}'],
    ['without machines', '{"version":1}'],
    ['machines by name', '{"version":1,"machines":{"here":{}}}'],
    ['inherited members', '{"__proto__":{"version":1,"machines":[]}}'],
    ['too many machines', JSON.stringify({ version: 1, machines: Array.from({ length: 1000 }, () => ({})) })],
    ['deep', deep],
    ['deep inside', `{"version":1,"machines":${deep}}`],
    ['too big', `{"version":1,"machines":[],"x":"${'x'.repeat(1024 * 1024)}"}`],
    ['wrong bytes', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ])('%s: is kept aside, told, and replaced by a good one', (_name, content) => {
    writeFileSync(file(), content)
    const store = open()
    const { data, problems } = store.load()
    expect(data.records).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]?.code).toBe('registry-corrupt')
    expect(problems[0]?.detail).toContain(`kept as ${ASIDE}`)
    expect(readFileSync(join(folder, ASIDE)).equals(Buffer.from(content))).toBe(true)
    expect(store.save(DATA)).toEqual({ ok: true })
    expect(open().load()).toEqual({ data: restarted(DATA), problems: [] })
    expect(readFileSync(join(folder, ASIDE)).equals(Buffer.from(content))).toBe(true)
  })

  it('from a newer version: is kept aside under a name of its own', () => {
    const content = JSON.stringify({ version: 2, sessions: 'somewhere else' })
    writeFileSync(file(), content)
    const { data, problems } = open().load()
    expect(data.records).toEqual([])
    expect(problems.map((one) => one.code)).toEqual(['registry-newer'])
    const aside = 'registry.json.newer-20261124T080000Z'
    expect(problems[0]?.detail).toContain(aside)
    expect(readFileSync(join(folder, aside), 'utf8')).toBe(content)
  })

  it('a folder in its place: is kept aside as well', () => {
    mkdirSync(join(file(), 'inside'), { recursive: true })
    const store = open()
    expect(store.load().problems[0]?.detail).toContain('kept as registry.json.unreadable-20261124T080000Z')
    expect(store.save(DATA)).toEqual({ ok: true })
    expect(readdirSync(join(folder, 'registry.json.unreadable-20261124T080000Z'))).toEqual(['inside'])
  })

  it('two in the same second: both are kept', () => {
    for (const content of ['one', 'two']) {
      writeFileSync(file(), content)
      open().load()
    }
    expect(readFileSync(join(folder, ASIDE), 'utf8')).toBe('one')
    expect(readFileSync(join(folder, `${ASIDE}-2`), 'utf8')).toBe('two')
  })
})

describe('one bad record', () => {
  type Edit = (record: Record<string, unknown>) => void
  const inside = (of: unknown): Record<string, unknown> => of as Record<string, unknown>
  const edits: Record<string, Edit> = {
    'an unknown cloud': (r) => (r['cloud'] = 'mars'),
    'a user id that would change the URL': (r) => (r['userId'] = '../../me'),
    'a client id that is no text': (r) => (r['clientId'] = 7),
    'no tenant': (r) => delete r['tenantId'],
    'a name without end': (r) => (r['name'] = 'x'.repeat(2000)),
    'an unknown pair': (r) => (inside(r['own'])['pair'] = 'Busy/Sleeping'),
    'no lease': (r) => (inside(r['own'])['leaseMs'] = 0),
    'a lease of a year': (r) => (inside(r['own'])['leaseMs'] = 3.2e10),
    'a time that is no number': (r) => (inside(r['own'])['sentAt'] = '2026-11-24'),
    'a time beyond dates': (r) => (inside(r['own'])['sentAt'] = 1e300),
    'confirmed by a word': (r) => (inside(r['own'])['confirmed'] = 'yes'),
    'an own that is a list': (r) => (r['own'] = []),
    'an unknown departure': (r) => (inside(r['due'])['departure'] = 'nap'),
    'half an attempt': (r) => (inside(r['due'])['attempts'] = 0.5),
    'a negative absence': (r) => (inside(r['due'])['absence'] = -1),
    'a sign-out that is no time': (r) => (r['signingOut'] = true),
    'inherited members': (r) => {
      const copy = { ...r }
      for (const name of Object.keys(r)) Reflect.deleteProperty(r, name)
      Object.defineProperty(r, '__proto__', { value: copy, enumerable: true })
    },
  }

  function spoil(edit: Edit): Buffer {
    open().save(DATA)
    const content = onDisk()
    edit((content.machines[0]?.['records'] as Record<string, unknown>[])[0] ?? {})
    writeFileSync(file(), JSON.stringify(content))
    return readFileSync(file())
  }

  it.each(Object.entries(edits))('%s: costs that record only, and the file is kept', (_name, edit) => {
    const before = spoil(edit)
    const store = open()
    const { data, problems } = store.load()
    expect(data).toEqual({ ...restarted(DATA), records: restarted(DATA).records.slice(1) })
    expect(problems.map((one) => one.code)).toEqual(['registry-corrupt'])
    expect(problems[0]?.detail).toContain(ASIDE)
    expect(problems[0]?.detail).toContain('machines[0].records[0]')
    expect(readFileSync(join(folder, ASIDE)).equals(before)).toBe(true)
    expect(store.save(data)).toEqual({ ok: true })
    expect(open().load()).toEqual({ data, problems: [] })
  })

  it('the same session twice: the first counts', () => {
    open().save(DATA)
    const content = onDisk()
    const records = content.machines[0]?.['records'] as Record<string, unknown>[]
    records.push({ ...records[0], own: null })
    writeFileSync(file(), JSON.stringify(content))
    const { data, problems } = open().load()
    expect(data).toEqual(restarted(DATA))
    expect(problems[0]?.detail).toContain('a second one of the same session')
  })

  it('a record that is null, and an absence that is none, cost nothing else', () => {
    open().save(DATA)
    const content = onDisk()
    const mine = content.machines[0] ?? {}
    ;(mine['records'] as unknown[]).unshift(null)
    mine['absence'] = 'x'
    mine['serverOffsetMs'] = 1e300
    writeFileSync(file(), JSON.stringify(content))
    const { data, problems } = open().load()
    expect(data).toEqual({ ...restarted(DATA), absence: 0, serverOffsetMs: 0 })
    expect(problems[0]?.detail).toContain('and 2 more')
  })

  it('an explanation that this version does not know costs nothing at all', () => {
    spoil((r) => (inside(r['due'])['problem'] = { code: 'of-a-later-version' }))
    const { data, problems } = open().load()
    expect(problems).toEqual([])
    expect(data.records[0]?.due).toEqual({ ...restarted(DATA).records[0]?.due, problem: null })
  })
})

describe('data that the next start would not accept', () => {
  it.each([
    ['a user id that is no GUID', { ...DATA, records: [session(1, { userId: 'me' })] }],
    [
      'a time that is no number',
      { ...DATA, records: [session(1, { own: { ...OWN, sentAt: { wall: NaN, mono: 1 } } })] },
    ],
    ['the same session twice', { ...DATA, records: [session(1), session(1)] }],
    ['an offset that is no number', { ...DATA, serverOffsetMs: NaN }],
    ['records without end', { ...DATA, records: Array.from({ length: 65 }, (_, n) => session(n)) }],
  ])('%s: are refused, and the old file stands', (_name, data) => {
    open().save(DATA)
    const result = open().save(data)
    expect(result).toMatchObject({ ok: false, problem: { code: 'registry-unwritable' } })
    expect(open().load()).toEqual({ data: restarted(DATA), problems: [] })
  })

  it('a detail of any length is cut, not refused', () => {
    const due: Due = { ...DUE, problem: { code: 'not-reached', detail: 'x'.repeat(5000) } }
    expect(open().save({ ...DATA, records: [session(1, { due })] })).toEqual({ ok: true })
    expect(open().load().data.records[0]?.due?.problem?.detail).toHaveLength(1000)
  })
})

it('tells the log what it tells the user', () => {
  const lines: unknown[] = []
  const log: Log = {
    info: () => undefined,
    warn: () => undefined,
    error: (event, data) => lines.push([event, data?.['code']]),
  }
  const store = createRegistryStore({ folder, machineId: 'here', log })
  writeFileSync(file(), 'x')
  store.load()
  store.save({ ...DATA, serverOffsetMs: NaN })
  expect(lines).toEqual([
    ['registry-load', 'registry-corrupt'],
    ['registry-save', 'registry-unwritable'],
  ])
})

describe('a registry that could not be written', () => {
  const idle: RegistryData = { ...DATA, records: [session(1), session(2)] }
  /** Saves on a disk that has room for no new file, as `test/promise/faults/full-disk.spec.ts` does on a real one. */
  function withoutRoom(data: RegistryData, store = open()): boolean {
    store.load()
    const { openSync } = fs
    fs.openSync = (...[path, flags, mode]) => {
      if (flags === 'wx') throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      return openSync(path, flags, mode)
    }
    syncBuiltinESMExports()
    try {
      return store.save(data).ok
    } finally {
      fs.openSync = openSync
      syncBuiltinESMExports()
    }
  }
  const settledName = (): string =>
    readdirSync(folder).find((name) => name.startsWith('registry.settled.')) ?? ''
  const owned = (): unknown[] =>
    open()
      .load()
      .data.records.map(({ own, due }) => [own, due])

  it('forgets nothing that is still set or owed', () => {
    expect(open().save(DATA).ok).toBe(true)
    expect(withoutRoom(DATA)).toBe(false)
    expect(owned()[0]).toMatchObject([{ pair: 'Busy/InACall' }, { departure: 'lock' }])
  })

  it('is known to be settled once nothing is set or owed: it goes on under a name that says so', () => {
    open().save(DATA)
    const before = readFileSync(file())
    expect(withoutRoom(idle)).toBe(false)
    expect(readFileSync(join(folder, settledName())).equals(before)).toBe(true)
    expect(owned()).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ])
  })

  it('stays settled although something owed later can not be written either', () => {
    const store = open()
    store.save(DATA)
    withoutRoom(idle, store)
    withoutRoom({ ...DATA, records: DATA.records.map((one) => ({ ...one, own: null })) }, store)
    expect(owned()[0]).toEqual([null, null])
  })

  it('is a usual one again with the next that is written, also when its old name can not be removed', () => {
    open().save(DATA)
    withoutRoom(idle)
    const name = settledName()
    open().save(DATA)
    expect(owned()[0]).toMatchObject([{ pair: 'Busy/InACall' }, { departure: 'lock' }])
    expect(readdirSync(folder)).toEqual(['registry.json'])
    mkdirSync(join(folder, name))
    expect(open().save(DATA).ok).toBe(true)
    expect(owned()[0]).toMatchObject([{ pair: 'Busy/InACall' }, { departure: 'lock' }])
  })

  it("settles this machine's section only", () => {
    open('machine-b').save({ ...DATA, machineId: 'machine-b' })
    open().save(DATA)
    withoutRoom(idle)
    expect(open('machine-b').load().data.records[0]?.own).not.toBeNull()
    expect(owned()[0]).toEqual([null, null])
  })
})
