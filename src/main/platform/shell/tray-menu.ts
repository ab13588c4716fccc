/** The tray's menu as a pure function of the snapshot. */
import type { MenuItemConstructorOptions } from 'electron'
import type { Command } from '../../../shared/ipc.ts'
import { PAIRS } from '../../../shared/presence.ts'
import type { Snapshot } from '../../../shared/snapshot.ts'
import { ownText, pairText, snapshotSentence, words, type Reading } from '../../../shared/strings.ts'

/** What a menu item does. */
export interface TrayActions {
  readonly onCommand: (command: Command) => void
  readonly onOpen: () => void
}

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' }

/**
 * The menu. Two equal menus are equal as JSON (functions left out), by which the tray skips what changes nothing.
 * What quitting costs stands under Quit on macOS, which has a second line for it, and above it elsewhere.
 */
export function trayMenu(
  snapshot: Snapshot,
  reading: Reading,
  platform: NodeJS.Platform,
  { onCommand, onOpen }: TrayActions,
): MenuItemConstructorOptions[] {
  const command = (
    id: string,
    label: string,
    wanted: Command,
    enabled = true,
  ): MenuItemConstructorOptions => ({
    id,
    label,
    enabled,
    click: () => onCommand(wanted),
  })
  const note = (id: string, label: string): MenuItemConstructorOptions => ({ id, label, enabled: false })
  const { tray } = words
  const costs = covers(snapshot)

  return [
    note('sentence', snapshotSentence(snapshot, reading)),
    ...(snapshot.own === null ? [] : [note('own', ownText(snapshot.own, snapshot.face))]),
    SEPARATOR,
    command('clear', tray.clear, { type: 'clear' }, canClear(snapshot)),
    {
      id: 'set',
      label: tray.set,
      enabled: snapshot.canSet,
      submenu: PAIRS.map((pair) =>
        command(`set:${pair}`, pairText(pair), { type: 'set', pair }, snapshot.canSet),
      ),
    },
    SEPARATOR,
    { id: 'open', label: tray.open, click: () => onOpen() },
    ...accountItems(snapshot).map(({ id, label, wanted }) => command(id, label, wanted)),
    SEPARATOR,
    ...(snapshot.update === null
      ? []
      : [command('install-update', words.update.tray(snapshot.update), { type: 'install-update' })]),
    ...(costs && platform !== 'darwin' ? [note('quit-cost', tray.quitCost)] : []),
    {
      ...command('quit', tray.quit, { type: 'quit' }),
      ...(costs && platform === 'darwin' ? { sublabel: tray.quitCost, toolTip: tray.quitCost } : {}),
    },
  ]
}

/** There is somebody to clear for, and a clear may be sent. */
function canClear({ account, face }: Snapshot): boolean {
  return account !== null && face.kind !== 'not-configured' && face.kind !== 'not-supported'
}

/** Whether anything clears when the user leaves: only then does quitting cost something. */
function covers(snapshot: Snapshot): boolean {
  const { kind } = snapshot.face
  return canClear(snapshot) && kind !== 'needs-sign-in' && kind !== 'not-permitted'
}

/** Signing in and out, as far as each makes sense now. */
function accountItems({
  account,
  face,
}: Snapshot): readonly { readonly id: string; readonly label: string; readonly wanted: Command }[] {
  const { tray } = words
  const signIn = {
    id: 'sign-in',
    label: tray.signIn,
    wanted: { type: 'sign-in', method: 'browser' },
  } as const
  const signOut = { id: 'sign-out', label: tray.signOut, wanted: { type: 'sign-out' } } as const
  switch (face.kind) {
    case 'not-configured':
      return []
    case 'signing-in':
      return [{ id: 'cancel-sign-in', label: tray.cancelSignIn, wanted: { type: 'cancel-sign-in' } }]
    case 'signed-out':
      return [signIn]
    case 'needs-sign-in':
      return [signIn, signOut]
    case 'not-cleared':
      if (face.signingOut)
        return [{ id: 'forget-now', label: tray.forgetNow, wanted: { type: 'forget-now' } }]
      return [signOut]
    case 'not-permitted':
    case 'not-supported':
    case 'on':
    case 'clearing':
    case 'cleared':
    case 'nothing-to-clear':
      return account === null ? [signIn] : [signOut]
  }
}
