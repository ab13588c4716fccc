import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSettingsFile } from './settings-file.ts'

const WALL = Date.UTC(2026, 0, 31, 12, 0, 0)
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const write = (content: string | Uint8Array): void => writeFileSync(join(folder, 'settings.json'), content)

describe('openSettingsFile', () => {
  it('takes a missing file for none', () => {
    expect(openSettingsFile(folder, WALL)).toEqual({ values: {}, problems: [], usable: true })
    expect(openSettingsFile(join(folder, 'missing'), WALL).usable).toBe(true)
  })

  it.each([
    '{"version":1,"tenant":"contoso.com"}',
    '{"tenant":"contoso.com"}',
    '\uFEFF{"tenant":"contoso.com"}',
  ])('reads %s', (content) => {
    write(content)
    expect(openSettingsFile(folder, WALL)).toEqual({
      values: { tenant: 'contoso.com' },
      problems: [],
      usable: true,
    })
    expect(readFileSync(join(folder, 'settings.json'), 'utf8')).toBe(content)
  })

  it.each([
    ['', 'settings-corrupt', 'corrupt'],
    ['{"tenant":', 'settings-corrupt', 'corrupt'],
    ['[]', 'settings-corrupt', 'corrupt'],
    ['5', 'settings-corrupt', 'corrupt'],
    ['null', 'settings-corrupt', 'corrupt'],
    ['{"version":"1"}', 'settings-corrupt', 'corrupt'],
    ['{"version":0}', 'settings-corrupt', 'corrupt'],
    ['{"version":2,"tenant":"contoso.com"}', 'settings-newer', 'newer'],
  ])('keeps %s aside, whole', (content, code, label) => {
    write(content)
    const { values, problems, usable } = openSettingsFile(folder, WALL)
    expect([values, usable]).toEqual([{}, true])
    expect(problems).toEqual([
      { code, detail: expect.stringContaining(`kept as settings.json.${label}-20260131T120000Z`) as string },
    ])
    expect(readdirSync(folder)).toEqual([`settings.json.${label}-20260131T120000Z`])
    expect(readFileSync(join(folder, `settings.json.${label}-20260131T120000Z`), 'utf8')).toBe(content)
  })

  it('keeps wrong bytes aside', () => {
    write(Uint8Array.of(0x7b, 0xff, 0x7d))
    expect(openSettingsFile(folder, WALL).problems[0]?.code).toBe('settings-corrupt')
  })

  it('never replaces what was kept before', () => {
    for (const content of ['first', 'second']) {
      write(content)
      openSettingsFile(folder, WALL)
    }
    const kept = readdirSync(folder).sort()
    expect(kept.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(['first', 'second'])
  })

  it('keeps even a folder in the place of the file aside', () => {
    mkdirSync(join(folder, 'settings.json'))
    expect(openSettingsFile(folder, WALL)).toMatchObject({
      usable: true,
      problems: [{ code: 'settings-corrupt' }],
    })
  })

  it.skipIf(process.platform === 'win32')('never reads what is no file, a device for instance', () => {
    symlinkSync('/dev/null', join(folder, 'settings.json'))
    expect(openSettingsFile(folder, WALL).problems).toEqual([
      { code: 'settings-corrupt', detail: expect.stringMatching(/not a file; kept as/) as string },
    ])
    expect(readdirSync(folder).map((name) => lstatSync(join(folder, name)).isSymbolicLink())).toEqual([true])
  })

  it('never reads a huge file, and keeps it aside', () => {
    write('')
    truncateSync(join(folder, 'settings.json'), 3 * 1024 ** 3)
    expect(openSettingsFile(folder, WALL)).toMatchObject({
      usable: true,
      problems: [
        { code: 'settings-corrupt', detail: expect.stringMatching(/larger than 1048576 bytes/) as string },
      ],
    })
  })

  it('is not usable when nothing can be kept aside', () => {
    write('{')
    const { usable, problems } = openSettingsFile(folder, WALL, () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    })
    expect(usable).toBe(false)
    expect(problems[0]?.detail).toContain('could not be kept aside')
    expect(readFileSync(join(folder, 'settings.json'), 'utf8')).toBe('{')
  })
})
