/** What lies in an unpacked package: its files, its fuses, and the integrity of its archive. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { extractFile, getRawHeader } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { NtExecutable, NtExecutableResource } from 'resedit'
import { compare, IN_ARCHIVE, IN_TEST_ARCHIVE, ON_DISK, OPTIONAL } from './allowed-files.ts'
import { expect } from './life.ts'

/** An unpacked package. */
export interface Unpacked {
  readonly platform: keyof typeof ON_DISK
  readonly folder: string
  /** The package for end-to-end tests has one file more, and two fuses open. */
  readonly forTests: boolean
  /** Files around the app's folder. */
  readonly around?: readonly RegExp[]
}

/** The largest archive that is let through, bytes: twice what it is today. */
const MOST_BYTES = 7_000_000

/** The fuses of the release (electron-builder.yml); the package for tests opens the two that are named here. */
const FUSES: Readonly<Record<keyof typeof FuseV1Options, boolean>> = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
}
const OPEN_FOR_TESTS: readonly string[] = [
  'EnableNodeOptionsEnvironmentVariable',
  'EnableNodeCliInspectArguments',
]

function archiveOf({ platform, folder }: Unpacked): string {
  return join(
    folder,
    platform === 'darwin' ? 'Clear Presence.app/Contents/Resources' : 'resources',
    'app.asar',
  )
}

function filesOf(folder: string, root = folder): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesOf(path, root) : [relative(root, path).split(sep).join('/')]
  })
}

/** A folder in an archive's directory; what has no files of its own is a file. */
interface ArchiveFolder {
  readonly files: Readonly<Record<string, ArchiveFolder | { readonly size: number }>>
}

/** Paths of the files in an archive. */
function inside(archive: string): readonly string[] {
  const walk = (folder: ArchiveFolder, path: string): string[] =>
    Object.entries(folder.files).flatMap(([name, entry]) =>
      'files' in entry ? walk(entry, `${path}${name}/`) : [path + name],
    )
  return walk(getRawHeader(archive).header, '')
}

/** @throws Error naming every file that is missing or not on the list. */
export function checkFiles(unpacked: Unpacked): string {
  const files = filesOf(unpacked.folder)
  const packed = inside(archiveOf(unpacked))
  const needed = unpacked.forTests ? [...IN_ARCHIVE, IN_TEST_ARCHIVE] : IN_ARCHIVE
  const wrong = [
    ...compare(files, [...ON_DISK[unpacked.platform], ...(unpacked.around ?? [])], OPTIONAL),
    ...compare(packed, needed),
  ]
  expect(wrong.length === 0, wrong.join('; '))
  return `${String(files.length)} files, ${String(packed.length)} in the archive`
}

/** @throws Error unless the archive for tests is the release's but for its main file. */
export function checkSame(release: Unpacked, forTests: Unpacked): string {
  const [ours, theirs] = [archiveOf(release), archiveOf(forTests)]
  const names = inside(ours)
  for (const name of names.filter((each) => each !== 'package.json')) {
    expect(extractFile(ours, name).equals(extractFile(theirs, name)), `${name} is another`)
  }
  const manifest = (archive: string): object => ({
    ...(JSON.parse(extractFile(archive, 'package.json').toString('utf8')) as object),
    main: '',
  })
  expect(JSON.stringify(manifest(ours)) === JSON.stringify(manifest(theirs)), 'package.json is another')
  return `${String(names.length)} files are the same, but for main`
}

/** @throws Error when the archive has grown beyond its bound. */
export function checkSize(unpacked: Unpacked): string {
  const { size } = statSync(archiveOf(unpacked))
  const said = `${(size / 1e6).toFixed(2)} MB of at most ${(MOST_BYTES / 1e6).toFixed(2)} MB`
  expect(size <= MOST_BYTES, said)
  return said
}

/** Where the fuse wire lies. */
function binaryOf({ platform, folder }: Unpacked): string {
  const name = { linux: 'clear-presence', win32: 'Clear Presence.exe', darwin: 'Clear Presence.app' }[
    platform
  ]
  return join(folder, name)
}

/** @throws Error naming every fuse that is not as the configuration says. */
export async function checkFuses(unpacked: Unpacked): Promise<string> {
  const wire = await getCurrentFuseWire(binaryOf(unpacked))
  const wrong = Object.entries(FUSES).filter(([name, on]) => {
    const wanted = on || (unpacked.forTests && OPEN_FOR_TESTS.includes(name))
    const state = wire[FuseV1Options[name as keyof typeof FuseV1Options]]
    return String.fromCharCode(state ?? 0) !== (wanted ? '1' : '0')
  })
  expect(wrong.length === 0, `not as stated: ${wrong.map(([name]) => name).join(', ')}`)
  return `${String(Object.keys(FUSES).length)} fuses`
}

/** @throws Error when the binary names another archive than the one beside it. Linux' binary names none. */
export function checkIntegrity(unpacked: Unpacked): string {
  const { headerString } = getRawHeader(archiveOf(unpacked))
  const digest = createHash('sha256').update(headerString).digest('hex')
  const named = unpacked.platform === 'win32' ? namedByProgram(unpacked) : namedByPlist(unpacked)
  expect(named === digest, `the binary names ${named}, the archive is ${digest}`)
  return 'the binary names its archive'
}

function namedByProgram(unpacked: Unpacked): string {
  const program = NtExecutable.from(readFileSync(binaryOf(unpacked)), { ignoreCert: true })
  const entry = NtExecutableResource.from(program).entries.find(({ type }) => type === 'INTEGRITY')
  const text = Buffer.from(entry?.bin ?? new ArrayBuffer()).toString('utf8')
  const [first] = JSON.parse(text === '' ? '[]' : text) as { file: string; alg: string; value: string }[]
  return first?.value ?? 'none'
}

function namedByPlist({ folder }: Unpacked): string {
  const text = readFileSync(join(folder, 'Clear Presence.app/Contents/Info.plist'), 'utf8')
  return /ElectronAsarIntegrity[\s\S]*?<key>hash<\/key>\s*<string>(\w+)</.exec(text)?.[1] ?? 'none'
}

/** @throws Error when the names by which the system knows the app don't agree with each other. */
export function checkNames(unpacked: Unpacked): string {
  const ours = { product: 'Clear Presence', id: 'ClearPresence.ClearPresence' }
  const main = readFileSync(join(import.meta.dirname, '../../src/main/platform/instance.ts'), 'utf8')
  expect(main.includes(`'${ours.id}'`) && main.includes(`'${ours.product}'`), 'main has other names')
  if (unpacked.platform === 'darwin') {
    const plist = readFileSync(join(unpacked.folder, 'Clear Presence.app/Contents/Info.plist'), 'utf8')
    const value = (key: string): string =>
      new RegExp(`<key>${key}</key>\\s*<(?:string>)?([^<]*)`).exec(plist)?.[1] ?? ''
    expect(
      value('CFBundleIdentifier') === ours.id && value('CFBundleName') === ours.product,
      'the bundle has others',
    )
    expect(/<key>LSUIElement<\/key>\s*<true\/>/.test(plist), 'it would show in the Dock')
    expect(value('LSMinimumSystemVersion') === '13.0', `for macOS ${value('LSMinimumSystemVersion')}`)
  } else {
    const program = NtExecutable.from(readFileSync(binaryOf(unpacked)), { ignoreCert: true })
    const text = NtExecutableResource.from(program)
      .entries.filter(({ type }) => type === 16)
      .map(({ bin }) => Buffer.from(bin).toString('utf16le'))
      .join('')
    expect(text.includes(ours.product) && !text.includes('Electron\0'), 'the program has others')
  }
  return Object.values(ours).join(', ')
}
