import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appImageOf } from './app-image.ts'

const IMAGE = '/home/me/Clear-Presence.AppImage'
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'app-image-'))
  mkdirSync(join(folder, 'mount'))
  writeFileSync(join(folder, 'mount/clear-presence'), '')
  symlinkSync(join(folder, 'mount'), join(folder, 'link'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const of = (APPDIR: string, program: string) =>
  appImageOf({ APPIMAGE: IMAGE, APPDIR: join(folder, APPDIR) }, join(folder, program))

it('is known by the folder that the program runs from, also behind a link', () => {
  expect(of('mount', 'mount/clear-presence')).toBe(IMAGE)
  expect(of('link', 'mount/clear-presence')).toBe(IMAGE)
})

it("is not taken over from another program's environment", () => {
  expect(of('mount', 'elsewhere/clear-presence')).toBeNull()
  expect(of('mou', 'mount/clear-presence')).toBeNull()
  expect(appImageOf({ APPIMAGE: IMAGE }, join(folder, 'mount/clear-presence'))).toBeNull()
  expect(appImageOf({ APPDIR: folder }, join(folder, 'mount/clear-presence'))).toBeNull()
})
