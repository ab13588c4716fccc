import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from './folder.ts'

let scratch = ''
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'folder-'))
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

it('makes each missing level for its owner alone, and leaves what is there', () => {
  const folder = join(scratch, 'a', 'b', 'c')
  makeFolder(folder)
  for (const each of [folder, join(scratch, 'a')]) {
    expect(statSync(each).isDirectory()).toBe(true)
    if (process.platform !== 'win32') expect(statSync(each).mode & 0o777).toBe(0o700)
  }
  writeFileSync(join(folder, 'kept'), '')
  makeFolder(folder)
  expect(existsSync(join(folder, 'kept'))).toBe(true)
})

it.skipIf(process.platform === 'win32')('takes a link to a folder for one', () => {
  symlinkSync(scratch, join(scratch, 'link'))
  makeFolder(join(scratch, 'link', 'inside'))
  expect(existsSync(join(scratch, 'inside'))).toBe(true)
})

it('names a file that is in the way, and a link that leads nowhere', () => {
  writeFileSync(join(scratch, 'file'), '')
  expect(() => makeFolder(join(scratch, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolder(join(scratch, 'file', 'a', 'b'))).toThrow(/EEXIST|ENOTDIR/)
  if (process.platform === 'win32') return
  symlinkSync(join(scratch, 'nowhere'), join(scratch, 'dangling'))
  expect(() => makeFolder(join(scratch, 'dangling', 'a'))).toThrow(/EEXIST/)
})
