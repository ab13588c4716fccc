/** What a Linux package says about itself, judged by Debian's own tools. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { extractFile } from '@electron/asar'
import { compare } from './allowed-files.ts'
import { expect } from './life.ts'

/** Files outside the app's folder. */
const OUTSIDE = [
  /^etc\/xdg\/autostart\/clear-presence\.desktop$/,
  /^usr\/share\/applications\/clear-presence\.desktop$/,
  /^usr\/share\/icons\/hicolor\/\d+x\d+\/apps\/clear-presence\.png$/,
  /^usr\/share\/metainfo\/clear-presence\.metainfo\.xml$/,
]
const OF_DEB = [
  /^usr\/share\/doc\/clear-presence\/copyright$/,
  /^usr\/share\/doc\/clear-presence\/changelog\.gz$/,
]
const OF_RPM = [/^usr\/share\/licenses\/clear-presence\/LICENSE$/]

/** Tags that don't apply: software from elsewhere belongs into /opt, and electron-builder adds two fields. */
const NOT_OURS = ['dir-or-file-in-opt', 'unknown-field']

/** An id in reverse domain notation needs a domain, and the project has none. */
const NO_DOMAIN = 'cid-desktopapp-is-not-rdns=info'

/** @throws Error naming what a deb puts outside of the app's folder without being asked to, or leaves out. */
export function checkOutsideOfDeb(unpacked: string): string {
  const files = execFileSync(
    'find',
    ['.', '-type', 'f', '-not', '-path', './opt/*', '-not', '-path', './DEBIAN/*'],
    {
      cwd: unpacked,
      encoding: 'utf8',
    },
  )
  return outside(files.split('\n'), [...OUTSIDE, ...OF_DEB])
}

/** @throws Error as for a deb; the app's own files are compared by their number, as both are made from one folder. */
export function checkFilesOfRpm(file: string, appFiles: number): string {
  const list = execFileSync('rpm', ['-qp', '--qf', '[%{FILEMODES:perms} %{FILENAMES}\\n]', file], {
    encoding: 'utf8',
  })
  const files = list
    .split('\n')
    .filter((line) => line.startsWith('-'))
    .map((line) => line.replace(/^\S+ \//, ''))
  const ours = files.filter((each) => each.startsWith('opt/'))
  expect(ours.length === appFiles, `${String(ours.length)} files in /opt, not ${String(appFiles)}`)
  const folders = execFileSync('rpm', ['-qpl', file], { encoding: 'utf8' }).split('\n')
  expect(folders.includes('/opt/Clear Presence/locales'), 'the folders would stay behind')
  expect(!list.includes('.build-id'), 'links to build ids')
  return outside(
    files.filter((each) => !each.startsWith('opt/')),
    [...OUTSIDE, ...OF_RPM],
  )
}

function outside(lines: readonly string[], needed: readonly RegExp[]): string {
  const files = lines.map((line) => line.replace(/^\.\//, '')).filter((line) => line !== '')
  const wrong = compare(files, needed)
  expect(wrong.length === 0, wrong.join('; '))
  return `${String(files.length)} files outside /opt`
}

/** @throws Error with what desktop-file-validate says of the menu's entry or of that for the login. */
export function checkDesktopFiles(unpacked: string): string {
  const menu = join(unpacked, 'usr/share/applications/clear-presence.desktop')
  for (const file of [menu, join(unpacked, 'etc/xdg/autostart/clear-presence.desktop')]) {
    const { stdout, stderr, status } = spawnSync('desktop-file-validate', [file], { encoding: 'utf8' })
    expect(status === 0 && stdout + stderr === '', stdout + stderr)
  }
  return 'desktop-file-validate says nothing'
}

/** @throws Error when the names by which a desktop knows the app don't agree with each other. */
export function checkLinuxNames(unpacked: string): string {
  const entry = readFileSync(join(unpacked, 'usr/share/applications/clear-presence.desktop'), 'utf8')
  const archive = join(unpacked, 'opt/Clear Presence/resources/app.asar')
  const manifest = JSON.parse(extractFile(archive, 'package.json').toString('utf8')) as Record<string, string>
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(entry)?.[1] ?? ''
  // Electron names the window by the first of these (Wayland's app id), the desktop looks for a file of that name.
  expect(
    manifest['desktopName'] === 'clear-presence.desktop',
    `desktopName is ${String(manifest['desktopName'])}`,
  )
  expect(
    manifest['productName'] === value('Name'),
    `${String(manifest['productName'])} is called ${value('Name')}`,
  )
  expect(value('StartupWMClass') === 'clear-presence', 'docks would not know the window')
  expect(value('Exec').startsWith('"/opt/Clear Presence/clear-presence"'), value('Exec'))
  return `${value('Name')}, clear-presence.desktop`
}

/** @throws Error with what appstreamcli says. */
export function checkAppStream(unpacked: string): string {
  const { stdout, stderr, status } = spawnSync(
    'appstreamcli',
    ['validate-tree', '--no-net', '--override', NO_DOMAIN, unpacked],
    {
      encoding: 'utf8',
    },
  )
  expect(status === 0, stdout + stderr)
  return 'valid'
}

/** @throws Error with lintian's errors; warnings are counted. */
export function checkLintian(deb: string): string {
  const { stdout, stderr, status, error } = spawnSync(
    'lintian',
    ['--allow-root', '--suppress-tags', NOT_OURS.join(), deb],
    {
      encoding: 'utf8',
    },
  )
  // 1: it has something to say. Anything else is no judgement.
  expect(
    error === undefined && (status === 0 || status === 1 || (status === 2 && stdout !== '')),
    `lintian failed: ${stderr}`,
  )
  const lines = stdout.split('\n').filter((line) => /^[EW]:/.test(line))
  const errors = lines.filter((line) => line.startsWith('E:'))
  expect(errors.length === 0, errors.join('; '))
  return `no error, ${String(lines.length)} warnings`
}

/** Unpacks a deb with its control files. */
export function unpackDeb(deb: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('dpkg-deb', ['-R', deb, folder])
}
