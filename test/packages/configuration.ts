/** Checks the configuration of every target, also of those that can't be built on this system. */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { load } from 'js-yaml'
import { REPOSITORY } from '../../tools/lib/paths.ts'
import { expect } from './life.ts'

const SCHEMA = join(
  dirname(createRequire(import.meta.url).resolve('app-builder-lib/package.json')),
  'scheme.json',
)

/** The targets that electron-builder 26 knows by system; its schema takes any word. */
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  win: ['nsis', 'nsis-web', 'portable', 'appx', 'msi', 'msi-wrapped', 'squirrel', '7z', 'zip', 'dir'],
  mac: ['default', 'dmg', 'mas', 'mas-dev', 'pkg', '7z', 'zip', 'tar.xz', 'tar.gz', 'dir'],
  linux: [
    'AppImage',
    'flatpak',
    'snap',
    'deb',
    'rpm',
    'freebsd',
    'pacman',
    'p5p',
    'apk',
    'zip',
    'tar.gz',
    'dir',
  ],
}

/** A configuration as it comes from a file. */
export type Settings = Readonly<Record<string, unknown>>

/** Reads electron-builder.yml. */
export function readConfiguration(file = 'electron-builder.yml'): Settings {
  return load(readFileSync(join(REPOSITORY, file), 'utf8')) as Settings
}

/** What is wrong with a configuration by electron-builder's own schema and target names; empty when nothing is. */
export function complaints(settings: Settings): readonly string[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object)
  const own = Object.fromEntries(Object.entries(settings).filter(([key]) => key !== 'extends'))
  validate(own)
  const bySchema = (validate.errors ?? [])
    .filter(({ keyword }) => keyword !== 'anyOf')
    .map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`)
  const byName = targetsOf(settings)
    .filter(([system, target]) => TARGETS[system]?.includes(target) !== true)
    .map(([system, target]) => `${system}: unknown target ${target}`)
  return [...bySchema, ...byName]
}

/** Every target with its system, such as `['win', 'nsis']`. */
export function targetsOf(settings: Settings): readonly (readonly [system: string, target: string])[] {
  return Object.keys(TARGETS).flatMap((system) => {
    const { target = [] } = (settings[system] ?? {}) as { target?: readonly (string | { target: string })[] }
    return target.map((each) => [system, typeof each === 'string' ? each : each.target] as const)
  })
}

/** @throws Error when the targets aren't those that are promised. */
export function checkTargets(): string {
  const named = targetsOf(readConfiguration()).map((pair) => pair.join(' '))
  const promised = [
    'win nsis',
    'win msi',
    'mac dmg',
    'mac zip',
    'mac pkg',
    'linux deb',
    'linux rpm',
    'linux AppImage',
  ]
  expect(named.join() === promised.join(), named.join())
  const wrong = [
    ...complaints(readConfiguration()),
    ...complaints(readConfiguration('electron-builder.e2e.yml')),
  ]
  expect(wrong.length === 0, wrong.join('; '))
  return named.join(', ')
}
