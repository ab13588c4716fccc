import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { CdpConnection, type CdpSession } from './cdp.ts'
import { locateChromium, type ChromiumInstall } from './locate.ts'
import type { Protocol } from './protocol.ts'

const PROFILE_PREFIX = 'stand-in-chromium-'
/**
 * Runs Chromium, ends its helpers that outlive it (the group is theirs alone), lets go of the pipes, and removes the
 * profile until nobody writes it again.
 */
const RUN_THEN_CLEAN = `"$0" "$@"
trap "" TERM
kill -TERM 0
exec 2>&- 3>&- 4>&-
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$STAND_IN_PROFILE"
  sleep 0.1
  [ -e "$STAND_IN_PROFILE" ] || break
done`

/** A page that Chromium opened: its id and its (paused) session. */
export interface PageTarget {
  readonly targetId: string
  readonly session: CdpSession
  readonly openerId: string | undefined
}

/** How to start the browser. */
export interface BrowserOptions {
  /** Folder that gets the profile's folder, which is removed when the browser has left. */
  readonly profileParent: string
  /** Port for Playwright (`0`: any), or undefined when nobody but the stand-in listens. */
  readonly debuggingPort: string | undefined
  readonly locale: string | undefined
}

/** The headless Chromium that draws the windows; driven over a pipe, so it leaves when this process dies. */
export class Browser {
  readonly connection: CdpConnection
  /** Called with every page that a page opened by itself; it stays paused until the callee decides. */
  onPopup: (popup: PageTarget) => void = () => undefined
  private readonly child: ChildProcess
  private readonly profile: string
  private readonly attached = new Map<string, PageTarget>()
  private readonly claims = new Map<string, (target: PageTarget) => void>()
  private pendingCreations = 0

  private constructor(child: ChildProcess, profile: string) {
    this.child = child
    this.profile = profile
    this.connection = new CdpConnection(child.stdio[3] as Writable, child.stdio[4] as Readable)
    this.connection.root.on('Target.attachedToTarget', (event) => {
      this.onAttached(event)
    })
    this.connection.root.on('Target.detachedFromTarget', ({ sessionId }) => {
      this.connection.session(sessionId).dispatch('Inspector.detached', { reason: 'target_closed' })
      this.connection.drop(sessionId)
    })
  }

  /** Starts Chromium and waits until it takes commands. */
  static async start(options: BrowserOptions): Promise<Browser> {
    const install = await locateChromium()
    removeStaleProfiles(options.profileParent)
    // The process id keeps two instances of one app from fighting over one profile.
    const profile = join(options.profileParent, `${PROFILE_PREFIX}${process.pid}`)
    mkdirSync(profile, { recursive: true })
    accessSync(install.executable, constants.X_OK) // says which file is missing; the shell would only end
    // The shell outlives a killed app: it removes the profile once Chromium has left. A group of its own, so that Ctrl+C
    // in a terminal reaches the app only, which then closes its windows in order.
    const child = spawn(
      '/bin/sh',
      ['-c', RUN_THEN_CLEAN, install.executable, ...chromiumArguments(options, profile)],
      {
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
        env: { ...browserEnvironment(install, profile), STAND_IN_PROFILE: profile },
      },
    )
    const browser = new Browser(child, profile)
    const failed = once(child, 'error').then(([error]) => {
      throw error instanceof Error ? error : new Error(String(error))
    })
    forwardDevToolsLine(child)
    await Promise.race([
      browser.connection.root.send('Target.setAutoAttach', {
        autoAttach: true,
        waitForDebuggerOnStart: true,
        flatten: true,
        filter: [{ type: 'page', exclude: false }],
      }),
      failed,
    ])
    return browser
  }

  /** Opens an empty page; its session is paused until `Runtime.runIfWaitingForDebugger`. */
  async newPage(): Promise<PageTarget> {
    this.pendingCreations += 1
    try {
      const { targetId } = await this.connection.root.send('Target.createTarget', { url: 'about:blank' })
      const early = this.attached.get(targetId)
      if (early !== undefined) {
        this.attached.delete(targetId)
        return early
      }
      return await new Promise<PageTarget>((resolve) => this.claims.set(targetId, resolve))
    } finally {
      this.pendingCreations -= 1
      this.reportPopups()
    }
  }

  /** Ends Chromium. Resolves when it has left; the shell sees to the profile. */
  async stop(): Promise<void> {
    if (this.connection.closed) return
    const left = new Promise<void>((done) => (this.connection.onClose = done))
    const kill = (): void => {
      // Everything in the group, the shell included: the next start removes the profile.
      if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL')
    }
    this.connection.root.send('Browser.close').catch(() => undefined) // it may leave before it answers
    const timer = setTimeout(kill, 5000)
    await left
    clearTimeout(timer)
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 3 })
  }

  private onAttached(event: Protocol.Target.attachedToTargetPayload): void {
    const { targetId, openerId, type } = event.targetInfo
    const target = { targetId, openerId, session: this.connection.session(event.sessionId) }
    if (type !== 'page') return
    const claim = this.claims.get(targetId)
    if (claim === undefined) {
      this.attached.set(targetId, target)
      this.reportPopups()
    } else {
      this.claims.delete(targetId)
      claim(target)
    }
  }

  /** A page without a claim is a popup; a `noopener` one is only known as such when no own page is being made. */
  private reportPopups(): void {
    for (const target of [...this.attached.values()]) {
      if (target.openerId === undefined && this.pendingCreations > 0) continue
      this.attached.delete(target.targetId)
      this.onPopup(target)
    }
  }
}

function chromiumArguments(options: BrowserOptions, profile: string): string[] {
  return [
    '--headless',
    '--no-sandbox', // unprivileged containers can't nest one
    '--remote-debugging-pipe',
    ...(options.debuggingPort === undefined ? [] : [`--remote-debugging-port=${options.debuggingPort}`]),
    `--user-data-dir=${profile}`,
    '--no-startup-window',
    '--keep-alive-for-test',
    '--no-first-run',
    '--disable-gpu',
    '--in-process-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-component-update',
    '--disable-sync',
    '--disable-features=Translate,OptimizationHints,MediaRouter,HttpsUpgrades,SpareRendererForSitePerProcess',
    '--force-color-profile=srgb',
    // Only names of custom schemes end so; they are answered before the network is asked, and must never reach a resolver.
    '--host-resolver-rules=MAP *.stand-in.invalid ~NOTFOUND',
    '--hide-scrollbars',
    '--password-store=basic',
    ...(options.locale === undefined ? [] : [`--lang=${options.locale}`]),
  ]
}

/** The app's environment with the browser's own libraries first. */
function browserEnvironment(install: ChromiumInstall, profile: string): NodeJS.ProcessEnv {
  const libraries = [install.env['LD_LIBRARY_PATH'], process.env['LD_LIBRARY_PATH']].filter(
    (path) => path !== undefined,
  )
  return {
    ...process.env,
    ...install.env,
    ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(':') }),
    HOME: profile,
  }
}

/** Playwright reads the line from the app's stderr; the rest of Chromium's talk is shown on request. */
function forwardDevToolsLine(child: ChildProcess): void {
  if (child.stderr === null) return
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('DevTools listening on ') || process.env['STAND_IN_VERBOSE'] === '1') {
      process.stderr.write(`${line}\n`)
    }
  })
}

/** Where even the shell was killed, the next start removes the profile. */
function removeStaleProfiles(parent: string): void {
  let names: string[]
  try {
    names = readdirSync(parent)
  } catch {
    return // no folder yet, so nothing stale
  }
  for (const name of names) {
    const pid = Number(name.startsWith(PROFILE_PREFIX) ? name.slice(PROFILE_PREFIX.length) : Number.NaN)
    if (!Number.isNaN(pid) && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
}

/** Whether a process with that id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
