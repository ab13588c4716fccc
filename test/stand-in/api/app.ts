import { mkdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { spawn } from 'node:child_process'
import type { LoginItemSettings as ElectronLoginItem } from 'electron'
import { host, leaveNow, lifecycle } from '../host.ts'
import { createEvent, fire, notImplemented, Part, QuietPart } from '../part.ts'
import { SingleInstance } from '../single-instance.ts'
import { Menu } from './menu.ts'
import { proxyFor } from './net.ts'
import { parts } from './parts.ts'
import type { Session } from './session.ts'

/** Electron's `app.commandLine`. */
export class CommandLineSwitches extends QuietPart {
  private readonly switches = new Map(host.commandLine.switches)

  appendSwitch(name: string, value = ''): void {
    this.switches.set(name.toLowerCase(), value)
  }

  appendArgument(): void {
    // Chromium would get it; the stand-in's takes no arguments of the app
  }

  hasSwitch(name: string): boolean {
    return this.switches.has(name.toLowerCase())
  }

  getSwitchValue(name: string): string {
    return this.switches.get(name.toLowerCase()) ?? ''
  }

  removeSwitch(name: string): void {
    this.switches.delete(name.toLowerCase())
  }
}

/** Electron's `app.dock` (macOS only). */
export class Dock extends QuietPart {
  private visible = true
  private badge = ''
  private menu: Menu | null = null

  hide(): void {
    this.visible = false
  }

  show(): Promise<void> {
    this.visible = true
    return Promise.resolve()
  }

  isVisible(): boolean {
    return this.visible
  }

  setBadge(text: string): void {
    this.badge = text
  }

  getBadge(): string {
    return this.badge
  }

  setMenu(menu: Menu): void {
    this.menu = menu
  }

  getMenu(): Menu | null {
    return this.menu
  }

  setIcon(): void {
    // there is no dock to show it
  }

  bounce(): number {
    return 0
  }

  cancelBounce(): void {
    // nothing bounces
  }
}

interface LoginItemSettings {
  openAtLogin?: boolean
  path?: string
  args?: string[]
  [other: string]: unknown
}

/** Electron's `app`. The order of its events at the end follows Electron's `Browser::Quit`. */
export class App extends Part {
  readonly commandLine = new CommandLineSwitches()
  readonly dock: Dock | undefined = host.platform === 'darwin' ? new Dock() : undefined
  readonly isPackaged = host.packaged
  readonly runningUnderARM64Translation = false
  readonly toastActivatorCLSID = ''
  accessibilitySupportEnabled = false
  userAgentFallback = `Mozilla/5.0 Chrome/${host.chromeVersion} Electron/${host.electronVersion} Safari/537.36`
  badgeCount = 0
  private appName = 'Electron'
  private version: string = host.electronVersion
  private appPath = process.cwd()
  private readonly paths = new Map<string, string>()
  private readonly instance = new SingleInstance()
  private readonly defaultSession: () => Session
  private readonly readyPromise: Promise<void>
  private resolveReady: () => void = () => undefined
  private loginItem: LoginItemSettings = {}
  private hidden = false
  private activationPolicy = 'regular'
  private userModelId = ''
  private exitCode = 0
  private closing = false

  constructor(defaultSession: () => Session) {
    super()
    this.defaultSession = defaultSession
    this.readyPromise = new Promise((done) => (this.resolveReady = done))
    const userData = host.commandLine.switches.get('user-data-dir')
    if (userData !== undefined && userData !== '') this.paths.set('userData', resolve(userData))
  }

  get name(): string {
    return this.appName
  }

  set name(name: string) {
    this.appName = name
  }

  get applicationMenu(): Menu | null {
    return Menu.getApplicationMenu()
  }

  set applicationMenu(menu: Menu | null) {
    Menu.setApplicationMenu(menu)
  }

  getName(): string {
    return this.appName
  }

  setName(name: string): void {
    this.appName = name
  }

  getVersion(): string {
    return this.version
  }

  getAppPath(): string {
    return this.appPath
  }

  whenReady(): Promise<void> {
    return this.readyPromise
  }

  isReady(): boolean {
    return lifecycle.ready
  }

  getPath(name: string): string {
    const chosen = this.paths.get(name)
    if (chosen !== undefined) return chosen
    const path = this.defaultPath(name)
    if (name === 'userData' || name === 'sessionData' || name === 'logs') mkdirSync(path, { recursive: true })
    return path
  }

  setPath(name: string, path: string): void {
    if (!isAbsolute(path)) throw new Error('Path must be absolute')
    this.defaultPath(name) // refuses unknown names
    this.paths.set(name, path)
  }

  setAppLogsPath(path?: string): void {
    const chosen = path ?? this.defaultPath('logs')
    mkdirSync(chosen, { recursive: true })
    this.paths.set('logs', chosen)
  }

  getLocale(): string {
    const { LC_ALL, LC_MESSAGES, LANG } = process.env
    const named = host.commandLine.switches.get('lang') ?? LC_ALL ?? LC_MESSAGES ?? LANG ?? ''
    const tag = named.replace(/[.@].*$/, '').replace('_', '-')
    return tag === '' || tag === 'C' || tag === 'POSIX' ? 'en-US' : tag
  }

  getSystemLocale(): string {
    return this.getLocale()
  }

  getPreferredSystemLanguages(): string[] {
    return [this.getLocale()]
  }

  getLocaleCountryCode(): string {
    return this.getLocale().split('-')[1] ?? ''
  }

  requestSingleInstanceLock(additionalData?: Record<string, unknown>): boolean {
    return this.instance.request(this.getPath('userData'), additionalData, (message) => {
      this.whenReady()
        .then(() => fire(this, 'second-instance', createEvent({}), message.argv, message.cwd, message.data))
        .catch(() => undefined) // ready never rejects
    })
  }

  hasSingleInstanceLock(): boolean {
    return this.instance.held
  }

  releaseSingleInstanceLock(): void {
    this.instance.release()
  }

  quit(): void {
    if (lifecycle.quitting) return
    const event = createEvent({})
    fire(this, 'before-quit', event)
    if (event.defaultPrevented) return
    lifecycle.quitting = true
    this.closeAllThenQuit()
  }

  exit(exitCode = 0): void {
    if (lifecycle.exiting) return
    this.exitCode = exitCode
    lifecycle.quitting = true
    this.closing = true
    for (const window of [...parts.windows.values()]) window.destroy()
    this.leave()
  }

  relaunch(options: { args?: string[]; execPath?: string } = {}): void {
    const args = options.args ?? host.args
    const execPath = options.execPath ?? host.executable
    process.once('exit', () => {
      spawn(execPath, args, { detached: true, stdio: 'ignore' }).unref()
    })
  }

  focus(): void {
    parts.windows.values().next().value?.focus()
  }

  hide(): void {
    this.demandMac('hide')
    this.hidden = true
  }

  show(): void {
    this.demandMac('show')
    this.hidden = false
  }

  isHidden(): boolean {
    this.demandMac('isHidden')
    return this.hidden
  }

  isActive(): boolean {
    this.demandMac('isActive')
    return parts.focused !== undefined
  }

  setActivationPolicy(policy: 'regular' | 'accessory' | 'prohibited'): void {
    this.demandMac('setActivationPolicy')
    this.activationPolicy = policy
  }

  isInApplicationsFolder(): boolean {
    this.demandMac('isInApplicationsFolder')
    return true
  }

  setAppUserModelId(id: string): void {
    this.userModelId = id
  }

  setLoginItemSettings(settings: LoginItemSettings): void {
    // Electron leaves Linux to `.desktop` files: nothing happens there.
    if (host.platform !== 'linux') this.loginItem = { ...settings }
  }

  getLoginItemSettings(options: { path?: string; args?: string[] } = {}): ElectronLoginItem {
    const same =
      host.platform !== 'win32' ||
      JSON.stringify(options.args ?? []) === JSON.stringify(this.loginItem.args ?? [])
    const openAtLogin = same && this.loginItem.openAtLogin === true
    return {
      openAtLogin,
      wasOpenedAtLogin: false,
      status: openAtLogin ? 'enabled' : 'not-registered',
      executableWillLaunchAtLogin: openAtLogin,
      launchItems: [],
    }
  }

  setBadgeCount(count = 0): boolean {
    this.badgeCount = count
    return host.platform !== 'win32'
  }

  getBadgeCount(): number {
    return this.badgeCount
  }

  setAsDefaultProtocolClient(): boolean {
    // no system to register with
    return true
  }

  isDefaultProtocolClient(): boolean {
    return false
  }

  removeAsDefaultProtocolClient(): boolean {
    return true
  }

  setAboutPanelOptions(): void {
    // the panel itself is not there (showAboutPanel throws)
  }

  setJumpList(): 'ok' {
    return 'ok'
  }

  setUserTasks(): boolean {
    return true
  }

  clearRecentDocuments(): void {
    // there are none
  }

  disableHardwareAcceleration(): void {
    this.demandEarly('disableHardwareAcceleration')
  }

  enableSandbox(): void {
    this.demandEarly('enableSandbox')
  }

  isAccessibilitySupportEnabled(): boolean {
    return this.accessibilitySupportEnabled
  }

  setAccessibilitySupportEnabled(enabled: boolean): void {
    this.accessibilitySupportEnabled = enabled
  }

  resolveProxy(url: string): Promise<string> {
    return Promise.resolve(proxyFor(url))
  }

  getAppMetrics(): never {
    return notImplemented('app.getAppMetrics')
  }

  /** Not Electron's: what the package's manifest says, before the app runs. */
  _configure(manifest: { name: string | undefined; version: string | undefined; path: string }): void {
    this.appPath = manifest.path
    if (manifest.name !== undefined) this.appName = manifest.name
    if (manifest.version !== undefined) this.version = manifest.version
  }

  /** Not Electron's: the moment of `ready`. */
  _becomeReady(): void {
    if (lifecycle.exiting) return
    lifecycle.ready = true
    fire(this, 'will-finish-launching')
    // Through `emit`, which Playwright's loader replaces to hold the event back.
    fire(this, 'ready', createEvent({}), {})
    this.resolveReady()
  }

  /** Not Electron's: a window is gone. */
  _windowClosed(): void {
    if (lifecycle.exiting || parts.windows.size > 0) return
    if (lifecycle.quitting) {
      if (!this.closing) this.finishQuit()
      return
    }
    if (this.listenerCount('window-all-closed') === 0) this.quit()
    else fire(this, 'window-all-closed')
  }

  /** Not Electron's: the session of windows that name none. */
  _defaultSession(): Session {
    return this.defaultSession()
  }

  /** Not Electron's: what the system was told, for tests. */
  _told(): { userModelId: string; activationPolicy: string; loginItem: LoginItemSettings } {
    return {
      userModelId: this.userModelId,
      activationPolicy: this.activationPolicy,
      loginItem: this.loginItem,
    }
  }

  private closeAllThenQuit(): void {
    this.closing = true
    for (const window of [...parts.windows.values()]) {
      if (!window._mayClose()) {
        // A prevented close cancels the whole quit; windows that already agreed are gone, as in Electron.
        lifecycle.quitting = false
        this.closing = false
        return
      }
      window.destroy()
    }
    this.closing = false
    this.finishQuit()
  }

  private finishQuit(): void {
    const event = createEvent({})
    fire(this, 'will-quit', event)
    if (event.defaultPrevented) {
      lifecycle.quitting = false
      return
    }
    this.leave()
  }

  private leave(): void {
    if (lifecycle.exiting) return
    lifecycle.exiting = true
    fire(this, 'quit', createEvent({}), this.exitCode)
    parts
      .stopBrowser()
      .catch((error: unknown) => process.stderr.write(`stand-in: ${String(error)}\n`))
      .finally(() => {
        this.instance.release()
        leaveNow(this.exitCode)
      })
  }

  private defaultPath(name: string): string {
    const home = homedir()
    const appData = {
      win32: process.env['APPDATA'] ?? join(home, 'AppData/Roaming'),
      darwin: join(home, 'Library/Application Support'),
      linux: process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'),
    }[host.platform]
    const userData = (): string => this.paths.get('userData') ?? join(appData, this.appName)
    switch (name) {
      case 'home':
        return home
      case 'appData':
        return appData
      case 'userData':
        return userData()
      case 'sessionData':
      case 'crashDumps':
        return name === 'sessionData' ? userData() : join(userData(), 'Crashpad')
      case 'logs':
        return host.platform === 'darwin'
          ? join(home, 'Library/Logs', this.appName)
          : join(userData(), 'logs')
      case 'temp':
        return tmpdir()
      case 'exe':
      case 'module':
        return host.executable
      case 'assets':
        return dirname(host.executable)
      case 'desktop':
      case 'documents':
      case 'downloads':
      case 'music':
      case 'pictures':
      case 'videos':
        return join(
          home,
          name.replace(/^./, (c) => c.toUpperCase()),
        )
      default:
        throw new Error(`Failed to get '${name}' path`)
    }
  }

  private demandMac(member: string): void {
    if (host.platform !== 'darwin') throw new TypeError(`app.${member} is not a function`)
  }

  private demandEarly(member: string): void {
    if (lifecycle.ready) throw new Error(`app.${member}() can only be called before app is ready`)
  }
}
