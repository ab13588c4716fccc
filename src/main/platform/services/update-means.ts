/** By what means an installed app can replace itself without asking for more rights than its user has. */
import { dirname, join, posix, win32 } from 'node:path'
import { appImageOf } from './app-image.ts'

/** A means of electron-updater's. */
export type UpdateMeans = 'appimage' | 'nsis' | 'mac'

/** By which electron-updater decides (AppImageUpdater, `doInstall`). */
const VERSION = /\d+\.\d+\.\d+/

/** How this process was installed and started. */
export interface Installation {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly execPath: string
  readonly resourcesPath: string
  readonly exists: (path: string) => boolean
  /** Whether this user may write there. */
  readonly isWritable: (path: string) => boolean
}

/**
 * Chooses the means; null where the package manager or an administrator brings new versions: deb, rpm, MSI, and anything
 * that is installed for all users. A package that was built without an address to look at has none, either.
 */
export function updateMeans(installation: Installation): UpdateMeans | null {
  const { platform, env, execPath, resourcesPath, exists, isWritable } = installation
  if (!exists(join(resourcesPath, 'app-update.yml'))) return null
  if (platform === 'linux') {
    const image = appImageOf(env, execPath)
    // One with a version in its name would come back under another name, and what starts it at login would find nothing.
    if (image === null || VERSION.test(posix.basename(image))) return null
    return isWritable(image) && isWritable(posix.dirname(image)) ? 'appimage' : null
  }
  if (platform === 'darwin') {
    // .../Clear Presence.app/Contents/MacOS/Clear Presence
    const bundle = dirname(dirname(dirname(execPath)))
    return isWritable(bundle) && isWritable(dirname(bundle)) ? 'mac' : null
  }
  if (platform !== 'win32') return null
  const folder = win32.dirname(execPath)
  const local = env['LOCALAPPDATA']
  // Only its own installer leaves an uninstaller; an MSI doesn't.
  const byInstaller = exists(win32.join(folder, 'Uninstall Clear Presence.exe'))
  const forThisUser = local !== undefined && local !== '' && isInside(folder, local)
  return byInstaller && forThisUser ? 'nsis' : null
}

function isInside(path: string, folder: string): boolean {
  const way = win32.relative(folder, path)
  return way !== '' && !way.startsWith('..') && !win32.isAbsolute(way)
}
