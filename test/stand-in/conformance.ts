import type { EventEmitter } from 'node:events'
import type * as electron from 'electron'
import type { CommandLineSwitches, Dock } from './api/app.ts'
import type { implemented } from './api/index.ts'
import type { NativeImage } from './api/native-image.ts'
import type { NavigationHistory } from './api/navigation-history.ts'
import type { Session, WebRequest } from './api/session.ts'
import type { WebContents } from './api/web-contents.ts'
import type { FrameMain } from './api/web-frame-main.ts'

/*
 * The compiler compares what the stand-in offers with `electron.d.ts`: a member that Electron lacks, or whose type a
 * caller could not use in Electron's place, must be in the written list of excuses; one too many there fails as well.
 */

/** Parts that are no exports of their own, reached through others. */
interface InnerReal {
  Session: electron.Session
  WebContents: electron.WebContents
  WebFrameMain: electron.WebFrameMain
  NavigationHistory: electron.NavigationHistory
  NativeImage: electron.NativeImage
  WebRequest: electron.WebRequest
  CommandLine: electron.CommandLine
  Dock: electron.Dock
}
interface InnerOurs {
  Session: Session
  WebContents: WebContents
  WebFrameMain: FrameMain
  NavigationHistory: NavigationHistory
  NativeImage: NativeImage
  WebRequest: WebRequest
  CommandLine: CommandLineSwitches
  Dock: Dock
}

type Real = typeof electron & InnerReal
type Ours = typeof implemented & InnerOurs

/** Members that count: not the emitter's, not those that the stand-in keeps for itself (`_name`). */
type Own<S> = Exclude<keyof S, keyof EventEmitter | 'prototype' | `_${string}`>

/** Names of members of `S` that are wrong beside `R`. */
type Wrong<S, R> =
  Exclude<Own<S>, keyof R> | { [K in Own<S> & keyof R]: S[K] extends R[K] ? never : K }[Own<S> & keyof R]

type Name = Extract<keyof Ours, keyof Real>

type Instance<T> = T extends abstract new (...args: never[]) => infer I ? I : T
type Tagged<Prefix extends string, Names> = Names extends string ? `${Prefix}.${Names}` : never

/** `X.member` for instances and single objects, `X::member` for statics. */
export type Mismatch = {
  [K in Name]:
    | Tagged<K, Wrong<Instance<Ours[K]>, Instance<Real[K]>>>
    | (Ours[K] extends abstract new (...args: never[]) => unknown
        ? Tagged<`${K}:`, Wrong<Ours[K], Real[K]>>
        : never)
}[Name]

/** Each answers with, or takes, another part of the stand-in, which is compared by itself. */
type Excused =
  | 'BaseWindow.contentView'
  | 'BaseWindow.setMenu'
  | 'BaseWindow.setOverlayIcon'
  | 'BaseWindow:.fromId'
  | 'BaseWindow:.getAllWindows'
  | 'BaseWindow:.getFocusedWindow'
  | 'BrowserWindow.capturePage'
  | 'BrowserWindow.contentView'
  | 'BrowserWindow.setMenu'
  | 'BrowserWindow.setOverlayIcon'
  | 'BrowserWindow.webContents'
  | 'BrowserWindow:.fromId'
  | 'BrowserWindow:.fromWebContents'
  | 'BrowserWindow:.getAllWindows'
  | 'BrowserWindow:.getFocusedWindow'
  | 'Dock.getMenu'
  | 'Dock.setMenu'
  | 'Menu.append'
  | 'Menu.getMenuItemById'
  | 'Menu.insert'
  | 'Menu.items'
  | 'Menu:.buildFromTemplate'
  | 'Menu:.getApplicationMenu'
  | 'Menu:.setApplicationMenu'
  | 'MenuItem.icon'
  | 'MenuItem.menu'
  | 'MenuItem.submenu'
  | 'Session.protocol'
  | 'Session.webRequest'
  | 'Tray.popUpContextMenu'
  | 'Tray.setContextMenu'
  | 'Tray.setImage'
  | 'Tray.setPressedImage'
  | 'View.children'
  | 'WebContents.capturePage'
  | 'WebContents.getLastWebPreferences'
  | 'WebContents.mainFrame'
  | 'WebContents.navigationHistory'
  | 'WebContents.session'
  | 'WebFrameMain.frames'
  | 'WebFrameMain.parent'
  | 'WebFrameMain.top'
  | 'app.applicationMenu'
  | 'app.dock'
  | 'clipboard.selection'
  | 'nativeImage.createEmpty'
  | 'nativeImage.createFromBitmap'
  | 'nativeImage.createFromBuffer'
  | 'nativeImage.createFromDataURL'
  | 'nativeImage.createFromPath'
  | 'net.request'
  | 'session.defaultSession'
  | 'session.fromPartition'
  | 'webContents.fromDevToolsTargetId'
  | 'webContents.fromFrame'
  | 'webContents.fromId'
  | 'webContents.getAllWebContents'
  | 'webContents.getFocusedWebContents'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Missing = Exclude<Mismatch, Excused>
type Stale = Exclude<Excused, Mismatch>

// A failure here names the culprits in the message.
const mismatches: Same<Missing, never> extends true ? true : Missing = true
const staleExcuses: Same<Stale, never> extends true ? true : Stale = true
const unknownExports: Exclude<keyof Ours, keyof Real> extends never ? true : Exclude<keyof Ours, keyof Real> =
  true
export const conformance = [mismatches, staleExcuses, unknownExports] as const
