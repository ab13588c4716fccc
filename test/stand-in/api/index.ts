import type * as electron from 'electron'
import { notImplemented, trapMisses } from '../part.ts'
import { App } from './app.ts'
import {
  Clipboard,
  Dialog,
  GlobalShortcut,
  Notification,
  Screen,
  Shell,
  SystemPreferences,
} from './desktop.ts'
import { IpcMain } from './ipc-main.ts'
import { Menu, MenuItem } from './menu.ts'
import { nativeImageModule } from './native-image.ts'
import { NativeTheme } from './native-theme.ts'
import { Net } from './net.ts'
import { parts } from './parts.ts'
import { PowerMonitor } from './power-monitor.ts'
import { Protocol } from './protocol.ts'
import { SafeStorage } from './safe-storage.ts'
import { Session } from './session.ts'
import { Tray } from './tray.ts'
import { webContentsModule } from './web-contents-module.ts'
import { BaseWindow, BrowserWindow, View } from './windows.ts'

const protocol = new Protocol()
const partitions = new Map<string, Session>()

function sessionOf(partition: string): Session {
  const known = partitions.get(partition)
  if (known !== undefined) return known
  const made = new Session(partition === '' ? protocol : new Protocol())
  partitions.set(partition, made)
  return made
}

const session = Object.setPrototypeOf(
  {
    get defaultSession(): Session {
      return sessionOf('')
    },
    fromPartition: sessionOf,
  },
  trapMisses(Object.prototype, () => 'session'),
) as { defaultSession: Session; fromPartition: (partition: string) => Session }

/** What the stand-in offers under Electron's names. */
export const implemented = {
  app: new App(() => sessionOf('')),
  BaseWindow,
  BrowserWindow,
  View,
  Menu,
  MenuItem,
  Notification,
  Tray,
  clipboard: new Clipboard(),
  dialog: new Dialog(),
  globalShortcut: new GlobalShortcut(),
  ipcMain: new IpcMain(),
  nativeImage: nativeImageModule,
  nativeTheme: new NativeTheme(),
  net: new Net(),
  powerMonitor: new PowerMonitor(),
  protocol,
  safeStorage: new SafeStorage(),
  screen: new Screen(),
  session,
  shell: new Shell(),
  systemPreferences: new SystemPreferences(),
  webContents: webContentsModule,
}

parts.app = implemented.app
parts.ipcMain = implemented.ipcMain
parts.nativeTheme = implemented.nativeTheme

/** Every other export of Electron 45's main process: present, as there, and refused at first use. */
const REFUSED = [
  'autoUpdater',
  'BrowserView',
  'ClipboardItem',
  'contentTracing',
  'crashReporter',
  'desktopCapturer',
  'ImageView',
  'inAppPurchase',
  'IpcMainServiceWorker',
  'LanguageModelUtility',
  'localAIHandler',
  'MessageChannelMain',
  'netLog',
  'powerSaveBlocker',
  'pushNotifications',
  'ShareMenu',
  'sharedTexture',
  'TouchBar',
  'utilityProcess',
  'WebContentsView',
  'webFrameMain',
  'WebSocket',
] as const

/** Exports that exist in other processes only. */
type Elsewhere = 'contextBridge' | 'ipcRenderer' | 'parentPort' | 'webFrame' | 'webUtils'
type Known = (typeof REFUSED)[number] | keyof typeof implemented | Elsewhere
/** Nothing in `electron.d.ts` is forgotten here; a newer Electron's new export makes this fail to compile. */
export const forgotten: Exclude<keyof typeof electron, Known> extends never ? true : never = true

/** The object that `require('electron')` answers: getters only, as in Electron. */
export function electronModule(): object {
  const members: Record<string, unknown> = { ...implemented }
  const api = Object.create(trapMisses(Object.prototype, () => 'electron')) as object
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(api, name, { get: () => value, enumerable: true })
  }
  for (const name of REFUSED) {
    const refuse = (): never => notImplemented(name)
    const value = new Proxy(refuse, {
      get: (_t, key) =>
        typeof key === 'symbol' || key === 'then' || key === 'prototype' ? undefined : refuse(),
      apply: refuse,
      construct: refuse,
    })
    Object.defineProperty(api, name, { get: () => value, enumerable: true })
  }
  return api
}
