/** The application menu: only macOS shows one, and needs it for its shortcuts. */
import { Menu, type MenuItemConstructorOptions } from 'electron'
import { words } from '../../../shared/strings.ts'

/**
 * Sets the menu; call it after ready. Quit goes through our own path, never through the role, which would count as
 * the system's. Elsewhere there is none: the window handles its shortcuts itself, and Chromium copies by itself.
 */
export function setApplicationMenu({
  platform,
  requestQuit,
}: {
  readonly platform: NodeJS.Platform
  readonly requestQuit: () => void
}): void {
  Menu.setApplicationMenu(platform === 'darwin' ? Menu.buildFromTemplate(macMenu(requestQuit)) : null)
}

function macMenu(requestQuit: () => void): MenuItemConstructorOptions[] {
  return [
    {
      label: words.appName,
      submenu: [
        { role: 'about' },
        { type: 'separator' },
        { role: 'hide' },
        { role: 'hideOthers' },
        { role: 'unhide' },
        { type: 'separator' },
        { id: 'quit', label: words.tray.quit, accelerator: 'Command+Q', click: () => requestQuit() },
      ],
    },
    // Labelled by the system in the user's language; without them Cmd+C does nothing on macOS.
    { role: 'editMenu' },
    {
      role: 'window',
      submenu: [{ role: 'minimize' }, { role: 'close' }],
    },
  ]
}
