import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import type { MenuEntry, Operations } from '../stand-in/control-types.ts'
import { commandFor } from './subject.ts'

/** How to launch the app. */
export interface LaunchOptions {
  /** Arguments of the app, after its folder. */
  args?: readonly string[]
  /** Added to the environment; undefined removes a variable. */
  env?: Readonly<Record<string, string | undefined>>
  /** Default: a new folder that `dispose` removes. */
  userDataDir?: string
  /** What the stand-in poses as (default: linux). Real Electron runs on what it runs on; others are refused. */
  platform?: 'win32' | 'darwin' | 'linux'
  /** Folder of the app; default: the repository's root, that is the built `out/main/index.js`. */
  appDir?: string
  /** Let `openExternal` really start the system's opener (`xdg-open` on the PATH); default: only recorded. */
  openExternally?: boolean
}

/** No message bus: a spec must not depend on the desktop it runs on, nor act on it. Specs that need one name it. */
export const NO_BUS = {
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/session-bus',
  DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/system-bus',
} as const

/** How a process ended: its exit code, or the signal that killed it. */
export type ExitStatus = number | string

/** One dialog that the app showed. */
export interface ShownDialog {
  kind: string
  title: string
  message: string
  buttons: string[]
}

/** One running app, on real Electron or on the stand-in. */
export interface App {
  readonly kind: 'real' | 'stand-in'
  readonly platform: 'win32' | 'darwin' | 'linux'
  readonly userDataDir: string
  readonly pid: number
  /** Playwright's own handle, for what is not below. */
  readonly electron: ElectronApplication
  /** The newest window's page, once it shows something; waits for one to open (default 15 s). */
  window(timeoutMs?: number): Promise<Page>
  /** How many windows with a page exist, and whether one is visible. */
  windows(): Promise<{ count: number; visible: boolean }>
  /** A powerMonitor event, for example `lock-screen`. Answers whether the app called `preventDefault`. */
  power(event: string): Promise<boolean>
  /** What the idle polls answer; `undefined` gives them back to the machine. */
  setIdle(idle: {
    state?: 'active' | 'idle' | 'locked' | 'unknown' | undefined
    seconds?: number | undefined
  }): Promise<void>
  readonly tray: {
    exists(): Promise<boolean>
    menu(): Promise<MenuEntry[]>
    /** By id, by label, or by the labels from the outside in. */
    choose(item: string | string[]): Promise<void>
    click(kind?: 'click' | 'right-click' | 'double-click'): Promise<void>
    toolTip(): Promise<string>
    /** The last icon set by `setImage`, as PNG; the constructor's one is known on the stand-in only. */
    icon(): Promise<Buffer>
  }
  /** Presses a shortcut of the application menu, for example `CmdOrCtrl+Q`. */
  accelerator(keys: string): Promise<void>
  opened(): Promise<string[]>
  notifications(): Promise<{ title: string; body: string }[]>
  clickNotification(index: number): Promise<void>
  dialogs(): Promise<ShownDialog[]>
  /** Number of the button (or the paths) for the next dialog; without one it is cancelled. */
  answerDialog(answer: number | string | string[]): Promise<void>
  /** Windows asks; answers whether no window prevented it. */
  queryEndSession(reasons?: string[]): Promise<boolean>
  /** Windows ends the session: the process dies when the last handler has returned. Waits for that. */
  endSession(reasons?: string[]): Promise<ExitStatus>
  /** `app.quit()`, then waits for the end of the process. */
  quit(timeoutMs?: number): Promise<ExitStatus>
  readonly exit: Promise<ExitStatus>
  /** Everything that the app has printed. */
  out(): string
  /**
   * Moves the app's clock (stand-in only): `Date`, timers and monotonic clocks of main and workers. One leap, or steps
   * of `stepMs` with a short real pause between them so that answers can arrive. `wallOnly` moves `Date` alone.
   */
  advanceTime(ms: number, options?: { stepMs?: number; wallOnly?: boolean; pauseMs?: number }): Promise<void>
  /** Any other operation of the stand-in's control; refused on real Electron. */
  control<K extends keyof Operations>(
    name: K,
    input: Parameters<Operations[K]>[0],
  ): Promise<Awaited<ReturnType<Operations[K]>>>
  /** Saves the newest window's picture. */
  screenshot(path: string): Promise<void>
  /** Ends what still runs and removes what the launch made. */
  dispose(): Promise<void>
}

const REPOSITORY = resolve(import.meta.dirname, '../..')
const HOOK = join(import.meta.dirname, 'hook.cjs')

interface Spec {
  tray: {
    toolTip: string
    menu: unknown
    image: { toPNG: () => Buffer } | null
    tray: NodeJS.EventEmitter | null
  }
  notifications: (NodeJS.EventEmitter & { title: string; body: string })[]
  opened: string[]
  dialogs: ShownDialog[]
  answers: (number | string | string[])[]
  idle: Record<string, unknown>
  power: (event: string) => Promise<boolean>
  querySessionEnd: (reasons: string[]) => Promise<boolean>
  endSession: (reasons: string[]) => void
  entries: (menu: unknown) => MenuEntry[]
  choose: (menu: unknown, item: string | string[]) => void
  accelerator: (keys: string) => void
}

/** The globals of the app's process: the hook's records, and the stand-in's control where there is one. */
interface AppGlobals {
  __spec: Spec
  __standIn?: Record<string, (input: unknown) => unknown>
}

/**
 * Starts the app on the stand-in, or on real Electron with `E2E_ELECTRON=real`.
 * @throws Error when the process ends before it can be driven, with what it printed.
 */
export async function launchApp(options: LaunchOptions = {}, retries = 2): Promise<App> {
  const scratch = await mkdtemp(join(tmpdir(), 'presence-e2e-'))
  const userDataDir = options.userDataDir ?? join(scratch, 'user-data')
  const found = commandFor({
    requires: [HOOK],
    args: [`--user-data-dir=${userDataDir}`, ...(options.args ?? [])],
    ...(options.appDir === undefined ? {} : { appDir: options.appDir }),
  })
  const platform = options.platform ?? (found.kind === 'real' ? process.platform : 'linux')
  if (platform !== 'win32' && platform !== 'darwin' && platform !== 'linux') {
    throw new Error(`no such platform: ${platform}`)
  }
  if (found.kind === 'real' && platform !== process.platform) {
    throw new Error(`real Electron can't pose as ${platform} on ${process.platform}`)
  }
  const log = join(scratch, 'app.log')
  await writeFile(log, '')
  const env: Record<string, string> = {}
  const wanted: Record<string, string | undefined> = {
    ...process.env,
    NODE_OPTIONS: undefined,
    STAND_IN_PLATFORM: platform,
    SPEC_LOG: log,
    SPEC_OPEN: options.openExternally === true ? 'through' : undefined,
    // Real Electron keeps its secrets by way of the session bus.
    ...(found.kind === 'stand-in' ? NO_BUS : {}),
    ...found.env,
    ...options.env,
  }
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) env[name] = value

  let electron: ElectronApplication
  try {
    electron = await _electron.launch({
      executablePath: found.executable,
      args: [...found.args],
      env,
      cwd: REPOSITORY,
    })
  } catch (error) {
    const printed = await readFile(log, 'utf8')
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
    // Chromium itself sometimes dies at its start on a crowded machine; that says nothing about the app.
    if (retries > 0 && printed.includes('the browser is gone')) return launchApp(options, retries - 1)
    throw new Error(`the app did not start. It printed:\n${printed}`, { cause: error })
  }
  return drive(electron, { kind: found.kind, platform, userDataDir, scratch, log })
}

/** How long the app may take to answer the driver, ms. An app that hangs fails its own test, with what it printed. */
const PATIENCE_MS = 30_000

/** The same handle, whose `evaluate` does not wait for ever. */
function patient(electron: ElectronApplication, out: () => string): ElectronApplication {
  const evaluate = electron.evaluate.bind(electron) as (...input: unknown[]) => Promise<unknown>
  const bounded = async (...input: unknown[]): Promise<unknown> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer to ${String(input[0]).slice(0, 200)}. The app printed:\n${out()}`)),
        PATIENCE_MS,
      )
    })
    return Promise.race([evaluate(...input), late]).finally(() => clearTimeout(timer))
  }
  return new Proxy(electron, {
    get: (target, key) => {
      if (key === 'evaluate') return bounded
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function drive(
  launched: ElectronApplication,
  facts: { kind: App['kind']; platform: App['platform']; userDataDir: string; scratch: string; log: string },
): App {
  const out = (): string => readFileSync(facts.log, 'utf8')
  const electron = patient(launched, out)
  const child = electron.process()
  let ended: ExitStatus | undefined
  const exit = new Promise<ExitStatus>((done) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      ended = code ?? signal ?? 'unknown'
      done(ended)
    }
    if (child.exitCode !== null || child.signalCode !== null) finish(child.exitCode, child.signalCode)
    else child.once('exit', finish)
  })

  /** Waits for the end; a process that stays is killed and reported. */
  const exitWithin = async (timeoutMs: number): Promise<ExitStatus> => {
    const abort = new AbortController()
    const late = sleep(timeoutMs, undefined, { signal: abort.signal }).then(
      () => 'late' as const,
      () => 'late' as const, // the process ended first
    )
    const status = await Promise.race([exit, late])
    abort.abort()
    if (ended !== undefined) return ended
    child.kill('SIGKILL')
    await exit
    throw new Error(
      `the process did not end within ${timeoutMs} ms (${String(status)}). It printed:\n${out()}`,
    )
  }
  /** Starts something that may end the process before it can answer. */
  const fireAndForget = (action: Promise<unknown>): void => {
    action.catch(() => undefined) // the answer dies with the process; `exit` tells
  }
  const control: App['control'] = async (name, input) => {
    if (facts.kind === 'real') throw new Error(`'${name}' needs the stand-in`)
    const answer: unknown = await electron.evaluate(
      async (_electron, [operation, argument]) => {
        const controls = (globalThis as unknown as AppGlobals).__standIn
        return await controls?.[operation]?.(argument)
      },
      [name, input] as [string, unknown],
    )
    return answer as never // the operation's own answer: plain data
  }

  const newestPage = async (timeoutMs: number): Promise<Page> => {
    const page = electron.windows().findLast((candidate) => !candidate.isClosed())
    return page ?? electron.waitForEvent('window', { timeout: timeoutMs })
  }

  return {
    ...{ kind: facts.kind, platform: facts.platform, userDataDir: facts.userDataDir, pid: child.pid ?? 0 },
    ...{ electron, exit, out, control },
    window: async (timeoutMs = 15_000) => {
      const deadline = performance.now() + timeoutMs
      for (;;) {
        const left = Math.max(1, deadline - performance.now())
        const page = await newestPage(left)
        try {
          // The page may still be about:blank; an app's page has something in its body.
          await page.waitForSelector('body *', { state: 'attached', timeout: left })
          return page
        } catch (error) {
          // A page that was just closing is not the one that is waited for.
          if (!page.isClosed() || performance.now() > deadline) throw error
        }
      }
    },
    windows: () =>
      electron.evaluate(({ BrowserWindow }) => {
        const all = BrowserWindow.getAllWindows()
        return { count: all.length, visible: all.some((window) => window.isVisible()) }
      }),
    power: (event) =>
      electron.evaluate((_e, name) => (globalThis as unknown as AppGlobals).__spec.power(name), event),
    setIdle: (idle) =>
      electron.evaluate((_e, value) => {
        Object.assign((globalThis as unknown as AppGlobals).__spec.idle, value)
      }, idle),
    tray: {
      exists: async () => {
        if (facts.kind === 'stand-in') return (await control('tray', {})).exists
        return electron.evaluate(() => (globalThis as unknown as AppGlobals).__spec.tray.tray !== null)
      },
      menu: () =>
        electron.evaluate(() => {
          const spec = (globalThis as unknown as AppGlobals).__spec
          return spec.entries(spec.tray.menu)
        }),
      choose: (item) =>
        electron.evaluate((_e, wanted) => {
          const spec = (globalThis as unknown as AppGlobals).__spec
          spec.choose(spec.tray.menu, wanted)
        }, item),
      click: (kind = 'click') =>
        electron.evaluate((_e, event) => {
          const modifiers = { altKey: false, shiftKey: false, ctrlKey: false, metaKey: false }
          ;(globalThis as unknown as AppGlobals).__spec.tray.tray?.emit(event, modifiers, {
            x: 0,
            y: 0,
            width: 24,
            height: 24,
          })
        }, kind),
      toolTip: () => electron.evaluate(() => (globalThis as unknown as AppGlobals).__spec.tray.toolTip),
      icon: async () => {
        if (facts.kind === 'stand-in') return Buffer.from((await control('tray', {})).image, 'base64')
        const base64 = await electron.evaluate(
          () => (globalThis as unknown as AppGlobals).__spec.tray.image?.toPNG().toString('base64') ?? '',
        )
        return Buffer.from(base64, 'base64')
      },
    },
    accelerator: async (keys) => {
      const pressed = electron.evaluate((_e, text) => {
        setImmediate(() => (globalThis as unknown as AppGlobals).__spec.accelerator(text))
      }, keys)
      await pressed
    },
    opened: () => electron.evaluate(() => (globalThis as unknown as AppGlobals).__spec.opened),
    notifications: () =>
      electron.evaluate(() =>
        (globalThis as unknown as AppGlobals).__spec.notifications.map(({ title, body }) => ({
          title,
          body,
        })),
      ),
    clickNotification: (index) =>
      electron.evaluate((_e, at) => {
        ;(globalThis as unknown as AppGlobals).__spec.notifications.at(at)?.emit('click', {})
      }, index),
    dialogs: () => electron.evaluate(() => (globalThis as unknown as AppGlobals).__spec.dialogs),
    answerDialog: (answer) =>
      electron.evaluate((_e, value) => {
        ;(globalThis as unknown as AppGlobals).__spec.answers.push(value)
      }, answer),
    queryEndSession: (reasons = ['shutdown']) =>
      electron.evaluate(
        (_e, why) => (globalThis as unknown as AppGlobals).__spec.querySessionEnd(why),
        reasons,
      ),
    endSession: async (reasons = ['shutdown']) => {
      fireAndForget(
        electron.evaluate((_e, why) => {
          ;(globalThis as unknown as AppGlobals).__spec.endSession(why)
        }, reasons),
      )
      return exitWithin(15_000)
    },
    quit: async (timeoutMs = 15_000) => {
      fireAndForget(
        electron.evaluate(({ app }) => {
          setImmediate(() => app.quit())
        }),
      )
      return exitWithin(timeoutMs)
    },
    advanceTime: async (ms, { stepMs = ms, wallOnly = false, pauseMs = 20 } = {}) => {
      for (let left = ms; left !== 0;) {
        const step = Math.abs(left) < Math.abs(stepMs) ? left : stepMs
        await control('advanceTime', { ms: step, wallOnly })
        left -= step
        if (left !== 0) await sleep(pauseMs)
      }
    },
    screenshot: async (path) => {
      await (await newestPage(15_000)).screenshot({ path })
    },
    dispose: async () => {
      if (ended === undefined) {
        child.kill('SIGKILL')
        await exit
      }
      // The stand-in's browser leaves a moment after a killed app, and its profile with it.
      const profile = join(facts.userDataDir, `stand-in-chromium-${String(child.pid)}`)
      for (let waited = 0; existsSync(profile) && waited < 10_000; waited += 25) await sleep(25)
      await rm(facts.scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
