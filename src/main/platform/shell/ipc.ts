/** The main process' end of the bridge: three channels, each message's sender checked, each command parsed. */
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron'
import type { Log } from '../../core/model.ts'
import { CHANNELS, parseCommand, type Command } from '../../../shared/ipc.ts'
import type { Snapshot } from '../../../shared/snapshot.ts'
import { isAppUrl } from './app-files.ts'

/** A message that was refused. The page reads only name and message, through Electron's own wrapping. */
export class RefusedMessageError extends Error {
  override readonly name = 'RefusedMessageError'
}

/**
 * Answers the page. `contents` is what the window has open now; every other sender is refused, and so is every frame
 * but the main one and every page that isn't ours. Call it once.
 */
export function registerIpc({
  contents,
  snapshot,
  onCommand,
  log,
}: {
  readonly contents: () => WebContents | null
  readonly snapshot: () => Snapshot
  /** Does what the user asked for; a rejection reaches the page. */
  readonly onCommand: (command: Command) => void | Promise<void>
  readonly log: Log
}): void {
  function check(event: IpcMainInvokeEvent, channel: string): void {
    const why = whyForeign(event, contents())
    if (why === null) return
    log.warn('message refused', { channel, why, url: event.senderFrame?.url })
    throw new RefusedMessageError(`${channel}: ${why}`)
  }

  ipcMain.handle(CHANNELS.snapshot, (event) => {
    check(event, CHANNELS.snapshot)
    return snapshot()
  })
  ipcMain.handle(CHANNELS.command, async (event, value: unknown) => {
    check(event, CHANNELS.command)
    const command = parseCommand(value)
    if (command === null) {
      log.warn('message refused', { channel: CHANNELS.command, why: 'not a command' })
      throw new RefusedMessageError(`${CHANNELS.command}: not a command`)
    }
    await onCommand(command)
  })
}

/** Why a message isn't one of our page's; null when it is. The frame is null once it has navigated or is gone. */
function whyForeign(event: IpcMainInvokeEvent, ours: WebContents | null): string | null {
  if (ours === null || event.sender !== ours) return 'not our window'
  if (event.senderFrame === null) return 'frame is gone'
  if (event.senderFrame.parent !== null) return 'not the main frame'
  return isAppUrl(event.senderFrame.url) ? null : 'not our page'
}
