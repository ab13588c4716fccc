/** The application menu: seen on macOS only, but everywhere it is what gives the shortcuts their meaning. */
import { Menu, type MenuItemConstructorOptions } from 'electron'
import { words } from '../../../shared/strings.ts'

/**
 * Sets the menu; call it after ready. Quit goes through our own path, never through the role, which would count as
 * the system's.
 */
export function setApplicationMenu({
  platform,
  requestQuit,
}: {
  readonly platform: NodeJS.Platform
  readonly requestQuit: () => void
}): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(applicationMenu(platform, requestQuit)))
}

function applicationMenu(platform: NodeJS.Platform, requestQuit: () => void): MenuItemConstructorOptions[] {
  const mac: MenuItemConstructorOptions[] = [
    { role: 'about' },
    { type: 'separator' },
    { role: 'hide' },
    { role: 'hideOthers' },
    { role: 'unhide' },
    { type: 'separator' },
  ]
  return [
    {
      label: words.appName,
      submenu: [
        ...(platform === 'darwin' ? mac : []),
        { id: 'quit', label: words.tray.quit, accelerator: 'CmdOrCtrl+Q', click: () => requestQuit() },
      ],
    },
    // The system's own words; without this menu Cmd+C does nothing on macOS.
    { role: 'editMenu' },
    { role: 'window', submenu: [{ role: 'minimize' }, { role: 'close', accelerator: 'CmdOrCtrl+W' }] },
  ]
}
