/** A desk for the specs: the simulator, the built app in front of it, and a person who signs in, locks and looks. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import {
  type BrowserResult,
  DEMO_CLIENT_ID,
  demoEnv,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  type RequestRecord,
  signInAsBrowser,
  type SignInChoice,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../simulator/index.ts'
import { type App, launchApp, type LaunchOptions } from './driver.ts'

/**
 * On real Electron: what moves time or poses as another platform can't run there. Such specs are skipped, and counted
 * as skipped.
 */
export const NEEDS_STAND_IN = process.env['E2E_ELECTRON'] === 'real'

/** Whether a spec that needs this platform can run: anywhere on the stand-in, at home on real Electron. */
export function runsAs(platform: NodeJS.Platform): boolean {
  return !NEEDS_STAND_IN || platform === process.platform
}

/** How a desk is set up. */
export interface DeskOptions extends LaunchOptions {
  readonly simulator?: SimulatorOptions
  /** Another machine of the same person: shares that desk's simulator, and time passes at both. */
  readonly beside?: Desk
  /** Called before the app starts, with the folder of its user data. */
  readonly beforeStart?: (simulator: Simulator, folder: string) => void
}

/** The app in front of a simulator. */
export interface Desk extends AsyncDisposable {
  readonly simulator: Simulator
  /** The process that runs now. */
  readonly app: App
  /** Signs in through the window as a person would, with the simulator's page as the browser. */
  signIn(choice?: SignInChoice): Promise<BrowserResult>
  /** Ends the process with `kill -9` and starts the app again on the same user data. */
  restart(options?: LaunchOptions): Promise<void>
  /** Starts the app again on the same user data after it has ended by itself. */
  start(options?: LaunchOptions): Promise<void>
  /** The window's first line. */
  sentence(): Promise<string>
  /** Waits until the window's first line matches. */
  says(sentence: RegExp): Promise<void>
  /** Waits until the window's text holds this. */
  shows(text: RegExp): Promise<void>
  /** Presses a button of the window by its name. */
  press(name: string | RegExp): Promise<void>
  /** Locks as this platform does it: an event on Windows and macOS, the poll on Linux. */
  lock(): Promise<void>
  unlock(): Promise<void>
  /** Presence writes that reached Graph, in order, without the CONNECTs before them. */
  writes(): readonly RequestRecord[]
  /** Kinds of those writes: `set` (a renewal is one too) and `clear`. */
  kinds(): readonly string[]
  /** Kinds of the writes that this machine has sent in all its runs, by its log: `set`, `renew`, `clear`. */
  sent(): readonly string[]
  /** How this machine's departures ended, by its log, oldest first. */
  settlements(): readonly string[]
  /** The presence sessions that Graph holds for the user, as `Busy/InACall`. */
  held(): readonly string[]
  /** "Another program" with the same registration sets a call. */
  otherProgramCalls(): void
  /** Moves the clocks of the simulator and of every app in front of it together, in steps of `stepMs` (15 s). */
  advance(ms: number, stepMs?: number): Promise<void>
  /** The network is back: time passes, in small steps, until whatever is due has been tried again. */
  online(): Promise<void>
  /** Waits until `check` holds; fails with the log of the app after 15 s. */
  until(check: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** All that the app has logged. */
  log(): string
}

/** Longest wait for something that should come at once, ms. */
const PATIENCE_MS = 15_000
/** Time is moved in steps of this length, so that everything due on the way happens in order, ms. */
const STEP_MS = 15_000
/** Real time between two steps, for requests to be answered, ms. */
const BREATH_MS = 25
/** Longest real wait, before time is moved, for the app to take in answers that it has got, ms. */
const TAKING_IN_MS = 500
/** Our own back-off is never longer than 30 s; a little more, and in steps in which no request grows old, ms. */
const LONGEST_BACK_OFF = { ms: 31_000, stepMs: 2_000 } as const
/** A run starts with the simulator's clock if that is further ahead of real time than a start takes, ms. */
const SAME_TIME_MS = 1_000

/** The runs of all machines in front of a simulator. */
const runsBefore = new WeakMap<Simulator, Run[]>()

/** One run of the app. */
interface Run {
  readonly app: App
  ended: boolean
}

/** Sets up a desk and waits for nothing: the app is started, and nobody is signed in. */
export async function setUpDesk(options: DeskOptions = {}): Promise<Desk> {
  const { simulator: simulatorOptions, beside, beforeStart, ...launch } = options
  const simulator = beside?.simulator ?? (await startSimulator({ autoApprove: true, ...simulatorOptions }))
  const allRuns = runsBefore.get(simulator) ?? []
  runsBefore.set(simulator, allRuns)
  const closeSimulator = async (): Promise<void> => {
    if (beside === undefined) await simulator.close()
  }
  const env = {
    ...demoEnv(simulator),
    ...launch.env,
  }
  const runs: App[] = []
  const userDataDir = mkdtempSync(join(tmpdir(), 'presence-desk-'))
  const run = async (more: LaunchOptions = {}): Promise<void> => {
    const aheadMs = simulator.clock.now() - Date.now()
    const time = aheadMs > SAME_TIME_MS ? { SPEC_AHEAD_MS: String(aheadMs) } : {}
    const started = await launchApp({
      userDataDir,
      ...launch,
      ...more,
      env: { ...env, ...time, ...more.env },
    })
    runs.push(started)
    const known: Run = { app: started, ended: false }
    allRuns.push(known)
    void started.exit.then(() => (known.ended = true))
  }
  beforeStart?.(simulator, userDataDir)
  try {
    await run()
  } catch (error) {
    await closeSimulator()
    rmSync(userDataDir, { recursive: true, force: true })
    throw error
  }
  const app = (): App => {
    const latest = runs.at(-1)
    if (latest === undefined) throw new Error('the app was not started')
    return latest
  }
  const log = (): string => logOf(app())

  async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS
    while (!(await check())) {
      if (Date.now() > end)
        throw new Error(`${what} did not happen. The app's log ends:\n${log().slice(-4000)}`)
      await sleep(50)
    }
  }

  const page = (): Promise<Page> => app().window()
  const sentence = async (): Promise<string> => {
    const text = await (await page()).locator('h1').first().innerText()
    return text.replaceAll(/\s+/g, ' ').trim()
  }

  async function says(wanted: RegExp): Promise<void> {
    let last = ''
    try {
      await until(async () => wanted.test((last = await sentence())), `"${wanted.source}"`)
    } catch (error) {
      throw new Error(`the window says: ${last}`, { cause: error })
    }
  }

  const shows = async (wanted: RegExp): Promise<void> => {
    let last = ''
    try {
      await until(
        async () => wanted.test((last = await (await page()).innerText('body'))),
        `"${wanted.source}"`,
      )
    } catch (error) {
      throw new Error(`the window shows: ${last}`, { cause: error })
    }
  }

  const press = async (name: string | RegExp): Promise<void> =>
    (await page()).getByRole('button', { name }).first().click()

  async function locked(now: boolean): Promise<void> {
    if (app().platform === 'linux') {
      await app().setIdle({ state: now ? 'locked' : 'active', seconds: 0 })
      // Real Electron's time can't be moved: the poll looks again within one step.
      if (NEEDS_STAND_IN) await sleep(STEP_MS + 1_000)
      else await advance(STEP_MS)
    } else await app().power(now ? 'lock-screen' : 'unlock-screen')
  }

  async function advance(ms: number, stepMs = STEP_MS): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      const step = Math.min(left, stepMs)
      await until(() => settledNow(simulator), 'an answer to every request')
      // A write whose answer the app has not seen before the leap would look lost to it, and be sent again.
      const since = performance.now()
      while (!heldOpen(simulator) && !allRuns.every(tookInAll) && performance.now() - since < TAKING_IN_MS) {
        await sleep(5)
      }
      simulator.clock.advance(step)
      for (const each of allRuns) if (!each.ended) await each.app.advanceTime(step)
      await sleep(BREATH_MS)
    }
  }

  const writes = (): readonly RequestRecord[] =>
    simulator.journal().filter(({ kind, method }) => kind === 'graph' && method === 'POST')

  return {
    simulator,
    get app() {
      return app()
    },
    async signIn(choice = {}) {
      const before = (await app().opened()).length
      await press(/^sign in( again)?$/i)
      await until(async () => (await app().opened()).length > before, 'the browser')
      const address = (await app().opened()).at(-1) ?? ''
      return signInAsBrowser(simulator, address, choice)
    },
    async restart(more) {
      process.kill(app().pid, 'SIGKILL')
      await app().exit
      await run(more)
    },
    start: run,
    sentence,
    says,
    shows,
    press,
    lock: () => locked(true),
    unlock: () => locked(false),
    writes,
    kinds: () => writes().map(({ path }) => (path.endsWith('/clearPresence') ? 'clear' : 'set')),
    sent: () => [...log().matchAll(/"presence write sent".*?"kind":"(\w+)"/g)].map(([, kind = '']) => kind),
    settlements: () =>
      [...log().matchAll(/"clear settled".*?"settlement":"([\w-]+)"/g)].map(([, how = '']) => how),
    held: () =>
      simulator
        .listSessions()
        .filter(({ userId }) => userId === DEMO_USER_ID)
        .map(({ availability, activity }) => `${availability}/${activity}`),
    otherProgramCalls: () => {
      simulator.setSession({
        user: DEMO_USER_NAME,
        clientId: DEMO_CLIENT_ID,
        availability: 'Busy',
        activity: 'InACall',
        expirationMs: 4 * 3_600_000,
      })
    },
    advance,
    online() {
      simulator.offline(false)
      return advance(LONGEST_BACK_OFF.ms, LONGEST_BACK_OFF.stepMs)
    },
    until,
    log,
    async [Symbol.asyncDispose]() {
      for (const each of runs.toReversed()) await each.dispose()
      await closeSimulator()
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Whether every request has its answer, except those that a fault keeps open. */
function settledNow(simulator: Simulator): boolean {
  return simulator
    .journal()
    .every(({ kind, outcome, fault }) => kind === 'connect' || outcome !== 'open' || fault !== undefined)
}

/** Whether a fault keeps a request open. */
function heldOpen(simulator: Simulator): boolean {
  return simulator.journal().some(({ kind, outcome }) => kind !== 'connect' && outcome === 'open')
}

/** Whether a run has taken in an answer to everything that it sent. */
function tookInAll({ app, ended }: Run): boolean {
  if (ended) return true
  const log = logOf(app)
  const run = log.slice(log.lastIndexOf('"event":"start"'))
  return run.split('"presence write sent"').length === run.split('"presence write ended"').length
}

function logOf({ userDataDir }: App): string {
  try {
    return readFileSync(join(userDataDir, 'logs', 'clear-presence.log'), 'utf8')
  } catch {
    return '' // Nothing was logged yet.
  }
}
