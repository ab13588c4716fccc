/** Runs the end-to-end specs against an installed package, and against one from which a needed file was taken. */
import { execFileSync, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createPackage, extractAll } from '@electron/asar'
import { REPOSITORY } from '../../tools/lib/paths.ts'
import { expect, PROGRAM } from './life.ts'
import { unpackDeb } from './linux-packages.ts'

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

/** One run of the specs. */
export interface SpecRun {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly text: string
}

/** Runs the specs from the installed package, each once more as often as `retries` says when it fails; `only` names files and tests as Vitest takes them. */
export async function runSpecs(retries: number, ...only: readonly string[]): Promise<SpecRun> {
  const child = spawn(
    process.execPath,
    [VITEST, 'run', '--project', 'e2e', '--retry', String(retries), ...only],
    {
      cwd: REPOSITORY,
      env: { ...process.env, E2E_PACKAGE: PROGRAM, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  }
  await new Promise((done) => child.once('close', done))
  const numbers = /^(\d+) passed, (\d+) failed, (\d+) skipped/m.exec(text) ?? []
  const [passed = NaN, failed = NaN, skipped = NaN] = numbers.slice(1).map(Number)
  return { passed, failed, skipped, text }
}

/** @throws Error unless all specs pass. */
export async function allSpecs(): Promise<string> {
  const { passed, failed, skipped, text } = await runSpecs(1, 'test/e2e')
  expect(failed === 0 && skipped === 0 && passed > 50, text.slice(-6_000))
  return `${String(passed)} passed`
}

/** Makes another deb without one file of the archive. */
export async function withoutFile(deb: string, file: string, folder: string): Promise<string> {
  const tree = join(folder, 'tree')
  const app = join(folder, 'app')
  const result = join(folder, 'without.deb')
  unpackDeb(deb, tree)
  const archive = join(tree, 'opt/Clear Presence/resources/app.asar')
  extractAll(archive, app)
  rmSync(join(app, file))
  await createPackage(app, archive)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', tree, result], { stdio: 'pipe' })
  for (const path of [tree, app]) rmSync(path, { recursive: true, force: true })
  return result
}
