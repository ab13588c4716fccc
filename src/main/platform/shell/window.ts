/** The one small window: made when it is opened, destroyed when it is closed, and able to do nothing but show its page. */
import {
  BrowserWindow,
  nativeTheme,
  type Event as ElectronEvent,
  type Input,
  type NativeImage,
  type WebContents,
} from 'electron'
import type { Log } from '../../core/model.ts'
import { CHANNELS } from '../../../shared/ipc.ts'
import type { Snapshot } from '../../../shared/snapshot.ts'
import { words } from '../../../shared/strings.ts'
import { isAppUrl, PAGE_URL } from './app-files.ts'

/** The status window. */
export interface StatusWindow {
  /** Opens it, or brings the open one to the front. */
  show(): void
  isOpen(): boolean
  /** Closes it if it is open. */
  close(): void
  /** Pushes a state to the open page; does nothing when there is none. */
  send(snapshot: Snapshot): void
  /** The page's contents while it is open: what `registerIpc` compares senders with. */
  contents(): WebContents | null
}

const SIZE = {
  width: 400,
  height: 592,
  minWidth: 340,
  minHeight: 420,
  maxWidth: 640,
  maxHeight: 1000,
} as const

/** colorNeutralBackground2 of Fluent's web themes: what is seen until the page has painted. */
const BACKGROUND = { light: '#fafafa', dark: '#1f1f1f' } as const

/** Builds the window's owner; nothing opens before `show`. */
export function createStatusWindow({
  preload,
  icon,
  log,
  requestQuit,
  onOpened,
  onClosed,
  onUsed,
}: {
  /** Absolute path of the built preload. */
  readonly preload: string
  readonly icon?: NativeImage
  readonly log: Log
  /** Cmd/Ctrl+Q was pressed in the window. */
  readonly requestQuit: () => void
  readonly onOpened?: () => void
  readonly onClosed?: () => void
  /** The window got the focus: the user sits here. */
  readonly onUsed?: () => void
}): StatusWindow {
  let open: BrowserWindow | null = null
  const refuseDownload = (event: ElectronEvent): void => {
    event.preventDefault()
    log.warn('page refused', { what: 'download', url: '' })
  }

  function create(): BrowserWindow {
    const window = new BrowserWindow({
      ...SIZE,
      show: false,
      title: words.appName,
      maximizable: false,
      fullscreenable: false,
      backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      ...(icon === undefined ? {} : { icon }),
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
      },
    })
    // The application menu stays for its shortcuts; its bar is never shown.
    window.setMenuBarVisibility(false)
    confine(window.webContents, log)
    // The session outlives its windows: one listener, not one for each.
    window.webContents.session.off('will-download', refuseDownload).on('will-download', refuseDownload)
    window.webContents.on('before-input-event', (event, input) => {
      const wish = wishOf(input, process.platform)
      if (wish === null) return
      event.preventDefault()
      if (wish === 'close') window.close()
      else requestQuit()
    })
    window.once('ready-to-show', () => {
      window.show()
      window.focus()
    })
    if (onUsed !== undefined) window.on('focus', onUsed)
    // Never prevented: that would cancel a log-off on KDE. The page and its renderer go with the window.
    window.on('closed', () => {
      open = null
      onClosed?.()
    })
    // What a dead renderer leaves behind stays blank for ever: the next opening makes a new one. Not inside the event,
    // which still needs the page.
    window.webContents.on('render-process-gone', () => {
      setImmediate(() => {
        if (!window.isDestroyed()) window.destroy()
      })
    })
    window.loadURL(PAGE_URL).catch((error: unknown) => {
      // Closed while loading, or the page is broken: the tray still tells the state.
      log.warn('page not loaded', { error: String(error) })
    })
    return window
  }

  return {
    show() {
      if (open !== null) {
        if (open.isMinimized()) open.restore()
        open.show()
        open.focus()
        return
      }
      open = create()
      onOpened?.()
    },
    isOpen: () => open !== null,
    close: () => open?.close(),
    send(snapshot) {
      if (open !== null && !open.isDestroyed() && !open.webContents.isDestroyed()) {
        open.webContents.send(CHANNELS.changed, snapshot)
      }
    },
    contents: () => (open === null || open.isDestroyed() ? null : open.webContents),
  }
}

/** What a key asks the window itself for. Escape and Cmd/Ctrl+W close it, Cmd/Ctrl+Q quits the app. */
function wishOf(input: Input, platform: NodeJS.Platform): 'close' | 'quit' | null {
  if (input.type !== 'keyDown' || input.isComposing) return null
  const main = platform === 'darwin' ? input.meta && !input.control : input.control && !input.meta
  if (input.alt || input.shift) return null
  if (input.key === 'Escape' && !input.control && !input.meta) return 'close'
  if (!main) return null
  const key = input.key.toLowerCase()
  return key === 'w' ? 'close' : key === 'q' ? 'quit' : null
}

/** The page stays where it is, opens nothing, embeds nothing and is allowed nothing. */
function confine(contents: WebContents, log: Log): void {
  const refuse = (what: string, url = ''): void => log.warn('page refused', { what, url })
  contents.on('will-navigate', (event) => {
    // A reload of our own page is the one navigation that is one.
    if (event.isMainFrame && isAppUrl(event.url)) return
    event.preventDefault()
    refuse('navigation', event.url)
  })
  contents.on('will-redirect', (event) => {
    event.preventDefault()
    refuse('redirect', event.url)
  })
  contents.on('will-attach-webview', (event) => {
    event.preventDefault()
    refuse('webview')
  })
  contents.setWindowOpenHandler(({ url }) => {
    refuse('window', url)
    return { action: 'deny' }
  })
  contents.session.setPermissionRequestHandler((_contents, permission, answer) => {
    refuse(`permission ${permission}`)
    answer(false)
  })
  contents.session.setPermissionCheckHandler(() => false)
  contents.session.setDevicePermissionHandler(() => false)
}
