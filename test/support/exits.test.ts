/** docs/exits.md names every way of leaving on every system, and each row a test that exists or the reason for none. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { titlesIn } from './titles.ts'

const PAGE = resolve(import.meta.dirname, '../../docs/exits.md')
const page = readFileSync(PAGE, 'utf8')

const SYSTEMS = ['Windows', 'macOS', 'Linux'] as const
/** What has to be there for every system. */
const EVERYWHERE = [
  ...[
    'quit from the tray',
    'quit from the menu',
    'quit by shortcut',
    'quit from the window',
    'window closed',
  ],
  ...['update install', 'log-off', 'restart', 'shutdown', 'shutdown cancelled by another program'],
  ...['SIGTERM', 'SIGINT once', 'SIGINT twice', 'SIGHUP', 'SIGKILL', 'power loss', 'package removal'],
  ...['crash of main', 'crash of the renderer', 'crash of the GPU process', 'crash of the worker'],
  ...['lock', 'user switch', 'remote disconnect', 'sleep with the lid', 'a wake in the bag'],
]
const EXPECTED = [
  ...EVERYWHERE.flatMap((way) => SYSTEMS.map((system) => `${way} on ${system}`)),
  "a session manager's EndSession on Linux",
]

interface Row {
  readonly ways: readonly string[]
  readonly systems: readonly string[]
  readonly cells: readonly string[]
  readonly proof: string
}

/** The rows of all tables of a page, without their heads. */
function rowsOf(text: string): readonly Row[] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  return lines
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
    .filter(([first = '']) => first !== 'way to end' && !/^-+$/.test(first))
    .map((cells) => {
      const [ways = '', systems = ''] = cells
      return {
        ways: ways.split(', '),
        systems: systems === 'all' ? SYSTEMS : systems.split(', '),
        cells,
        proof: cells[5] ?? '',
      }
    })
}

/** A link that is a test: its text is the title, or the title up to a comma, a semicolon or a bracket. */
const linksOf = (proof: string): readonly { readonly title: string; readonly path: string }[] =>
  [...proof.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = '', path = '']) => ({ title, path }))

const parsed = new Map<string, readonly string[]>()

function titlesOf(file: string): readonly string[] {
  const titles = parsed.get(file) ?? titlesIn(readFileSync(file, 'utf8'))
  parsed.set(file, titles)
  return titles
}

/** What is wrong with a page; empty when nothing is. */
function faultsOf(text: string): readonly string[] {
  const rows = rowsOf(text)
  const found = new Set(
    rows.flatMap(({ ways, systems }) =>
      ways.flatMap((way) => systems.map((system) => `${way} on ${system}`)),
    ),
  )
  return [
    ...EXPECTED.filter((way) => !found.has(way)).map((way) => `no row: ${way}`),
    ...rows.flatMap(({ ways, systems, cells, proof }) => {
      const row = `${ways.join(', ')} (${systems.join(', ')})`
      const links = linksOf(proof)
      return [
        ...(cells.length === 6 && cells.every((cell) => cell !== '') ? [] : [`${row}: an empty cell`]),
        ...systems.filter((system) => !SYSTEMS.some((each) => each === system)).map((no) => `${row}: ${no}?`),
        ...(links.length > 0 || /No test: \S.{15}/.test(proof) ? [] : [`${row}: neither test nor reason`]),
        ...links
          .filter(({ title, path }) => !exists(title, path))
          .map(({ title }) => `${row}: no test '${title}'`),
      ]
    }),
  ]
}

function exists(title: string, path: string): boolean {
  const file = resolve(dirname(PAGE), path)
  return (
    /\.(test|spec)\.ts$/.test(file) &&
    existsSync(file) &&
    titlesOf(file).some(
      (known) => known === title || [',', ';', ' ('].some((end) => known.startsWith(title + end)),
    )
  )
}

it('the exit table is complete: no row without a test that exists or a reason', () => {
  expect(faultsOf(page)).toEqual([])
})

it('a missing row, a title that nobody has, a file that is gone and a row without a reason are found', () => {
  const row = (name: string): string => page.split('\n').find((line) => line.startsWith(`| ${name} `)) ?? ''
  const planted: readonly (readonly [from: string, to: string, fault: RegExp])[] = [
    [row('power loss'), '', /^no row: power loss on Windows/],
    ['[quit from the tray](', '[quit from the trash](', /no test 'quit from the trash'/],
    ['[SIGTERM](../test/e2e/departures', '[SIGTERM](../test/e2e/gone', /no test 'SIGTERM'/],
    [row('package removal'), row('package removal').replace('No test:', 'None:'), /neither test nor reason/],
    [row('update install'), row('update install').replace('will be a quit', ''), /an empty cell/],
  ]
  for (const [from, to, fault] of planted) {
    expect(from).not.toBe('')
    expect(page).toContain(from)
    expect(faultsOf(page.replace(from, to)).join('\n')).toMatch(fault)
  }
})

it.each([
  { name: 'skip', source: "it.skip('a title', () => {})" },
  { name: 'todo', source: "it.todo('a title')" },
  { name: 'fails', source: "test.fails('a title', () => {})" },
  { name: 'no body', source: "it('a title')" },
  { name: 'an option', source: "it('a title', { timeout: 1, skip: true }, () => {})" },
  { name: 'a condition that always holds', source: "it.skipIf(true)('a title', () => {})" },
  { name: 'a condition that never holds', source: "it.runIf(false)('a title', () => {})" },
  { name: 'a table skipped', source: "it.skip.each([{ name: 'a title' }])('$name', () => {})" },
  { name: 'a suite skipped', source: "describe.skip('all', () => { it('a title', () => {}) })" },
  {
    name: 'a suite skipped by an option',
    source: "describe('all', { skip: true }, () => { it('a title', () => {}) })",
  },
  { name: 'the name of anything', source: "it('another', () => { press({ name: 'a title' }) })" },
  { name: 'a table that no title shows', source: "it.each([{ name: 'a title' }])('another', () => {})" },
  {
    name: 'the name inside a row',
    source: "it.each([{ name: 'another', run: () => press({ name: 'a title' }) }])('$name', () => {})",
  },
  { name: 'the name without the rest', source: "it.each([{ name: 'a title' }])('not $name', () => {})" },
])('no test has the title: $name', ({ source }) => {
  expect(titlesIn(source)).not.toContain('a title')
})

it.each([
  { name: 'it', source: "it('a title', async () => {})" },
  {
    name: 'only elsewhere',
    source: "describe.skipIf(HERE)('all', () => { it.runIf(THERE)('a title', run) })",
  },
  { name: 'an option', source: "it('a title', { timeout: 1, skip: false }, () => {})" },
  {
    name: 'a table',
    source: "const ALL = [{ name: 'title' }]\nit.each(ALL.filter(fits))('a $name', () => {})",
  },
  {
    name: 'a loop',
    source:
      "const A = { name: 'a title' }\nconst BY = { x: [A] }\nfor (const x of ['x']) {\n" +
      '  const ways = BY[x]\n  it(`${x}: ${ways.map(({ name }) => name).join()}`, () => {})\n}',
  },
])('a test has the title: $name', ({ source }) => {
  expect(titlesIn(source)).toContain('a title')
})
