import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HistoryEntry } from '../../shared/snapshot.ts'
import { createHistoryStore, HISTORY_LIMIT } from './history.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const WALL = Date.UTC(2026, 10, 24, 8, 0, 0)
const ASIDE = 'history.json.corrupt-20261124T080000Z'
const open = () => createHistoryStore({ folder, now: () => WALL })
const file = (): string => join(folder, 'history.json')
const entry = (n: number): HistoryEntry => ({
  at: WALL + n,
  departure: 'lock',
  settlement: 'cleared',
  tookMs: 41.5,
})

it('gives back what was added, newest first', () => {
  const store = open()
  const entries: HistoryEntry[] = [
    entry(1),
    {
      at: WALL + 2,
      departure: 'shutdown',
      settlement: 'not-confirmed',
      tookMs: null,
      problem: { code: 'no-network' },
      endedBy: WALL + 9,
    },
    { at: WALL + 3, departure: 'manual', settlement: 'nothing-to-clear', tookMs: 0 },
    { at: WALL + 4, departure: 'interrupted', settlement: 'expired', tookMs: null, endedBy: WALL },
  ]
  for (const one of entries) expect(store.add(one)).toEqual({ ok: true })
  expect(open().load()).toEqual({ data: [...entries].reverse(), problems: [] })
})

it('starts empty without a complaint', () => {
  expect(open().load()).toEqual({ data: [], problems: [] })
})

it('keeps the last ones only', () => {
  const store = open()
  for (let n = 0; n < HISTORY_LIMIT + 5; n++) store.add(entry(n))
  const { data } = open().load()
  expect(data).toHaveLength(HISTORY_LIMIT)
  expect(data[0]?.at).toBe(WALL + HISTORY_LIMIT + 4)
})

it('adds to what is there without having been asked to load it', () => {
  open().add(entry(1))
  open().add(entry(2))
  expect(
    open()
      .load()
      .data.map((one) => one.at),
  ).toEqual([WALL + 2, WALL + 1])
})

it.each(['', '{"version":1,"entries":{}}', '[]', `{"version":1,"entries":${'['.repeat(300_000)}`])(
  'keeps a corrupt file aside and goes on',
  (content) => {
    writeFileSync(file(), content)
    const store = open()
    const { data, problems } = store.load()
    expect(data).toEqual([])
    expect(problems.map((one) => one.code)).toEqual(['history-corrupt'])
    expect(readFileSync(join(folder, ASIDE), 'utf8')).toBe(content)
    expect(store.add(entry(1))).toEqual({ ok: true })
    expect(open().load()).toEqual({ data: [entry(1)], problems: [] })
  },
)

it('keeps a newer file aside', () => {
  writeFileSync(file(), '{"version":7,"entries":[]}')
  expect(
    open()
      .load()
      .problems.map((one) => one.code),
  ).toEqual(['history-newer'])
  expect(readdirSync(folder)).toEqual(['history.json.newer-20261124T080000Z'])
})

it('loses a bad entry only, and keeps the file as it was', () => {
  const content = JSON.stringify({
    version: 1,
    entries: [entry(3), { ...entry(2), settlement: 'toString' }, { ...entry(2), at: null }, 7, entry(1)],
  })
  writeFileSync(file(), content)
  const { data, problems } = open().load()
  expect(data).toEqual([entry(3), entry(1)])
  expect(problems[0]?.detail).toContain('entries[1].settlement')
  expect(problems[0]?.detail).toContain('and 2 more')
  expect(readFileSync(join(folder, ASIDE), 'utf8')).toBe(content)
})

it('refuses an entry that the next start would not accept', () => {
  const store = open()
  store.add(entry(1))
  expect(store.add({ ...entry(2), tookMs: -1 })).toMatchObject({
    ok: false,
    problem: { code: 'history-unwritable' },
  })
  expect(open().load()).toEqual({ data: [entry(1)], problems: [] })
})

it('writes later what it could not write at once', () => {
  const store = open()
  store.load()
  mkdirSync(join(file(), 'in-the-way'), { recursive: true })
  expect(store.add(entry(1))).toMatchObject({ ok: false, problem: { code: 'history-unwritable' } })
  rmSync(file(), { recursive: true })
  expect(store.add(entry(2))).toEqual({ ok: true })
  expect(open().load().data).toEqual([entry(2), entry(1)])
})
