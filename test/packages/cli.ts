/**
 * `npm run test:packages`: builds the packages around the stand-in, installs, uses, replaces and removes them on this
 * machine, and prints what was checked of which artifact. Needs root, apt and Debian's packagers; `--quick` leaves out the
 * end-to-end specs.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { UNPACKED } from '../stand-in/package/asar.ts'
import { copyRuntime } from '../stand-in/package/runtime.ts'
import { missingTools, STAND_IN_TOOLS } from '../stand-in/package/tools.ts'
import { makeStandInPackages, type StandInPackages } from '../../tools/lib/make-packages.ts'
import { REPOSITORY } from '../../tools/lib/paths.ts'
import { IN_IMAGE } from './allowed-files.ts'
import { checkTargets } from './configuration.ts'
import {
  checkFiles,
  checkFuses,
  checkIntegrity,
  checkNames,
  checkSame,
  checkSize,
  type Unpacked,
} from './contents.ts'
import { doors, expect, live, runManager } from './life.ts'
import {
  checkAppStream,
  checkDesktopFiles,
  checkFilesOfRpm,
  checkLintian,
  checkLinuxNames,
  checkOutsideOfDeb,
  unpackDeb,
} from './linux-packages.ts'
import { setsLoginItem } from './login-items.ts'
import { debian, redHat } from './managers.ts'
import { createPerson, type Person } from './person.ts'
import { endsChromiumInOrder, followsNobody, leavesOthers } from './scripts.ts'
import { allSpecs, runSpecs, withoutFile } from './specs.ts'
import { createReport, renderTable } from './table.ts'
import { openShop, update } from './updates.ts'
import { checkInstallerScript, checkMsiProject, unpackInstaller } from './windows-packages.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })

/** Debian's packages that the checks need beyond those of the build. */
const ALSO_NEEDED = [
  ['/usr/bin/lintian', 'lintian'],
  ['/usr/bin/appstreamcli', 'appstream'],
  ['/usr/bin/dex', 'dex'],
  ['/usr/bin/xmllint', 'libxml2-utils'],
  ['/usr/bin/dbus-daemon', 'dbus-daemon'],
  ['/usr/sbin/update-ca-certificates', 'ca-certificates'],
] as const

const WINDOW = ['test/e2e/departures.spec.ts', '-t', 'linux: the tray menu'] as const
/** Files of the archive, each with a spec that can't pass without it. Icons and styles are missed by the list of files only. */
const NEEDED_FILES: readonly (readonly [file: string, spec: readonly string[]])[] = [
  ['out/main/index.js', WINDOW],
  ['out/preload/index.js', WINDOW],
  ['out/renderer/index.html', WINDOW],
  // Without its thread the sender works, but not while a handler holds main.
  ['out/main/sender.worker.js', ['test/e2e/session-end.spec.ts', '-t', 'over the warm connection']],
]

const missing = [
  ...missingTools(),
  ...ALSO_NEEDED.filter(([file]) => !existsSync(file)).map(([, name]) => name),
]
const why =
  process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')
    ? 'this needs Debian or one of its kin'
    : process.getuid?.() !== 0
      ? 'this installs packages and adds a user, so it needs root'
      : missing.length > 0
        ? `install these first: apt-get install ${missing.join(' ')}`
        : existsSync('/opt/Clear Presence')
          ? 'Clear Presence is installed on this machine; remove it first'
          : null
if (why !== null) {
  console.error(`test:packages can't run here: ${why}.`)
  process.exit(1)
}

const say = (line: string): void => console.log(line)
const began = performance.now()
const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string }
const older = `${version}-standin.1`
const newer = `${version}-standin.2`
say(
  `Built around a stand-in for Electron's binary, marked in the version (${older}); not to be given to anybody.`,
)
say(`Stand-ins, too: ${STAND_IN_TOOLS}. Not compiled: MSI, dmg and pkg.`)

const work = mkdtempSync(join(tmpdir(), 'presence-packages-'))
const report = createReport(say)
using runtime = await copyRuntime()
let person: Person | null = null

async function build(name: string, wanted: Omit<StandInPackages, 'output' | 'parts'>): Promise<string> {
  const output = join(work, name)
  await makeStandInPackages({ ...wanted, output, parts: runtime.parts })
  return output
}

/** The one file of a folder that ends like this. */
function only(folder: string, end: string): string {
  const [name, ...others] = readdirSync(folder).filter((each) => each.endsWith(end))
  if (name === undefined || others.length > 0) throw new Error(`not one file *${end} in ${folder}`)
  return join(folder, name)
}

async function inspect(artifact: string, unpacked: Unpacked): Promise<void> {
  await report.check(artifact, 'files', () => checkFiles(unpacked))
  await report.check(artifact, 'size of the archive', () => checkSize(unpacked))
  await report.check(artifact, 'fuses', () => checkFuses(unpacked))
  if (unpacked.platform === 'linux') return
  await report.check(artifact, 'integrity of the archive', () => checkIntegrity(unpacked))
  await report.check(artifact, 'names', () => checkNames(unpacked))
}

async function linux(): Promise<void> {
  await using shop = await openShop()
  const common = {
    platform: 'linux',
    targets: ['deb', 'rpm', 'AppImage'],
    config: { 'publish.provider': 'generic', 'publish.url': shop.url },
  } as const
  const first = await build('linux-1', { ...common, version: older })
  const second = await build('linux-2', { ...common, version: newer })
  const tree = join(work, 'deb')
  unpackDeb(only(first, '.deb'), tree)
  const unpacked: Unpacked = { platform: 'linux', folder: join(tree, 'opt/Clear Presence'), forTests: false }
  await inspect('deb', unpacked)
  await report.check('deb', 'files elsewhere', () => checkOutsideOfDeb(tree))
  await report.check('deb', 'names', () => checkLinuxNames(tree))
  await report.check('deb', 'desktop files', () => checkDesktopFiles(tree))
  await report.check('deb', 'AppStream', () => checkAppStream(tree))
  await report.check('deb', 'lintian', () => checkLintian(only(first, '.deb')))
  const count = readdirSync(unpacked.folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  ).length
  await report.check('rpm', 'files elsewhere', () => checkFilesOfRpm(only(first, '.rpm'), count))

  person = await createPerson()
  const somebody = person
  await report.check('deb', 'script ends a Chromium in order', () => endsChromiumInOrder(somebody))
  await report.check('deb', 'script follows nobody', () => followsNobody(somebody))
  await report.check('deb', 'script leaves what is not ours', () => leavesOthers(somebody))
  const debs = { older: only(first, '.deb'), newer: only(second, '.deb') }
  {
    await using deb = debian()
    await live(report, deb, debs, person)
  }
  await person[Symbol.asyncDispose]()
  person = await createPerson()
  await using rpm = redHat()
  await live(report, rpm, { older: only(first, '.rpm'), newer: only(second, '.rpm') }, person)
  await person[Symbol.asyncDispose]()
  const folder = join(work, 'image')
  execFileSync('unsquashfs', ['-q', '-n', '-o', '4096', '-d', folder, only(first, '.AppImage')], {
    stdio: 'pipe',
  })
  await inspect('AppImage', { platform: 'linux', folder, forTests: false, around: IN_IMAGE })
  person = await createPerson()
  const images = { older: only(first, '.AppImage'), newer: only(second, '.AppImage'), version: newer }
  await update(report, person, shop, images)
  await person[Symbol.asyncDispose]()
  person = null
}

async function forTests(): Promise<void> {
  const artifact = 'deb for tests'
  const folder = await build('linux-e2e', {
    ...{ platform: 'linux', targets: ['deb'], version: older, file: 'electron-builder.e2e.yml' },
  })
  const deb = only(folder, '.deb')
  const tree = join(work, 'deb-e2e')
  unpackDeb(deb, tree)
  const unpacked: Unpacked = { platform: 'linux', folder: join(tree, 'opt/Clear Presence'), forTests: true }
  await inspect(artifact, unpacked)
  const release: Unpacked = { ...unpacked, folder: join(work, 'deb/opt/Clear Presence'), forTests: false }
  await report.check(artifact, 'otherwise the release', () => checkSame(release, unpacked))
  await using manager = debian()
  await manager.install(deb)
  person = await createPerson()
  const somebody = person
  await report.check(artifact, 'opens to debuggers and the CA of tests', () => doors(somebody, 'open'))
  for (const platform of ['win32', 'darwin'] as const) {
    await report.check(artifact, `login item as on ${platform}`, () => setsLoginItem(somebody, platform))
  }
  await person[Symbol.asyncDispose]()
  person = null
  if (values.quick) return
  await report.check(artifact, 'end-to-end specs', allSpecs)
  await report.check(artifact, 'specs miss a file that is taken out', async () => {
    for (const [file, spec] of NEEDED_FILES) {
      await runManager('dpkg', ['-i', deb])
      const whole = await runSpecs(0, ...spec)
      expect(whole.failed === 0 && whole.passed === 1, `"${spec.join(' ')}" fails with all files there`)
      // Not by apt: it takes the same version for the same package.
      await runManager('dpkg', ['-i', await withoutFile(deb, file, work)])
      const { passed, failed } = await runSpecs(0, ...spec)
      expect(failed === 1 && passed === 0, `nothing fails without ${file}`)
    }
    return NEEDED_FILES.map(([file]) => file).join(', ')
  })
}

async function windows(): Promise<void> {
  const output = await build('windows', {
    platform: 'win32',
    targets: ['nsis'],
    version: older,
    args: ['--x64', '--arm64'],
  })
  await report.check('nsis', 'asks before it kills', () => checkInstallerScript(REPOSITORY))
  for (const arch of ['x64', 'arm64']) {
    const folder = join(work, `nsis-${arch}`)
    const artifact = `nsis ${arch}`
    const opened = await report.check(artifact, 'compiles and unpacks', () =>
      unpackInstaller(only(output, `-${arch}-setup.exe`), folder),
    )
    if (opened) await inspect(artifact, { platform: 'win32', folder, forTests: false })
  }
  const project = join(work, 'project.wxs')
  process.env['MSI_PROJECT'] = project
  const failure = await build('msi', {
    ...{ platform: 'win32', targets: ['msi'], version: older },
    config: { msiProjectCreated: join(import.meta.dirname, 'msi-project.cjs') },
  }).then(
    () => 'it did not end',
    (error: unknown) => String(error),
  )
  await report.check('msi', 'project', () => {
    expect(failure.includes('not compiled here'), failure)
    return checkMsiProject(project)
  })
}

async function mac(): Promise<void> {
  const output = await build('mac', { platform: 'darwin', targets: ['zip'], version: older })
  await inspect('mac zip', { platform: 'darwin', folder: join(output, 'mac'), forTests: false })
}

try {
  await report.check('all', 'configuration of every target', checkTargets)
  for (const [name, part] of Object.entries({ linux, forTests, windows, mac })) {
    try {
      await part()
    } catch (error) {
      // What could not even be built.
      await report.check(name, 'done', () =>
        Promise.reject(error instanceof Error ? error : new Error(String(error))),
      )
    }
  }
} finally {
  await (person as Person | null)?.[Symbol.asyncDispose]()
  rmSync(work, { recursive: true, force: true })
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(UNPACKED) || name.startsWith('stand-in-appimage-'))
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
const { outcomes } = report
const failed = outcomes.filter(({ ok }) => !ok)
say(`\n${renderTable(outcomes)}\n`)
say(
  `${String(outcomes.length - failed.length)} passed, ${String(failed.length)} failed, ${((performance.now() - began) / 60_000).toFixed(1)} minutes`,
)
process.exitCode = failed.length === 0 ? 0 : 1
