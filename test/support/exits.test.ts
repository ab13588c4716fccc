/** docs/exits.md names every way of leaving on every system, and each row a test that exists or the reason for none. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

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

/** A link that is a test: its text is the title, or the title up to a comma. */
const linksOf = (proof: string): readonly { readonly title: string; readonly path: string }[] =>
  [...proof.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, title = '', path = '']) => ({ title, path }))

const parsed = new Map<string, readonly string[]>()

/** The titles of a test file: what `it` and `test` are called with, and the `name`s that `it.each` puts into one. */
function titlesOf(file: string): readonly string[] {
  const before = parsed.get(file)
  if (before !== undefined) return before
  const titles: string[] = []
  parsed.set(file, titles)
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text)
    }
    if (
      ts.isPropertyAssignment(node) &&
      node.name.getText() === 'name' &&
      ts.isStringLiteral(node.initializer)
    )
      titles.push(node.initializer.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))
  return titles
}

/** `it`, `test`, and whatever is made of them: `it.skipIf(...)`, `it.each(...)`. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it' || callee.text === 'test'
  return (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) && isTest(callee.expression)
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
      (known) => known === title || known.startsWith(`${title},`) || known.startsWith(`${title};`),
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
