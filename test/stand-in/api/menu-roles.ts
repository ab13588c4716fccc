import { host } from '../host.ts'
import { notImplemented } from '../part.ts'
import type { MenuItemOptions } from './menu.ts'
import { parts } from './parts.ts'
import type { WebContents } from './web-contents.ts'

const onPage = (action: (contents: WebContents) => void) => (): void => {
  const contents = parts.focusedWindow()?.webContents
  if (contents !== undefined) action(contents)
}

const ROLES: Record<string, { label: string | (() => string); run?: () => void }> = {
  quit: {
    label: () =>
      host.platform === 'darwin' ? `Quit ${parts.app.name}` : host.platform === 'win32' ? 'Exit' : 'Quit',
    run: () => parts.app.quit(),
  },
  close: {
    label: () => (host.platform === 'darwin' ? 'Close Window' : 'Close'),
    run: () => parts.focused?.close(),
  },
  minimize: { label: 'Minimize', run: () => parts.focused?.minimize() },
  about: { label: () => `About ${parts.app.name}` },
  hide: { label: () => `Hide ${parts.app.name}`, run: () => parts.app.hide() },
  hideothers: { label: 'Hide Others' },
  unhide: { label: 'Show All', run: () => parts.app.show() },
  front: { label: 'Bring All to Front' },
  zoom: { label: 'Zoom' },
  services: { label: 'Services' },
  window: { label: 'Window' },
  help: { label: 'Help' },
  undo: { label: 'Undo', run: onPage((contents) => contents.undo()) },
  redo: { label: 'Redo', run: onPage((contents) => contents.redo()) },
  cut: { label: 'Cut', run: onPage((contents) => contents.cut()) },
  copy: { label: 'Copy', run: onPage((contents) => contents.copy()) },
  paste: { label: 'Paste', run: onPage((contents) => contents.paste()) },
  delete: { label: 'Delete', run: onPage((contents) => contents.delete()) },
  selectall: { label: 'Select All', run: onPage((contents) => contents.selectAll()) },
  reload: { label: 'Reload', run: onPage((contents) => contents.reload()) },
  forcereload: { label: 'Force Reload', run: onPage((contents) => contents.reloadIgnoringCache()) },
  toggledevtools: { label: 'Toggle Developer Tools', run: onPage((contents) => contents.toggleDevTools()) },
  resetzoom: { label: 'Actual Size', run: onPage((contents) => contents.setZoomLevel(0)) },
  zoomin: {
    label: 'Zoom In',
    run: onPage((contents) => contents.setZoomLevel(contents.getZoomLevel() + 0.5)),
  },
  zoomout: {
    label: 'Zoom Out',
    run: onPage((contents) => contents.setZoomLevel(contents.getZoomLevel() - 0.5)),
  },
  togglefullscreen: {
    label: 'Toggle Full Screen',
    run: () => parts.focused?.setFullScreen(!parts.focused.isFullScreen()),
  },
  appmenu: { label: () => parts.app.name },
  filemenu: { label: 'File' },
  editmenu: { label: 'Edit' },
  viewmenu: { label: 'View' },
  windowmenu: { label: 'Window' },
}

const of = (...roles: (NonNullable<MenuItemOptions['role']> | '-')[]): MenuItemOptions[] =>
  roles.map((role) => (role === '-' ? { type: 'separator' } : { role }))

/** What a role without a label of its own is called. */
export function roleLabel(role: string): string {
  const label = ROLES[role.toLowerCase()]?.label ?? notImplemented(`menu role ${role}`)
  return typeof label === 'string' ? label : label()
}

/** The items of the roles that are whole menus. */
export function roleSubmenu(role: string): MenuItemOptions[] | undefined {
  switch (role.toLowerCase()) {
    case 'appmenu':
      return of('about', '-', 'services', '-', 'hide', 'hideOthers', 'unhide', '-', 'quit')
    case 'filemenu':
      return of(host.platform === 'darwin' ? 'close' : 'quit')
    case 'editmenu':
      return of('undo', 'redo', '-', 'cut', 'copy', 'paste', 'delete', '-', 'selectAll')
    case 'viewmenu':
      return of(
        'reload',
        'forceReload',
        'toggleDevTools',
        '-',
        'resetZoom',
        'zoomIn',
        'zoomOut',
        '-',
        'togglefullscreen',
      )
    case 'windowmenu':
      return host.platform === 'darwin'
        ? of('minimize', 'zoom', '-', 'front')
        : of('minimize', 'zoom', 'close')
    default:
      return undefined
  }
}

/** Does what a role does. @returns false for roles that leave it to the item's own `click`. */
export function runRole(role: string): boolean {
  const entry = ROLES[role.toLowerCase()] ?? notImplemented(`menu role ${role}`)
  if (entry.run === undefined) return notImplemented(`menu role ${role}`)
  entry.run()
  return true
}
