import { parts } from './parts.ts'
import type { WebContents } from './web-contents.ts'
import type { FrameMain } from './web-frame-main.ts'

/** Electron's `webContents` module: the statics, without a constructor. */
export const webContentsModule = {
  getAllWebContents: (): WebContents[] => [...parts.webContents.values()],
  getFocusedWebContents: (): WebContents | null => parts.focusedWindow()?.webContents ?? null,
  fromId: (id: number): WebContents | undefined => parts.webContents.get(id),
  fromFrame: (frame: unknown): WebContents | undefined =>
    [...parts.webContents.values()].find(
      (contents) => contents.mainFrame === (frame as FrameMain | undefined)?.top,
    ),
  fromDevToolsTargetId: (targetId: string): WebContents | undefined =>
    [...parts.webContents.values()].find((contents) => contents._targetId() === targetId),
}
