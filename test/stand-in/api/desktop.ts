import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { NotificationAction, UserDefaultTypes } from 'electron'
import { host, needsReady } from '../host.ts'
import { createEvent, fire, Part, QuietPart } from '../part.ts'

/** Electron's `shell`. `openExternal` starts `xdg-open` from the PATH, as Electron does on Linux. */
export class Shell extends QuietPart {
  /** Not Electron's: every URL that was handed to the system. */
  readonly _opened: string[] = []

  openExternal(url: string): Promise<void> {
    if (!URL.canParse(url)) return Promise.reject(new Error('Invalid URL'))
    this._opened.push(url)
    return new Promise((resolve, reject) => {
      const child = spawn('xdg-open', [url], { stdio: 'ignore', detached: true })
      child.once('error', () => {
        reject(new Error('Failed to open: xdg-open is missing'))
      })
      child.once('spawn', () => {
        child.unref()
        resolve()
      })
    })
  }

  async openPath(path: string): Promise<string> {
    if (!existsSync(path)) return 'Failed to open path'
    return this.openExternal(pathToFileURL(path).href).then(
      () => '',
      (error: unknown) => String(error),
    )
  }

  showItemInFolder(path: string): void {
    this.openExternal(pathToFileURL(dirname(path)).href).catch((error: unknown) => {
      process.stderr.write(`stand-in: showItemInFolder: ${String(error)}\n`)
    })
  }

  beep(): void {
    // no bell
  }
}

/** Electron's `clipboard` (asynchronous since 45), inside this process only. */
export class Clipboard extends QuietPart {
  private text = ''
  private selected: Clipboard | undefined

  /** The other clipboard of X11 desktops. */
  get selection(): Clipboard {
    this.selected ??= new Clipboard()
    return this.selected
  }

  writeText(text: string): Promise<void> {
    this.text = text
    return Promise.resolve()
  }

  readText(): Promise<string> {
    return Promise.resolve(this.text)
  }

  clear(): void {
    this.text = ''
  }
}

interface MessageBoxOptions {
  message: string
  title?: string
  buttons?: string[]
  defaultId?: number
  cancelId?: number
}

/** One dialog as it was asked for. */
export interface DialogRecord {
  kind: string
  title: string
  message: string
  buttons: string[]
}

/** Electron's `dialog`: answers come from a queue; without one the user pressed Escape. */
export class Dialog extends QuietPart {
  /** Not Electron's: what was shown, oldest first. */
  readonly _shown: DialogRecord[] = []
  /** Not Electron's: numbers of buttons, or paths, for the next dialogs. */
  readonly _answers: (number | string | string[])[] = []

  showMessageBox(...args: unknown[]): Promise<{ response: number; checkboxChecked: boolean }> {
    return Promise.resolve({ response: this.ask('message', args), checkboxChecked: false })
  }

  showMessageBoxSync(...args: unknown[]): number {
    return this.ask('message', args)
  }

  showErrorBox(title: string, content: string): void {
    this._shown.push({ kind: 'error', title, message: content, buttons: [] })
    process.stderr.write(`${title}: ${content}\n`)
  }

  showOpenDialog(...args: unknown[]): Promise<{ canceled: boolean; filePaths: string[] }> {
    const answer = this.paths('open', args)
    return Promise.resolve({ canceled: answer === undefined, filePaths: answer ?? [] })
  }

  showSaveDialog(...args: unknown[]): Promise<{ canceled: boolean; filePath: string }> {
    const answer = this.paths('save', args)?.[0]
    return Promise.resolve({ canceled: answer === undefined, filePath: answer ?? '' })
  }

  private ask(kind: string, args: unknown[]): number {
    const options = args.at(-1) as MessageBoxOptions
    const buttons = options.buttons ?? ['OK']
    this._shown.push({ kind, title: options.title ?? '', message: options.message, buttons })
    const answer = this._answers.shift()
    return typeof answer === 'number' ? answer : (options.cancelId ?? 0)
  }

  private paths(kind: string, args: unknown[]): string[] | undefined {
    const options = args.at(-1) as { title?: string }
    this._shown.push({ kind, title: options.title ?? '', message: '', buttons: [] })
    const answer = this._answers.shift()
    return answer === undefined || typeof answer === 'number' ? undefined : [answer].flat()
  }
}

interface NotificationOptions {
  title?: string
  body?: string
  silent?: boolean
  urgency?: 'normal' | 'critical' | 'low'
  timeoutType?: 'default' | 'never'
  actions?: NotificationAction[]
}

/** Electron's `Notification`: kept, not shown. */
export class Notification extends Part {
  /** Not Electron's: everything that was shown, oldest first. */
  static readonly _shown: Notification[] = []
  title: string
  body: string
  silent: boolean
  urgency: 'normal' | 'critical' | 'low'
  timeoutType: 'default' | 'never'
  actions: NotificationAction[]
  subtitle = ''

  constructor(options: NotificationOptions = {}) {
    super()
    this.title = options.title ?? ''
    this.body = options.body ?? ''
    this.silent = options.silent ?? false
    this.urgency = options.urgency ?? 'normal'
    this.timeoutType = options.timeoutType ?? 'default'
    this.actions = options.actions ?? []
  }

  static isSupported(): boolean {
    return true
  }

  show(): void {
    needsReady('Notification')
    Notification._shown.push(this)
    setImmediate(() => fire(this, 'show', createEvent({})))
  }

  close(): void {
    setImmediate(() => fire(this, 'close', createEvent({})))
  }
}

const DISPLAY = {
  id: 1,
  label: 'stand-in',
  bounds: { x: 0, y: 0, width: 1440, height: 900 },
  workArea: { x: 0, y: 0, width: 1440, height: 860 },
  size: { width: 1440, height: 900 },
  workAreaSize: { width: 1440, height: 860 },
  scaleFactor: 1,
  rotation: 0,
  internal: true,
  touchSupport: 'unavailable' as const,
  accelerometerSupport: 'unavailable' as const,
  colorDepth: 24,
  colorSpace: 'srgb',
  depthPerComponent: 8,
  detected: true,
  displayFrequency: 60,
  maximumCursorSize: { width: 256, height: 256 },
  monochrome: false,
  nativeOrigin: { x: 0, y: 0 },
}

/** Electron's `screen`: one display. */
export class Screen extends Part {
  getPrimaryDisplay(): typeof DISPLAY {
    needsReady("The 'screen' module")
    return DISPLAY
  }

  getAllDisplays(): (typeof DISPLAY)[] {
    return [this.getPrimaryDisplay()]
  }

  getDisplayNearestPoint(): typeof DISPLAY {
    return this.getPrimaryDisplay()
  }

  getDisplayMatching(): typeof DISPLAY {
    return this.getPrimaryDisplay()
  }

  getCursorScreenPoint(): { x: number; y: number } {
    return { x: 1212, y: 888 }
  }
}

/** Electron's `globalShortcut`: registered, fired only by the control. */
export class GlobalShortcut extends QuietPart {
  private readonly shortcuts = new Map<string, () => void>()

  register(accelerator: string, callback: () => void): boolean {
    if (this.shortcuts.has(accelerator)) return false
    this.shortcuts.set(accelerator, callback)
    return true
  }

  unregister(accelerator: string): void {
    this.shortcuts.delete(accelerator)
  }

  unregisterAll(): void {
    this.shortcuts.clear()
  }

  isRegistered(accelerator: string): boolean {
    return this.shortcuts.has(accelerator)
  }
}

/** Electron's `systemPreferences`, the harmless part. */
export class SystemPreferences extends Part {
  getAccentColor(): string {
    return '0078d4ff'
  }

  getAnimationSettings(): {
    shouldRenderRichAnimation: boolean
    scrollAnimationsEnabledBySystem: boolean
    prefersReducedMotion: boolean
  } {
    return {
      shouldRenderRichAnimation: true,
      scrollAnimationsEnabledBySystem: true,
      prefersReducedMotion: false,
    }
  }

  getUserDefault<T extends keyof UserDefaultTypes>(key: string, type: T): UserDefaultTypes[T] {
    // A managed Mac would answer; `STAND_IN_USER_DEFAULTS` holds them as JSON.
    if (host.platform !== 'darwin') throw new TypeError('systemPreferences.getUserDefault is not a function')
    const defaults = JSON.parse(process.env['STAND_IN_USER_DEFAULTS'] ?? '{}') as Record<
      string,
      UserDefaultTypes[T]
    >
    const empty = {
      string: '',
      boolean: false,
      integer: 0,
      float: 0,
      double: 0,
      url: '',
      array: [],
      dictionary: {},
    }
    return defaults[key] ?? empty[type]
  }
}
