/** Replaces this app by a newer version, by electron-updater. */
import { accessSync, constants, existsSync } from 'node:fs'
import { app, type RelaunchOptions } from 'electron'
import { AppImageUpdater, type AppUpdater, BaseUpdater, MacUpdater, NsisUpdater } from 'electron-updater'
import type { Log } from '../../core/model.ts'
import type { UpdatePort } from '../../core/updates.ts'
import { appImageOf } from './app-image.ts'
import { updateMeans } from './update-means.ts'

/** Makes the means of this installation; null where it has none. */
export function createUpdater({
  platform,
  env,
  log,
}: {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}): UpdatePort | null {
  if (!app.isPackaged) return null
  const means = updateMeans({
    ...{ platform, env, execPath: process.execPath, resourcesPath: process.resourcesPath },
    ...{ exists: existsSync, isWritable },
  })
  log.info('updates', { means: means ?? 'none' })
  if (means === null) return null
  const updater = new UPDATERS[means]()
  // Its own lines name addresses; what matters is logged by core/updates.
  updater.logger = null
  // Squirrel installs what it was given when the app has ended, whatever ended it; the others are told when (core/updates).
  updater.autoInstallOnAppQuit = means === 'mac'
  return {
    async fetch() {
      const found = await updater.checkForUpdates()
      if (found?.isUpdateAvailable !== true) return null
      await found.downloadPromise
      return found.updateInfo.version
    },
    install(restart) {
      // The new version must not take this process for the one that goes on.
      if (restart) app.releaseSingleInstanceLock()
      const installed = install(updater, restart)
      if (!installed && restart) app.relaunch(relaunchOf(env))
      return installed
    },
  }
}

const UPDATERS = { appimage: AppImageUpdater, nsis: NsisUpdater, mac: MacUpdater } as const

/** Answers whether the installation has begun. */
function install(updater: AppUpdater, restart: boolean): boolean {
  // Silent: nobody is there any more to press a button. It reports its errors by an event, and throws none.
  if (updater instanceof BaseUpdater) return updater.install(true, restart)
  if (restart) updater.quitAndInstall()
  return true
}

/** What starts this version again: an AppImage by its file, as its mount goes with the process. */
function relaunchOf(env: Readonly<Record<string, string | undefined>>): RelaunchOptions {
  const image = appImageOf(env, process.execPath)
  return image === null ? { args: [] } : { execPath: image, args: [] }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
