/** What a Linux package says about itself, judged by Debian's own tools. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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
  expect(
    /^StartupWMClass=clear-presence$/m.test(readFileSync(menu, 'utf8')),
    'docks would not know the window',
  )
  return 'desktop-file-validate says nothing'
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
  const { stdout } = spawnSync('lintian', ['--allow-root', '--suppress-tags', NOT_OURS.join(), deb], {
    encoding: 'utf8',
  })
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
