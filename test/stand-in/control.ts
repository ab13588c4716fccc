import { implemented } from './api/index.ts'
import { Notification } from './api/desktop.ts'
import type { Menu, MenuItem } from './api/menu.ts'
import { parts } from './api/parts.ts'
import { Tray } from './api/tray.ts'
import { endWindowsSession, queryWindowsSessionEnd } from './api/session-end.ts'
import type { BrowserWindow } from './api/windows.ts'
import { advanceClock, wallOffset } from './clock.ts'
import { host } from './host.ts'
import { clickElement, pageText, screenshotPage } from './page-control.ts'
import type { MenuEntry, Operations, TrayState } from './control-types.ts'
import { fire, createEvent } from './part.ts'

/*
 * How tests and the demo play the operating system and the user. The same operations are reached over HTTP
 * (`control-server.ts`) and, under Playwright, through `globalThis.__standIn`.
 */

/** How long logind waits for a delay lock (its default, `InhibitDelayMaxSec`). */
const LOGIND_DELAY_MS = 5000

function windowOf(id: number | undefined): BrowserWindow {
  const window = id === undefined ? newestWindow() : parts.windows.get(id)
  if (window === undefined || !('webContents' in window))
    throw new Error('stand-in: no such window with a page')
  return window as BrowserWindow
}

function newestWindow(): BrowserWindow | undefined {
  return [...parts.windows.values()].findLast((window) => 'webContents' in window) as
    BrowserWindow | undefined
}

function currentTray(): Tray {
  const [tray] = Tray._all
  if (tray === undefined) throw new Error('stand-in: the app has no tray icon')
  return tray
}

/** What a menu shows, as plain data. */
export function menuEntries(menu: Menu | null | undefined): MenuEntry[] {
  return (menu?.items ?? []).map((item) => ({
    id: item.id,
    label: item.label,
    type: item.type,
    enabled: item.enabled,
    visible: item.visible,
    checked: item.checked,
    ...(item.accelerator !== null && { accelerator: item.accelerator }),
    ...(item.role !== undefined && { role: item.role }),
    ...(item.submenu !== undefined && { submenu: menuEntries(item.submenu) }),
  }))
}

/** Chooses an item by its id, or by the labels on the way to it. */
function choose(menu: Menu | null, wanted: string | string[]): void {
  const path = typeof wanted === 'string' ? [wanted] : wanted
  let current = menu
  let item: MenuItem | undefined =
    typeof wanted === 'string' ? (menu?.getMenuItemById(wanted) ?? undefined) : undefined
  if (item === undefined) {
    for (const label of path) {
      item = current?.items.find((candidate) => candidate.visible && candidate.label === label)
      if (item === undefined) throw new Error(`stand-in: no menu item '${path.join(' > ')}'`)
      current = item.submenu ?? null
    }
  }
  if (!item?.visible) throw new Error(`stand-in: no menu item '${path.join(' > ')}'`)
  if (!item.enabled) throw new Error(`stand-in: menu item '${path.join(' > ')}' is greyed`)
  item.click()
}

function findAccelerator(menu: Menu | null | undefined, keys: string): MenuItem | undefined {
  const normal = (text: string): string => {
    const command = host.platform === 'darwin' ? 'command' : 'control'
    const parts = text
      .toLowerCase()
      .replace(/commandorcontrol|cmdorctrl/g, command)
      .split('+')
    return parts
      .map((p) => (p === 'ctrl' ? 'control' : p === 'cmd' ? 'command' : p))
      .sort()
      .join('+')
  }
  for (const item of menu?.items ?? []) {
    if (item.accelerator !== null && normal(item.accelerator) === normal(keys) && item.enabled) return item
    const inner = findAccelerator(item.submenu, keys)
    if (inner !== undefined) return inner
  }
  return undefined
}

function trayState(): TrayState {
  const [tray] = Tray._all
  if (tray === undefined)
    return { exists: false, toolTip: '', title: '', menu: [], image: '', template: false }
  const { toolTip, title, menu, image } = tray._shown()
  return {
    exists: true,
    toolTip,
    title,
    menu: menuEntries(menu),
    image: image.toPNG().toString('base64'),
    template: image.isTemplateImage(),
  }
}

/** The end of the machine's session, as the platform plays it (Windows has its own events). */
function shutdown(): { prevented: boolean } {
  const delayed = implemented.powerMonitor._delaysShutdown()
  const { prevented } = implemented.powerMonitor._report('shutdown')
  if (host.platform === 'darwin') {
    if (!prevented) setImmediate(() => parts.app.quit())
  } else {
    // Without Electron's lock, or once it is let go, logind ends the user's processes.
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), delayed && prevented ? LOGIND_DELAY_MS : 0)
  }
  return { prevented }
}

/** All operations, by name. Each takes one object and answers plain data (or a promise of it). */
export const operations: Operations = {
  state: () => ({
    platform: host.platform,
    pid: process.pid,
    ready: parts.app.isReady(),
    windowsShown: parts.shown,
    delaysShutdown: implemented.powerMonitor._delaysShutdown(),
    clockOffsetMs: wallOffset(),
    ...parts.app._told(),
  }),
  power: ({ event }) => implemented.powerMonitor._report(event),
  idle: ({ state, seconds }) => {
    implemented.powerMonitor._setIdle({
      ...(state !== undefined && { state: state === 'follow' ? undefined : state }),
      seconds,
    })
  },
  shutdown,
  querySessionEnd: ({ reasons = ['shutdown'] }) => ({ agreed: queryWindowsSessionEnd(reasons) }),
  endSession: ({ reasons = ['shutdown'], askFirstMs }) => {
    if (askFirstMs === undefined) setImmediate(() => endWindowsSession(reasons))
    else {
      queryWindowsSessionEnd(reasons)
      setTimeout(() => endWindowsSession(reasons), askFirstMs)
    }
  },
  activate: () => {
    if (host.platform !== 'darwin') throw new Error("stand-in: 'activate' exists only on macOS")
    fire(
      parts.app,
      'activate',
      createEvent({}),
      [...parts.windows.values()].some((window) => window.isVisible()),
    )
  },
  windows: () =>
    [...parts.windows.values()].map((window) => ({
      id: window.id,
      title: window.getTitle(),
      visible: window.isVisible(),
      focused: window.isFocused(),
      bounds: window.getBounds(),
      url: 'webContents' in window ? (window as BrowserWindow).webContents.getURL() : '',
      hasPage: 'webContents' in window,
    })),
  closeWindow: ({ id }) => {
    windowOf(id).close()
  },
  screenshot: async ({ id }) => ({ png: await screenshotPage(windowOf(id).webContents) }),
  text: async ({ id }) => ({ text: await pageText(windowOf(id).webContents) }),
  click: async ({ id, ...target }) => {
    await clickElement(windowOf(id).webContents, target)
  },
  script: async ({ id, code }) => ({ value: await windowOf(id).webContents.executeJavaScript(code, true) }),
  input: ({ id, ...event }) => {
    windowOf(id).webContents.sendInputEvent(event)
  },
  type: ({ id, text }) => windowOf(id).webContents.insertText(text),
  tray: trayState,
  trayChoose: ({ item }) => {
    choose(currentTray()._shown().menu, item)
  },
  trayClick: ({ kind = 'click' }) => {
    currentTray()._click(kind)
  },
  menu: () => menuEntries(parts.app.applicationMenu),
  menuChoose: ({ item }) => {
    choose(parts.app.applicationMenu, item)
  },
  accelerator: ({ keys }) => {
    const item = findAccelerator(parts.app.applicationMenu, keys)
    if (item === undefined) throw new Error(`stand-in: no menu item with the shortcut ${keys}`)
    item.click()
  },
  opened: () => [...implemented.shell._opened],
  notifications: () => Notification._shown.map(({ title, body }) => ({ title, body })),
  clickNotification: ({ index }) => {
    const shown = Notification._shown.at(index)
    if (shown === undefined) throw new Error('stand-in: no such notification')
    fire(shown, 'click', createEvent({}))
  },
  dialogs: () => [...implemented.dialog._shown],
  answerDialog: ({ answer }) => {
    implemented.dialog._answers.push(answer)
  },
  dark: ({ dark }) => {
    implemented.nativeTheme._setSystemDark(dark)
  },
  online: ({ online }) => {
    implemented.net._force(online ?? undefined)
  },
  advanceTime: async ({ ms, wallOnly = false }) => {
    await advanceClock(ms, wallOnly)
    for (const contents of parts.webContents.values()) contents._moveTime()
  },
  quit: () => {
    setImmediate(() => parts.app.quit())
  },
}
