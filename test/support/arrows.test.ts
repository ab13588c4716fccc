/** The check of the arrows fails when one is broken: each kind of violation is planted once, in a tree of its own. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const REPOSITORY = resolve(import.meta.dirname, '../..')
let tree = ''

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'presence-arrows-'))
  for (const file of [
    'src',
    'assets',
    'tsconfig.json',
    'tsconfig.base.json',
    'package.json',
    '.dependency-cruiser.cjs',
  ]) {
    cpSync(join(REPOSITORY, file), join(tree, file), { recursive: true })
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(tree, 'node_modules'))
})
afterAll(() => rmSync(tree, { recursive: true, force: true }))

function arrows(): string {
  const program = join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const run = spawnSync(
    process.execPath,
    [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src'],
    {
      cwd: tree,
      encoding: 'utf8',
    },
  )
  return run.status === 0 ? 'none broken' : run.stdout
}

it('finds every kind of broken arrow at once, and none in the tree as it is', () => {
  expect(arrows()).toBe('none broken')
  const planted: readonly (readonly [file: string, imports: string, rule: string])[] = [
    ['src/main/core/planted.ts', "import 'axios'", 'core-uses-no-library'],
    ['src/shared/planted.ts', "import 'node:fs'", 'core-uses-no-node'],
    ['src/main/core/planted-too.ts', "import '../graph/http.ts'", 'core-is-pure'],
    ['src/main/graph/planted.ts', "import '../storage/log.ts'", 'graph'],
    ['src/main/identity/planted.ts', "import '../graph/sender.ts'", 'identity'],
    ['src/main/storage/planted.ts', "import 'electron'", 'electron-only-in-platform'],
    ['src/main/platform/planted.ts', "import '../identity/msal.ts'", 'platform'],
    ['src/renderer/planted.ts', "import '../main/core/time.ts'", 'renderer'],
  ]
  for (const [file, imports] of planted) {
    mkdirSync(dirname(join(tree, file)), { recursive: true })
    writeFileSync(join(tree, file), `${imports}\n`)
  }
  const report = arrows()
  for (const [file, , rule] of planted) {
    expect(report).toMatch(new RegExp(`${rule}: ${file.replaceAll('.', '\\.')}`))
  }
})
