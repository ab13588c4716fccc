import { expect, it } from 'vitest'
import { type Installation, updateMeans } from './update-means.ts'

const LOCAL = 'C:\\Users\\me\\AppData\\Local'
const PROGRAM = `${LOCAL}\\Programs\\clear-presence\\Clear Presence.exe`
const UNINSTALLER = `${LOCAL}\\Programs\\clear-presence\\Uninstall Clear Presence.exe`

function means(
  over: Partial<Installation> & { readonly files?: readonly string[]; readonly readOnly?: readonly string[] },
) {
  const { files = [], readOnly = [], ...installation } = over
  return updateMeans({
    platform: 'linux',
    env: {},
    execPath: '/opt/Clear Presence/clear-presence',
    resourcesPath: '/r',
    exists: (path) => ['/r/app-update.yml', ...files].includes(path),
    isWritable: (path) => !readOnly.includes(path),
    ...installation,
  })
}

const image = (file: string) => ({
  env: { APPIMAGE: file, APPDIR: '/tmp/.mount_x' },
  execPath: '/tmp/.mount_x/clear-presence',
})
const mac = {
  platform: 'darwin',
  execPath: '/Applications/Clear Presence.app/Contents/MacOS/Clear Presence',
} as const
const windows = {
  platform: 'win32',
  env: { LOCALAPPDATA: LOCAL },
  execPath: PROGRAM,
  files: [UNINSTALLER],
} as const

it.each([
  ['an AppImage', means(image('/home/me/a.AppImage')), 'appimage'],
  ['an AppImage with a version in its name', means(image('/home/me/a-1.2.3.AppImage')), null],
  [
    "an installed app that was started from another program's AppImage",
    means({ env: { APPIMAGE: '/home/me/editor.AppImage', APPDIR: '/tmp/.mount_editor' } }),
    null,
  ],
  ['an AppImage in a folder of root', means({ ...image('/a'), readOnly: ['/'] }), null],
  ['a deb or rpm', means({}), null],
  ['a bundle of the user', means(mac), 'mac'],
  [
    'a bundle that a pkg has installed',
    means({ ...mac, readOnly: ['/Applications/Clear Presence.app'] }),
    null,
  ],
  ["Windows' installer for one user", means(windows), 'nsis'],
  [
    "Windows' installer for all",
    means({
      ...windows,
      execPath: 'C:\\Program Files\\x\\Clear Presence.exe',
      files: ['C:\\Program Files\\x\\Uninstall Clear Presence.exe'],
    }),
    null,
  ],
  ['an MSI', means({ ...windows, files: [] }), null],
  ['a package without an address', means({ ...image('/a'), exists: () => false }), null],
  ['another system', means({ ...image('/a'), platform: 'freebsd' }), null],
])('%s', (_what, found, wanted) => {
  expect(found).toBe(wanted)
})
