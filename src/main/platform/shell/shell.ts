/** Puts tray, window, messages and notifications around the app: all that the user sees of it. */
import { join } from 'node:path'
import { app as electronApp } from 'electron'
import type { App } from '../../core/app.ts'
import type { Log } from '../../core/model.ts'
import { serveApp } from './app-protocol.ts'
import { appIcon } from './app-icon.ts'
import { registerIpc } from './ipc.ts'
import { setApplicationMenu } from './menu.ts'
import { createNotifier } from './notifications.ts'
import { createTray } from './tray.ts'
import { trayIcon } from './tray-icon.ts'
import { trayImages } from './tray-images.ts'
import { createStatusWindow } from './window.ts'

/** What the user sees. */
export interface Shell {
  /** Opens the window, or brings it to the front. */
  show(): void
}

/** Builds it and keeps it up to date; call it after ready. `outFolder` holds the built preload and renderer. */
export function createShell({
  app,
  log,
  outFolder,
  requestQuit,
}: {
  readonly app: App
  readonly log: Log
  readonly outFolder: string
  readonly requestQuit: () => void
}): Shell {
  const reading = (): { locale: string; now: number } => ({
    locale: electronApp.getLocale(),
    now: Date.now(),
  })
  serveApp({ folder: join(outFolder, 'renderer'), log })
  setApplicationMenu({ platform: process.platform, requestQuit })
  const window = createStatusWindow({
    preload: join(outFolder, 'preload', 'index.js'),
    icon: appIcon(),
    log,
    requestQuit,
    onOpened: app.windowOpened,
    onClosed: app.windowClosed,
    onUsed: app.used,
  })
  const tray = createTray({
    images: trayImages,
    icon: trayIcon,
    platform: process.platform,
    reading,
    log,
    onCommand: app.handle,
    onOpen: window.show,
    onUsed: app.used,
  })
  const notifier = createNotifier({ reading, onOpen: window.show, log })
  registerIpc({ contents: window.contents, snapshot: app.snapshot, onCommand: app.handle, log })
  app.subscribe((snapshot) => {
    tray.render(snapshot)
    window.send(snapshot)
    notifier.update(snapshot)
  })
  tray.render(app.snapshot())
  // macOS: the app's icon in the Dock or Finder was opened while it runs.
  electronApp.on('activate', window.show)
  return { show: window.show }
}
