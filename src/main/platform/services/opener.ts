/** What leaves the app for the desktop: pages in the browser, the folder of the logs, text on the clipboard. */
import { clipboard, shell } from 'electron'
import { isAllowedUrl } from './allowed-url.ts'

/** The way to the desktop. */
export interface Opener {
  /** Opens a page in the system's browser. Rejects for a URL that isn't allowed, and when no browser starts. */
  openPage(url: string): Promise<void>
  /** Shows the folder of the logs. Rejects when the desktop can't. */
  openLogs(): Promise<void>
  copy(text: string): Promise<void>
}

/** Builds it. `hosts` are the only ones whose https pages are opened; `logFolder` is absolute. */
export function createOpener({
  hosts,
  logFolder,
}: {
  readonly hosts: readonly string[]
  readonly logFolder: string
}): Opener {
  return {
    async openPage(url) {
      if (!isAllowedUrl(url, hosts)) throw new Error('This page may not be opened')
      await shell.openExternal(url)
    },
    async openLogs() {
      const trouble = await shell.openPath(logFolder)
      if (trouble !== '') throw new Error(trouble)
    },
    copy: (text) => clipboard.writeText(text),
  }
}
