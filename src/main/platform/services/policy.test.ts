import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readPolicy } from './policy.ts'

const folder = mkdtempSync(join(tmpdir(), 'policy-'))
const file = join(folder, 'policy.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(trusted: boolean): { readonly values: unknown; readonly warnings: unknown[] } {
  const warnings: unknown[] = []
  const values = readPolicy({
    platform: 'linux',
    env: {},
    log: { info: () => undefined, warn: (_event, more) => warnings.push(more), error: () => undefined },
    file,
    isTrusted: () => trusted,
  })
  return { values, warnings }
}

describe('a policy file', () => {
  it('is none where there is no file, and says nothing', () => {
    expect(read(true)).toEqual({ values: {}, warnings: [] })
  })

  it('is read where only an administrator can write it', () => {
    writeFileSync(file, '{ "startAtLogin": true, "departures": { "idle": false } }')
    expect(read(true)).toEqual({
      values: { startAtLogin: true, departures: { idle: false } },
      warnings: [],
    })
    expect(read(false)).toEqual({
      values: {},
      warnings: [{ why: 'not owned by root, or writable by others' }],
    })
  })

  it.each(['', 'null', '[1]', '"text"', '{'])(
    'counts as none, with a line in the log, when it holds %j',
    (text) => {
      writeFileSync(file, text)
      const { values, warnings } = read(true)
      expect(values).toEqual({})
      expect(warnings).toHaveLength(1)
    },
  )
})
