/** The configuration of the packages is sound, and a mistake in it is found without building them. */
import { expect, it } from 'vitest'
import { compare, IN_ARCHIVE } from './allowed-files.ts'
import { checkTargets, complaints, readConfiguration } from './configuration.ts'

it('is what electron-builder takes, for every target', () => {
  expect(checkTargets()).toContain('linux AppImage')
})

it.each([
  ['a wrong key', { nsiss: {} }],
  ['a wrong key of a target', { nsis: { perMachin: true } }],
  ['a fuse that does not exist', { electronFuses: { runAsNodes: false } }],
  ['a number for a version', { mac: { minimumSystemVersion: 13 } }],
  ['a target that does not exist', { linux: { target: ['debb'] } }],
])('complains about %s', (_what, change) => {
  expect(complaints({ ...readConfiguration(), ...change })).not.toEqual([])
})

it('names what is too many and what is missing in a package', () => {
  const wrong = compare(['package.json', 'src/main/index.ts'], IN_ARCHIVE.slice(0, 2))
  expect(wrong).toEqual(['too many: src/main/index.ts', 'missing: ^out\\/main\\/index\\.js$'])
})
