import { Browser } from '../chromium/browser.ts'
import { host } from '../host.ts'
import type { App } from './app.ts'
import type { BaseWindow, BrowserWindow } from './windows.ts'
import type { IpcMain } from './ipc-main.ts'
import type { NativeTheme } from './native-theme.ts'
import type { WebContents } from './web-contents.ts'

/**
 * Where the parts find each other: Electron's modules know each other in circles, ours only know this object.
 * `run.ts` fills in the three single parts before the app runs.
 */
class Parts {
  app!: App
  ipcMain!: IpcMain
  nativeTheme!: NativeTheme
  readonly windows = new Map<number, BaseWindow>()
  readonly webContents = new Map<number, WebContents>()
  focused: BaseWindow | undefined
  /** How often a window has come into sight since the start: one that flashes is one too many. */
  shown = 0
  /** The page that asked for a new one last; a `noopener` popup doesn't say whose it is. */
  lastOpener: WebContents | undefined
  browser: Browser | undefined
  /** True from the moment the process takes everything down. */
  stopping = false
  private starting: Promise<Browser> | undefined

  /** The running Chromium; the first call starts it. */
  startBrowser(): Promise<Browser> {
    this.starting ??= this.start()
    return this.starting
  }

  focusedWindow(): BrowserWindow | undefined {
    const window = this.focused
    return window !== undefined && 'webContents' in window ? (window as BrowserWindow) : undefined
  }

  windowOf(contents: WebContents): BrowserWindow | undefined {
    for (const window of this.windows.values()) {
      if ('webContents' in window && window.webContents === contents) return window as BrowserWindow
    }
    return undefined
  }

  /** Stops Chromium, also one that is still starting. */
  async stopBrowser(): Promise<void> {
    this.stopping = true
    const browser = await this.starting?.catch(() => undefined) // a failed start leaves nothing to stop
    await browser?.stop()
  }

  private async start(): Promise<Browser> {
    const port = 'remote-debugging-port'
    const { commandLine } = this.app
    const browser = await Browser.start({
      profileParent: this.app.getPath('userData'),
      debuggingPort: commandLine.hasSwitch(port) ? commandLine.getSwitchValue(port) : undefined,
      locale: host.commandLine.switches.get('lang'),
    })
    this.browser = browser
    browser.onPopup = (popup) => {
      const opener =
        [...this.webContents.values()].find((c) => c._targetId() === popup.openerId) ?? this.lastOpener
      opener
        ?._popup(popup)
        .catch((error: unknown) => process.stderr.write(`stand-in: popup: ${String(error)}\n`))
    }
    return browser
  }
}

export const parts = new Parts()
