/** The bill of materials names what is shipped, and nothing that only builds or tests it. */
import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const REPOSITORY = resolve(import.meta.dirname, '../..')

it('lists Electron and the bundled libraries with their versions', () => {
  const text = execFileSync(process.execPath, [join(REPOSITORY, 'tools/sbom.ts')], { encoding: 'utf8' })
  const { bomFormat, components } = JSON.parse(text) as {
    bomFormat: string
    components: { name: string; version: string }[]
  }
  const names = components.map(({ name }) => name)
  expect(bomFormat).toBe('CycloneDX')
  expect(names).toEqual(expect.arrayContaining(['electron', '@azure/msal-node', 'axios', 'electron-updater']))
  expect(names).not.toEqual(expect.arrayContaining(['vitest']))
  expect(components.every(({ version }) => /^\d+\.\d+/.test(version))).toBe(true)
})
