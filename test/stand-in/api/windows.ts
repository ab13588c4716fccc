import { needsReady } from '../host.ts'
import { createEvent, fire, Part, QuietPart } from '../part.ts'
import type { Menu } from './menu.ts'
import type { NativeImage } from './native-image.ts'
import { parts } from './parts.ts'
import type { Session } from './session.ts'
import type { WebPreferences } from './page-setup.ts'
import { WebContents } from './web-contents.ts'

/** A window's place, in the pixels of the one display. */
export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

/** The constructor options that the stand-in looks at. */
export interface WindowOptions {
  width?: number
  height?: number
  x?: number
  y?: number
  minWidth?: number
  minHeight?: number
  maxWidth?: number
  maxHeight?: number
  show?: boolean
  title?: string
  backgroundColor?: string
  resizable?: boolean
  minimizable?: boolean
  maximizable?: boolean
  closable?: boolean
  focusable?: boolean
  alwaysOnTop?: boolean
  skipTaskbar?: boolean
  autoHideMenuBar?: boolean
  useContentSize?: boolean
  icon?: unknown
  webPreferences?: WebPreferences
}

let lastId = 0

/** Electron's `View`, as far as a `BaseWindow` without content needs one. */
export class View extends QuietPart {
  readonly children: View[] = []
}

/** Electron's `BaseWindow`: a native window; here only its bookkeeping. */
export class BaseWindow extends Part {
  readonly id = ++lastId
  contentView = new View()
  title: string
  resizable: boolean
  minimizable: boolean
  maximizable: boolean
  closable: boolean
  movable = true
  focusable: boolean
  fullScreen = false
  autoHideMenuBar: boolean
  menuBarVisible = true
  accessibleTitle = ''
  excludedFromShownWindowsMenu = false
  protected bounds: Bounds
  private minimum: [number, number]
  private maximum: [number, number]
  private visible = false
  private minimized = false
  private maximized = false
  private onTop: boolean
  private background: string
  private opacity = 1
  private destroyed = false
  private menu: Menu | null = null
  /** Not Electron's: what the taskbar would show. */
  _taskbar: {
    overlay: NativeImage | null
    description: string
    progress: number
    flashing: boolean
    skipped: boolean
  }

  constructor(options: WindowOptions = {}) {
    super()
    needsReady(new.target.name)
    const { width = 800, height = 600 } = options
    this.bounds = { x: options.x ?? 320, y: options.y ?? 180, width, height }
    this.title = options.title ?? parts.app.name
    this.resizable = options.resizable ?? true
    this.minimizable = options.minimizable ?? true
    this.maximizable = options.maximizable ?? true
    this.closable = options.closable ?? true
    this.focusable = options.focusable ?? true
    this.autoHideMenuBar = options.autoHideMenuBar ?? false
    this.onTop = options.alwaysOnTop ?? false
    this.background = options.backgroundColor ?? '#FFFFFF'
    this.minimum = [options.minWidth ?? 0, options.minHeight ?? 0]
    this.maximum = [options.maxWidth ?? 0, options.maxHeight ?? 0]
    this._taskbar = {
      overlay: null,
      description: '',
      progress: -1,
      flashing: false,
      skipped: options.skipTaskbar ?? false,
    }
    parts.windows.set(this.id, this)
    if (options.show !== false) this.show()
  }

  static getAllWindows(): BaseWindow[] {
    return [...parts.windows.values()]
  }

  static getFocusedWindow(): BaseWindow | null {
    return parts.focused ?? null
  }

  static fromId(id: number): BaseWindow | null {
    return parts.windows.get(id) ?? null
  }

  show(): void {
    this.setVisible(true)
    this.focus()
  }

  showInactive(): void {
    this.setVisible(true)
  }

  hide(): void {
    this.blur()
    this.setVisible(false)
  }

  isVisible(): boolean {
    return this.visible && !this.destroyed
  }

  focus(): void {
    if (this.destroyed || !this.visible || !this.focusable || parts.focused === this) return
    parts.focused?.blur()
    parts.focused = this
    this.announce('focus')
  }

  blur(): void {
    if (parts.focused !== this) return
    parts.focused = undefined
    this.announce('blur')
  }

  isFocused(): boolean {
    return parts.focused === this
  }

  minimize(): void {
    if (this.minimized) return
    this.minimized = true
    this.blur()
    this.announce('minimize')
  }

  restore(): void {
    if (this.minimized) {
      this.minimized = false
      this.announce('restore')
      this.show()
    } else if (this.maximized) {
      this.unmaximize()
    }
  }

  isMinimized(): boolean {
    return this.minimized
  }

  maximize(): void {
    if (this.maximized) return
    this.maximized = true
    this.show()
    this.announce('maximize')
  }

  unmaximize(): void {
    if (!this.maximized) return
    this.maximized = false
    this.announce('unmaximize')
  }

  isMaximized(): boolean {
    return this.maximized
  }

  isNormal(): boolean {
    return !this.minimized && !this.maximized && !this.fullScreen
  }

  isFullScreen(): boolean {
    return this.fullScreen
  }

  setFullScreen(flag: boolean): void {
    if (this.fullScreen === flag) return
    this.fullScreen = flag
    this.announce(flag ? 'enter-full-screen' : 'leave-full-screen')
  }

  getBounds(): Bounds {
    return { ...this.bounds }
  }

  getContentBounds(): Bounds {
    return this.getBounds()
  }

  getNormalBounds(): Bounds {
    return this.getBounds()
  }

  setBounds(bounds: Partial<Bounds>): void {
    const before = this.bounds
    this.bounds = { ...before, ...bounds }
    if (this.bounds.x !== before.x || this.bounds.y !== before.y) this.announce('move')
    if (this.bounds.width !== before.width || this.bounds.height !== before.height) {
      this.resized()
      this.announce('resize')
    }
  }

  getSize(): number[] {
    return [this.bounds.width, this.bounds.height]
  }

  setSize(width: number, height: number): void {
    this.setBounds({ width, height })
  }

  getContentSize(): number[] {
    return this.getSize()
  }

  setContentSize(width: number, height: number): void {
    this.setSize(width, height)
  }

  getPosition(): number[] {
    return [this.bounds.x, this.bounds.y]
  }

  setPosition(x: number, y: number): void {
    this.setBounds({ x, y })
  }

  center(): void {
    this.setPosition(Math.round((1440 - this.bounds.width) / 2), Math.round((900 - this.bounds.height) / 2))
  }

  setMinimumSize(width: number, height: number): void {
    this.minimum = [width, height]
  }

  getMinimumSize(): number[] {
    return [...this.minimum]
  }

  setMaximumSize(width: number, height: number): void {
    this.maximum = [width, height]
  }

  getMaximumSize(): number[] {
    return [...this.maximum]
  }

  setTitle(title: string): void {
    this.title = title
  }

  getTitle(): string {
    return this.title
  }

  setBackgroundColor(color: string): void {
    this.background = color
  }

  getBackgroundColor(): string {
    return this.background
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity
  }

  getOpacity(): number {
    return this.opacity
  }

  setResizable(resizable: boolean): void {
    this.resizable = resizable
  }

  isResizable(): boolean {
    return this.resizable
  }

  setMinimizable(minimizable: boolean): void {
    this.minimizable = minimizable
  }

  isMinimizable(): boolean {
    return this.minimizable
  }

  setMaximizable(maximizable: boolean): void {
    this.maximizable = maximizable
  }

  isMaximizable(): boolean {
    return this.maximizable
  }

  setClosable(closable: boolean): void {
    this.closable = closable
  }

  isClosable(): boolean {
    return this.closable
  }

  setFocusable(focusable: boolean): void {
    this.focusable = focusable
  }

  setAlwaysOnTop(flag: boolean): void {
    this.onTop = flag
  }

  isAlwaysOnTop(): boolean {
    return this.onTop
  }

  moveTop(): void {
    // stacking is nobody's business here
  }

  setSkipTaskbar(skip: boolean): void {
    this._taskbar.skipped = skip
  }

  flashFrame(flag: boolean): void {
    this._taskbar.flashing = flag
  }

  setProgressBar(progress: number): void {
    this._taskbar.progress = progress
  }

  setOverlayIcon(overlay: NativeImage | null, description: string): void {
    this._taskbar.overlay = overlay
    this._taskbar.description = description
  }

  setIcon(): void {
    // only a taskbar would show it
  }

  setMenu(menu: Menu | null): void {
    this.menu = menu
  }

  removeMenu(): void {
    this.menu = null
  }

  setMenuBarVisibility(visible: boolean): void {
    this.menuBarVisible = visible
  }

  isMenuBarVisible(): boolean {
    return this.menuBarVisible
  }

  setAutoHideMenuBar(hide: boolean): void {
    this.autoHideMenuBar = hide
  }

  setVisibleOnAllWorkspaces(): void {
    // there is one workspace
  }

  setAppDetails(): void {
    // only the Windows taskbar reads them
  }

  getParentWindow(): null {
    return null
  }

  getChildWindows(): never[] {
    return []
  }

  isModal(): boolean {
    return false
  }

  isDestroyed(): boolean {
    return this.destroyed
  }

  /** Asks the `close` listeners first; the window is gone a moment later, then `closed` follows. */
  close(): void {
    if (this.destroyed || !this._mayClose()) return
    setImmediate(() => {
      this.destroy()
    })
  }

  /** No `close` event, only `closed`. */
  destroy(): void {
    if (this.destroyed) return
    this.blur()
    this.destroyed = true
    this.visible = false
    parts.windows.delete(this.id)
    this.contentGone()
    fire(this, 'closed')
    parts.app._windowClosed()
  }

  /** Not Electron's: emits `close` and says whether nobody prevented it. */
  _mayClose(): boolean {
    const event = createEvent({})
    fire(this, 'close', event)
    return !event.defaultPrevented
  }

  /** Not Electron's: the menu of this window. */
  _menu(): Menu | null {
    return this.menu
  }

  protected resized(): void {
    // a window without a page has nothing to tell
  }

  protected contentGone(): void {
    // a window without a page has none to close
  }

  /** Emits on the window, and the app's `browser-window-*` twin where there is one. */
  protected announce(name: string): void {
    fire(this, name, createEvent({}))
  }

  private setVisible(visible: boolean): void {
    if (this.destroyed || this.visible === visible) return
    this.visible = visible
    if (visible) parts.shown += 1
    this.minimized = false
    this.announce(visible ? 'show' : 'hide')
  }
}

/** Electron's `BrowserWindow`: a `BaseWindow` with one page. */
export class BrowserWindow extends BaseWindow {
  readonly webContents: WebContents
  private painted = false

  constructor(options: WindowOptions = {}) {
    super({ ...options, show: false })
    const preferences = options.webPreferences ?? {}
    const session = (preferences.session as Session | undefined) ?? parts.app._defaultSession()
    const { width, height } = this.bounds
    this.webContents = new WebContents(preferences, session, { width, height }, this.getBackgroundColor())
    this.webContents._onPaint = () => {
      if (this.painted || this.isDestroyed()) return
      this.painted = true
      fire(this, 'ready-to-show', createEvent({}))
    }
    this.webContents._onClose = () => {
      this.close()
    }
    fire(parts.app, 'browser-window-created', createEvent({}), this)
    if (options.show !== false) this.show()
  }

  static override getAllWindows(): BrowserWindow[] {
    return BaseWindow.getAllWindows().filter((window) => window instanceof BrowserWindow)
  }

  static override getFocusedWindow(): BrowserWindow | null {
    return parts.focusedWindow() ?? null
  }

  static override fromId(id: number): BrowserWindow | null {
    const window = parts.windows.get(id)
    return window instanceof BrowserWindow ? window : null
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return parts.windowOf(contents) ?? null
  }

  loadURL(url: string, options?: { userAgent?: string }): Promise<void> {
    return this.webContents.loadURL(url, options)
  }

  loadFile(
    path: string,
    options?: { query?: Record<string, string>; search?: string; hash?: string },
  ): Promise<void> {
    return this.webContents.loadFile(path, options)
  }

  reload(): void {
    this.webContents.reload()
  }

  capturePage(rect?: Bounds): Promise<NativeImage> {
    return this.webContents.capturePage(rect)
  }

  focusOnWebView(): void {
    this.focus()
  }

  /** Not Electron's: the page has a new title. */
  _pageTitle(title: string): void {
    const event = createEvent({})
    fire(this, 'page-title-updated', event, title, true)
    if (!event.defaultPrevented) this.setTitle(title)
  }

  protected override resized(): void {
    const { width, height } = this.bounds
    this.webContents._resize({ width, height })
  }

  protected override contentGone(): void {
    this.webContents._destroy()
  }

  protected override announce(name: string): void {
    super.announce(name)
    if (name === 'focus' || name === 'blur') fire(parts.app, `browser-window-${name}`, createEvent({}), this)
  }
}
