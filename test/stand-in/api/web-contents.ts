import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { HandlerDetails, WindowOpenHandlerResponse } from 'electron'
import { capture } from '../chromium/capture.ts'
import { makeCodec } from '../chromium/codec.ts'
import type { CdpSession } from '../chromium/cdp.ts'
import type { PageTarget } from '../chromium/browser.ts'
import type { Protocol } from '../chromium/protocol.ts'
import { BINDING, RECEIVER, WORLD } from '../chromium/worlds.ts'
import { wallOffset } from '../clock.ts'
import { createEvent, fire, notImplemented, Part } from '../part.ts'
import { fromWire, toWire } from '../wire.ts'
import { IpcMain } from './ipc-main.ts'
import { NavigationHistory } from './navigation-history.ts'
import { NativeImage } from './native-image.ts'
import { answerRequest } from './page-requests.ts'
import { mediaFeatures, metrics, preparePage, refuseUnsafe, type WebPreferences } from './page-setup.ts'
import { parts } from './parts.ts'
import type { Session } from './session.ts'
import { FrameMain } from './web-frame-main.ts'
import { sendInput, type InputEvent } from './input.ts'

type OpenHandler = (details: HandlerDetails) => WindowOpenHandlerResponse

interface Load {
  url: string
  loaderId: string | undefined
  resolve: () => void
  reject: (error: Error) => void
}

const codec = makeCodec()
let lastId = 0

/** Electron's `WebContents`: one page in Chromium, with its preload. Its statics are in `web-contents-module.ts`. */
export class WebContents extends Part {
  readonly id = ++lastId
  readonly ipc = new IpcMain()
  readonly session: Session
  readonly navigationHistory: NavigationHistory
  readonly mainFrame: FrameMain = new FrameMain(1, null)
  readonly hostWebContents = null
  readonly devToolsWebContents = null
  readonly debugger: never
  backgroundThrottling = true
  audioMuted = false
  zoomFactor = 1
  zoomLevel = 0
  private readonly preferences: WebPreferences
  private readonly attachment: Promise<CdpSession>
  private attachedSession: CdpSession | undefined
  private targetId: string | undefined
  private readonly frames = new Map<string, FrameMain>()
  private readonly preloadContexts = new Map<string, number>()
  private readonly requestedNavigations = new Set<string>()
  private openHandler: OpenHandler | undefined
  private load: Load | undefined
  private loading = false
  private title = ''
  private currentUrl = ''
  private userAgent: string | undefined
  private destroyed = false
  private crashed = false
  private popupUrl = ''
  private size = { width: 800, height: 600 }
  private lastFrameId = 1
  /** Not Electron's: tells the window that there is something to see. */
  _onPaint: () => void = () => undefined
  /** Not Electron's: what `close()` means for the window around the page. */
  _onClose: () => void = () => undefined

  constructor(
    preferences: WebPreferences,
    session: Session,
    size: { width: number; height: number },
    background: string,
  ) {
    super()
    refuseUnsafe(preferences)
    this.preferences = preferences
    this.session = session
    this.size = size
    this.navigationHistory = new NavigationHistory(() => this.attachment)
    this.debugger = undefined as never
    Object.defineProperty(this, 'debugger', { get: () => notImplemented('webContents.debugger') })
    parts.webContents.set(this.id, this)
    this.attachment = this.attach(background)
    // Each user of the page reports the failure; this only keeps it from counting as unhandled.
    this.attachment.catch((error: unknown) => {
      if (!this.destroyed) process.stderr.write(`stand-in: no page: ${String(error)}\n`)
    })
    setImmediate(() => {
      if (!this.destroyed) fire(parts.app, 'web-contents-created', createEvent({}), this)
    })
  }

  async loadURL(url: string, options?: { userAgent?: string }): Promise<void> {
    if (options?.userAgent !== undefined) this.setUserAgent(options.userAgent)
    this.load?.reject(new Error(`ERR_ABORTED (-3) loading '${this.load.url}'`))
    const done = new Promise<void>((resolveLoad, reject) => {
      this.load = { url, loaderId: undefined, resolve: resolveLoad, reject }
    })
    done.catch(() => undefined) // the caller gets the same promise; Electron also reports by did-fail-load
    const load = this.load
    const session = await this.attachment
    this.startLoading()
    const answer = await session.send('Page.navigate', { url: toWire(url) })
    if (load !== undefined) {
      load.loaderId = answer.loaderId
      if (answer.errorText !== undefined) this.failLoad(load, answer.errorText)
      else if (answer.loaderId === undefined) this.finishLoad(load) // same document
    }
    return done
  }

  loadFile(
    filePath: string,
    options: { query?: Record<string, string>; search?: string; hash?: string } = {},
  ): Promise<void> {
    const url = pathToFileURL(resolve(parts.app.getAppPath(), filePath))
    if (options.query !== undefined) url.search = new URLSearchParams(options.query).toString()
    if (options.search !== undefined) url.search = options.search
    if (options.hash !== undefined) url.hash = options.hash
    return this.loadURL(url.href)
  }

  getURL(): string {
    return this.currentUrl
  }

  getTitle(): string {
    return this.title
  }

  getType(): 'window' {
    return 'window'
  }

  isDestroyed(): boolean {
    return this.destroyed
  }

  isCrashed(): boolean {
    return this.crashed
  }

  isLoading(): boolean {
    return this.loading
  }

  isLoadingMainFrame(): boolean {
    return this.loading
  }

  isWaitingForResponse(): boolean {
    return this.loading
  }

  isFocused(): boolean {
    return parts.focusedWindow()?.webContents === this
  }

  focus(): void {
    parts.windowOf(this)?.focus()
  }

  close(): void {
    this._onClose()
  }

  reload(): void {
    this.startLoading()
    this.later((session) => session.send('Page.reload'))
  }

  reloadIgnoringCache(): void {
    this.startLoading()
    this.later((session) => session.send('Page.reload', { ignoreCache: true }))
  }

  stop(): void {
    this.later((session) => session.send('Page.stopLoading'))
  }

  send(channel: string, ...args: unknown[]): void {
    const text = codec.encode(structuredClone(args))
    this.deliver(['message', channel, text])
  }

  async executeJavaScript(code: string, userGesture = false): Promise<unknown> {
    const session = await this.attachment
    const answer = await session.send('Runtime.evaluate', {
      expression: code,
      awaitPromise: true,
      returnByValue: true,
      userGesture,
    })
    if (answer.exceptionDetails !== undefined) {
      const { exception, text } = answer.exceptionDetails
      throw new Error(exception?.description ?? String(exception?.value ?? text))
    }
    return answer.result.value as unknown
  }

  async insertCSS(css: string): Promise<string> {
    await this.executeJavaScript(
      `document.head.appendChild(Object.assign(document.createElement('style'), { textContent: ${JSON.stringify(css)} })) && 0`,
    )
    return `style-${randomBytes(4).toString('hex')}`
  }

  async insertText(text: string): Promise<void> {
    await (await this.attachment).send('Input.insertText', { text })
  }

  async capturePage(rect?: { x: number; y: number; width: number; height: number }): Promise<NativeImage> {
    const options = rect === undefined ? {} : { clip: { ...rect, scale: 1 } }
    const png = await capture(await this.attachment, options)
    return NativeImage.createFromBuffer(Buffer.from(png, 'base64'))
  }

  sendInputEvent(event: InputEvent): void {
    if (event.type === 'keyDown') {
      const input = createEvent({ type: 'keyDown', key: event.keyCode, code: '', isAutoRepeat: false })
      fire(this, 'before-input-event', input, input)
      if (input.defaultPrevented) return
    }
    this.later((session) => sendInput(session, event))
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler
  }

  setUserAgent(userAgent: string): void {
    this.userAgent = userAgent
    this.later((session) => session.send('Emulation.setUserAgentOverride', { userAgent }))
  }

  getUserAgent(): string {
    return this.userAgent ?? parts.app.userAgentFallback
  }

  setZoomFactor(factor: number): void {
    this.zoomFactor = factor
  }

  getZoomFactor(): number {
    return this.zoomFactor
  }

  setZoomLevel(level: number): void {
    this.zoomLevel = level
  }

  getZoomLevel(): number {
    return this.zoomLevel
  }

  setVisualZoomLevelLimits(): Promise<void> {
    // nobody pinches a headless page
    return Promise.resolve()
  }

  setIgnoreMenuShortcuts(): void {
    // menu accelerators are only recorded
  }

  setBackgroundThrottling(allowed: boolean): void {
    this.backgroundThrottling = allowed
  }

  setAudioMuted(muted: boolean): void {
    this.audioMuted = muted
  }

  isAudioMuted(): boolean {
    return this.audioMuted
  }

  isCurrentlyAudible(): boolean {
    return false
  }

  openDevTools(): void {
    process.stderr.write('stand-in: developer tools are not shown; use --remote-debugging-port\n')
  }

  closeDevTools(): void {
    // they are never open
  }

  toggleDevTools(): void {
    this.openDevTools()
  }

  isDevToolsOpened(): boolean {
    return false
  }

  getLastWebPreferences(): WebPreferences {
    return {
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      ...this.preferences,
    }
  }

  getProcessId(): number {
    return this.mainFrame.processId
  }

  getOSProcessId(): number {
    return process.pid
  }

  /** Makes Chromium kill the page's process; `render-process-gone` follows. */
  forcefullyCrashRenderer(): void {
    this.later((session) => session.send('Page.crash'))
  }

  copy(): void {
    this.edit('copy')
  }

  cut(): void {
    this.edit('cut')
  }

  paste(): void {
    this.edit('paste')
  }

  selectAll(): void {
    this.edit('selectAll')
  }

  undo(): void {
    this.edit('undo')
  }

  redo(): void {
    this.edit('redo')
  }

  delete(): void {
    this.edit('delete')
  }

  /** Not Electron's: Chromium's id of the page, once there is one. */
  _targetId(): string | undefined {
    return this.targetId
  }

  /** Not Electron's: the page's session, for the control. */
  _session(): Promise<CdpSession> {
    return this.attachment
  }

  /** Not Electron's: follows the window's size. */
  _resize(size: { width: number; height: number }): void {
    this.size = size
    this.later((session) => session.send('Emulation.setDeviceMetricsOverride', metrics(size)))
  }

  /** Not Electron's: follows `nativeTheme`. */
  _applyTheme(): void {
    this.later((session) => session.send('Emulation.setEmulatedMedia', mediaFeatures()))
  }

  /** Not Electron's: the page's `Date` follows the moved clock. */
  _moveTime(): void {
    if (wallOffset() !== 0) this.deliver(['time', wallOffset(), ''])
  }

  /** Not Electron's: the page goes with its window. */
  _destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.load?.reject(new Error(`ERR_FAILED (-2) loading '${this.load.url}'`))
    this.load = undefined
    parts.webContents.delete(this.id)
    for (const frame of this.frames.values()) frame.detached = true
    fire(this, 'destroyed')
    this.attachment
      .then(() =>
        parts.browser?.connection.root.send('Target.closeTarget', { targetId: this.targetId ?? '' }),
      )
      .catch(() => undefined) // the browser may be gone first
  }

  /** Not Electron's: decides about a page that this one opened. */
  async _popup(popup: PageTarget): Promise<void> {
    const url = fromWire(this.popupUrl === '' ? 'about:blank' : this.popupUrl)
    this.popupUrl = ''
    const decision = this.openHandler?.({
      url,
      frameName: '',
      features: '',
      disposition: 'foreground-tab',
      referrer: { url: this.currentUrl, policy: 'default' },
    })
    if (decision?.action === 'deny') {
      await parts.browser?.connection.root.send('Target.closeTarget', { targetId: popup.targetId })
    } else {
      await popup.session.send('Runtime.runIfWaitingForDebugger')
    }
  }

  private async attach(background: string): Promise<CdpSession> {
    const browser = await parts.startBrowser()
    const { session, targetId } = await browser.newPage()
    this.targetId = targetId
    this.attachedSession = session
    this.frames.set(targetId, this.mainFrame)
    this.listen(session)
    await preparePage(session, this.preferences, this.size, background)
    return session
  }

  private listen(session: CdpSession): void {
    session.on('Runtime.executionContextCreated', ({ context }) => {
      const frameId = (context.auxData as { frameId?: string } | undefined)?.frameId
      if (context.name !== WORLD || frameId === undefined) return
      this.preloadContexts.set(frameId, context.id)
      if (frameId === this.targetId) this._moveTime()
    })
    session.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      for (const [frameId, id] of this.preloadContexts) {
        if (id === executionContextId) this.preloadContexts.delete(frameId)
      }
    })
    session.on('Runtime.executionContextsCleared', () => {
      this.preloadContexts.clear()
    })
    session.on('Runtime.bindingCalled', (event) => {
      if (event.name === BINDING) this.receive(event.payload, event.executionContextId)
    })
    session.on('Runtime.consoleAPICalled', (event) => {
      this.reportConsole(event)
    })
    session.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      const message = exceptionDetails.exception?.description ?? exceptionDetails.text
      this.emitConsole('error', message, exceptionDetails.lineNumber, exceptionDetails.url ?? '')
    })
    session.on('Page.frameAttached', ({ frameId, parentFrameId }) => {
      this.lastFrameId += 1
      this.frames.set(
        frameId,
        new FrameMain(this.lastFrameId, this.frames.get(parentFrameId) ?? this.mainFrame),
      )
    })
    session.on('Page.frameDetached', ({ frameId }) => {
      const frame = this.frames.get(frameId)
      if (frame !== undefined) frame.detached = true
      this.frames.delete(frameId)
    })
    session.on('Page.frameNavigated', ({ frame }) => {
      this.frames.get(frame.id)?._navigated(frame.url + (frame.urlFragment ?? ''), frame.name)
      if (frame.parentId !== undefined) return
      this.currentUrl = fromWire(frame.url + (frame.urlFragment ?? ''))
      this.navigationHistory._reset()
      if (frame.unreachableUrl === undefined)
        fire(this, 'did-navigate', createEvent({}), this.currentUrl, 200, 'OK')
    })
    session.on('Page.navigatedWithinDocument', ({ frameId, url }) => {
      this.frames.get(frameId)?._navigated(url, undefined)
      if (frameId !== this.targetId) return
      this.currentUrl = fromWire(url)
      fire(this, 'did-navigate-in-page', createEvent({}), this.currentUrl, true, 1, 1)
    })
    session.on('Page.frameRequestedNavigation', (event) => {
      if (event.frameId === this.targetId && event.reason !== 'reload')
        this.requestedNavigations.add(event.url)
    })
    session.on('Page.windowOpen', ({ url }) => {
      this.popupUrl = url
      parts.lastOpener = this
    })
    session.on('Page.lifecycleEvent', (event) => {
      if (event.frameId === this.targetId) this.onLifecycle(event)
    })
    session.on('Fetch.requestPaused', (request) => {
      this.onRequest(session, request)
    })
    session.on('Inspector.targetCrashed', () => {
      this.crashed = true
      const details = { reason: 'crashed', exitCode: 133 }
      fire(this, 'render-process-gone', createEvent({}), details)
      fire(parts.app, 'render-process-gone', createEvent({}), this, details)
    })
    session.on('Inspector.detached', () => {
      if (!this.destroyed && !this.crashed) this._onClose()
    })
  }

  private onLifecycle(event: Protocol.Page.lifecycleEventPayload): void {
    if (event.name === 'firstPaint') this._onPaint()
    if (event.name === 'DOMContentLoaded') fire(this, 'dom-ready', createEvent({}))
    if (event.name !== 'load' || this.currentUrl === '') return
    if (this.currentUrl === 'about:blank' && this.load !== undefined && this.load.url !== 'about:blank')
      return
    this.crashed = false
    this._onPaint()
    this.readTitle()
    fire(this, 'did-frame-finish-load', createEvent({}), true, 1, 1)
    if (this.load !== undefined) this.finishLoad(this.load)
    else if (this.loading) this.loadFinished()
  }

  private onRequest(session: CdpSession, request: Protocol.Fetch.requestPausedPayload): void {
    const isMainDocument = request.resourceType === 'Document' && request.frameId === this.targetId
    if (isMainDocument && this.requestedNavigations.delete(request.request.url)) {
      const url = fromWire(request.request.url)
      const event = createEvent({ url, isMainFrame: true, isSameDocument: false, frame: this.mainFrame })
      fire(this, 'will-navigate', event, url)
      if (event.defaultPrevented) {
        session
          .send('Fetch.failRequest', { requestId: request.requestId, errorReason: 'Aborted' })
          .catch(() => undefined)
        return
      }
      this.startLoading()
    }
    answerRequest(session, request, this.session).catch((error: unknown) => {
      if (!this.destroyed && !parts.stopping) process.stderr.write(`stand-in: ${String(error)}\n`)
    })
  }

  private receive(payload: string, contextId: number): void {
    const message = JSON.parse(payload) as { kind: string; channel: string; id?: number; args: string }
    const args = codec.decode(message.args) as unknown[]
    const frameId = [...this.preloadContexts].find(([, id]) => id === contextId)?.[0]
    const frame = frameId === undefined ? null : (this.frames.get(frameId) ?? null)
    if (message.kind === 'preload-error') {
      fire(this, 'preload-error', createEvent({}), this.preferences.preload, args[0])
    } else if (message.kind === 'send') {
      fire(this, 'ipc-message', createEvent({ sender: this, senderFrame: frame }), message.channel, ...args)
      this.ipc._deliver(message.channel, this, frame, args)
      parts.ipcMain._deliver(message.channel, this, frame, args)
    } else {
      void this.answerInvoke(message.channel, message.id ?? 0, frame, args)
    }
  }

  private async answerInvoke(
    channel: string,
    id: number,
    frame: FrameMain | null,
    args: unknown[],
  ): Promise<void> {
    const target = this.ipc._handles(channel) ? this.ipc : parts.ipcMain
    try {
      const result = await target._invoke(channel, this, frame, args)
      this.deliver(['result', id, codec.encode(structuredClone(result))])
    } catch (error) {
      process.stderr.write(`Error occurred in handler for '${channel}': ${describe(error)}\n`)
      this.deliver(['error', id, `Error invoking remote method '${channel}': ${String(error)}`])
    }
  }

  /** Calls the receiver in the preload's world of the main frame; without one the message is lost, as in Electron. */
  private deliver(args: unknown[]): void {
    const contextId = this.targetId === undefined ? undefined : this.preloadContexts.get(this.targetId)
    if (contextId === undefined || this.attachedSession === undefined || this.destroyed) return
    this.attachedSession
      .send('Runtime.evaluate', {
        expression: `${RECEIVER}(${args.map((a) => JSON.stringify(a)).join(',')})`,
        contextId,
      })
      .catch(() => undefined) // the page navigated or closed meanwhile
  }

  private startLoading(): void {
    if (this.loading) return
    this.loading = true
    fire(this, 'did-start-loading')
  }

  private loadFinished(): void {
    this.loading = false
    fire(this, 'did-finish-load')
    fire(this, 'did-stop-loading')
  }

  private finishLoad(load: Load): void {
    if (this.load === load) this.load = undefined
    this.loadFinished()
    load.resolve()
  }

  private failLoad(load: Load, errorText: string): void {
    if (this.load === load) this.load = undefined
    this.loading = false
    const text = errorText.replace(/^net::/, '')
    const code = text === 'ERR_ABORTED' ? -3 : -2
    fire(this, 'did-fail-load', createEvent({}), code, text, load.url, true, 1, 1)
    fire(this, 'did-stop-loading')
    load.reject(
      Object.assign(new Error(`${text} (${code}) loading '${load.url}'`), {
        code: text,
        errno: code,
        url: load.url,
      }),
    )
  }

  private readTitle(): void {
    this.executeJavaScript('document.title')
      .then((title) => {
        if (typeof title !== 'string' || title === this.title || this.destroyed) return
        this.title = title
        const event = createEvent({})
        fire(this, 'page-title-updated', event, title, true)
        if (!event.defaultPrevented) parts.windowOf(this)?._pageTitle(title)
      })
      .catch(() => undefined) // the page is gone, and its title with it
  }

  private reportConsole(event: Protocol.Runtime.consoleAPICalledPayload): void {
    const levels: Record<string, string> = { warning: 'warning', error: 'error', debug: 'debug' }
    const text = event.args.map((arg) => String(arg.value ?? arg.description ?? '')).join(' ')
    const at = event.stackTrace?.callFrames[0]
    this.emitConsole(levels[event.type] ?? 'info', text, at?.lineNumber ?? 0, at?.url ?? '')
  }

  private emitConsole(level: string, message: string, line: number, source: string): void {
    const details = {
      level,
      message,
      lineNumber: line + 1,
      sourceId: fromWire(source),
      frame: this.mainFrame,
    }
    fire(this, 'console-message', createEvent(details))
    if (process.env['STAND_IN_VERBOSE'] === '1') process.stderr.write(`page ${level}: ${message}\n`)
  }

  private edit(command: string): void {
    this.later((session) =>
      session.send('Runtime.evaluate', {
        expression: `document.execCommand('${command}')`,
        userGesture: true,
      }),
    )
  }

  /** Does something with the page as soon as there is one; a page that is gone needs nothing. */
  private later(action: (session: CdpSession) => Promise<unknown>): void {
    this.attachment.then(action).catch((error: unknown) => {
      if (!this.destroyed && !parts.stopping && !this.crashed)
        process.stderr.write(`stand-in: ${String(error)}\n`)
    })
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
