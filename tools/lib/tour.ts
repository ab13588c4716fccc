/** The steps of the demo: what the person and the machine do, and what must have come of it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { Pair } from '../../src/shared/presence.ts'
import type { HistoryEntry, Snapshot } from '../../src/shared/snapshot.ts'
import { words } from '../../src/shared/strings.ts'
import type { App } from '../../test/e2e/driver.ts'
import { signInAsBrowser, type Simulator } from '../../test/simulator/index.ts'
import { anotherProgramSetsCall, demoSessions, DEMO_USER_NAME, holds } from './demo-tenant.ts'
import { sayNote, sayStep } from './timeline.ts'
import { until } from './until.ts'

/** How long anything may take before the step counts as failed, ms. */
const LIMIT_MS = 20_000
/** On Linux the lock is seen by a look every 15 seconds (docs/architecture.md, "Away and present"), ms. */
const POLL_MS = 15_000
/** After a wake the app looks every two seconds whether somebody is there, ms. */
const AFTER_WAKE_MS = 3_000
/** What the window needs to draw its last change before its picture is taken, ms. */
const DRAW_MS = 200

/** How long a picture waits for presence to be read back, ms. */
const READ_BACK_MS = 5_000

/** When a call status of ours must have ended by itself after its last renewal: 15 minutes, and a minute for clocks, ms. */
const LEASE_END_MS = 16 * 60_000 + 10_000

/** What the tour walks on. */
export interface Tour {
  /** Starts the app, again and again on the same user data; the one before has ended by then. */
  readonly launch: () => Promise<App>
  readonly simulator: Simulator
  /** The folder for the pictures; it exists. */
  readonly output: string
  readonly stopped: () => boolean
  /** How long a clear may take until it is in the app's history, ms. Default 20 s. */
  readonly clearLimitMs?: number
  /** Ends with the first quit: what the machine does to the app (session end, kill) is left out. */
  readonly short?: boolean
}

/** What came of the tour. */
export interface TourResult {
  /** Steps that went wrong; empty when all is well. */
  readonly troubles: readonly string[]
  /** How long each clear took, ms. */
  readonly clears: readonly number[]
  /** Names of the pictures, in order. */
  readonly pictures: readonly string[]
  /** How many sessions another program's set left behind when the app was killed. */
  readonly orphans: number
}

/** What a step does; gives back how long the clear took if it is one that clears. */
type Act = () => Promise<number | undefined>

/**
 * Starts the app and walks through all steps, printing each. A step that fails is told and the rest goes on; once
 * `stopped` says so, nothing more is done or told.
 */
export async function walk({
  launch,
  simulator,
  output,
  stopped,
  clearLimitMs = LIMIT_MS,
  short = false,
}: Tour): Promise<TourResult> {
  const troubles: string[] = []
  const clears: number[] = []
  const pictures: string[] = []
  const held = (): string => holds(demoSessions(simulator))
  let app = await launch()
  let page: Page | undefined
  let number = 0
  let orphans = 0

  async function step(name: string, file: string | null, act: Act): Promise<void> {
    if (stopped()) return
    number += 1
    const before = held()
    let clearedMs: number | undefined
    let trouble: string | undefined
    try {
      clearedMs = await act()
      if (file !== null) {
        await sleep(DRAW_MS)
        const picture = `${String(number).padStart(2, '0')}-${file}.png`
        await app.screenshot(join(output, picture))
        pictures.push(picture)
      }
    } catch (error) {
      trouble = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    }
    if (stopped()) return
    if (clearedMs !== undefined) {
      clears.push(clearedMs)
      if (held() !== '-') trouble = 'A session is left after a departure.'
    }
    if (trouble !== undefined) troubles.push(`${name}: ${trouble}`)
    sayStep(number, { name, before, after: held(), clearedMs, trouble })
  }

  const snapshot = async (): Promise<Snapshot> => {
    page ??= await app.window()
    return page.evaluate<Snapshot>('window.clearPresence.snapshot()')
  }
  const press = async (name: string): Promise<void> => {
    page ??= await app.window()
    await page.getByRole('button', { name, exact: true }).click({ timeout: LIMIT_MS })
  }

  async function signIn(): Promise<undefined> {
    await press(words.window.signIn)
    const url = await until('The app asks for the browser', LIMIT_MS, async () => (await app.opened())[0])
    const { outcome } = await signInAsBrowser(simulator, url, { user: DEMO_USER_NAME })
    if (outcome !== 'posted') throw new Error('The simulated sign-in page refused')
    await until('Signed in', LIMIT_MS, async () => (await snapshot()).face.kind === 'on')
    return undefined
  }

  /** The window reads presence back a moment after a write; its picture should show that. */
  async function readBack(availability: string): Promise<void> {
    await until('Read back', READ_BACK_MS, async () => {
      return (await snapshot()).presence?.availability === availability
    }).catch(() => sayNote('      (presence was not read back yet when the picture was taken)'))
  }

  async function set(pair: Pair): Promise<undefined> {
    await until('The set buttons work', LIMIT_MS, async () => (await snapshot()).canSet)
    await press(words.pairs[pair])
    await until(`Graph holds ${pair}`, LIMIT_MS, async () => {
      return held() === pair && (await snapshot()).own?.confirmed === true
    })
    await readBack(pair.split('/')[0] ?? '')
    return undefined
  }

  /** Does something that must end the session: exactly one clear, which Graph has answered. */
  async function clearing(
    departure: HistoryEntry['departure'],
    leave: () => Promise<unknown>,
  ): Promise<number> {
    const known = historyOf(app.userDataDir).length
    const seen = simulator.journal().at(-1)?.seq ?? 0
    await leave()
    const entry = await until(`The clear (${departure})`, clearLimitMs, () => {
      const history = historyOf(app.userDataDir)
      return history.length > known ? history[0] : undefined
    })
    const sent = simulator.journal().filter(({ seq, path }) => seq > seen && path.endsWith('/clearPresence'))
    if (entry.departure !== departure || entry.settlement !== 'cleared' || entry.tookMs === null) {
      throw new Error(`The app settled ${entry.departure} as ${entry.settlement}`)
    }
    if (sent.length !== 1) throw new Error(`${sent.length} clears were sent instead of one`)
    return Math.round(entry.tookMs)
  }

  async function lockScreen(locked: boolean): Promise<void> {
    if (app.platform !== 'linux') {
      await app.power(locked ? 'lock-screen' : 'unlock-screen')
      return
    }
    await app.setIdle({ state: locked ? 'locked' : undefined })
    // The real Electron's clock can't be moved: whoever waits for what comes of it waits for the next look.
    if (app.kind === 'real') return
    await passTime(POLL_MS)
  }

  /** Moves the clocks of app and simulator together. */
  async function passTime(ms: number): Promise<void> {
    await app.advanceTime(ms)
    simulator.advance(ms)
  }
  const lock: Act = async () => {
    const took = await clearing('lock', () => lockScreen(true))
    // The picture should show the window after it has heard of the answer.
    await until('The window says so', LIMIT_MS, async () => (await snapshot()).face.kind === 'cleared')
    await readBack('Offline')
    return took
  }
  const unlock: Act = async () => {
    await lockScreen(false)
    await until('The app sees the return', LIMIT_MS, async () => !(await snapshot()).away)
    return undefined
  }

  const fallAsleep: Act = async () => {
    const took = await clearing('sleep', () => app.power('suspend'))
    await until('The window says so', LIMIT_MS, async () => (await snapshot()).face.kind === 'cleared')
    await readBack('Offline')
    return took
  }
  /** A wake alone is no return (it may be one in a bag); somebody who touches the computer is. */
  const wake: Act = async () => {
    await app.power('resume')
    await app.setIdle({ state: 'active', seconds: 0 })
    if (app.kind === 'stand-in') await passTime(AFTER_WAKE_MS)
    await until('The app sees the return', LIMIT_MS, async () => !(await snapshot()).away)
    await app.setIdle({ state: undefined, seconds: undefined })
    return undefined
  }

  const otherProgram: Act = async () => {
    anotherProgramSetsCall(simulator)
    return Promise.resolve(undefined)
  }

  const startAgain: Act = async () => {
    app = await launch()
    page = undefined
    await until('Signed in as before', LIMIT_MS, async () => (await snapshot()).canSet)
    return undefined
  }

  const quit: Act = () =>
    clearing('quit', async () => {
      const status = await app.quit()
      if (status !== 0) throw new Error(`The app ended with ${status}`)
    })

  /** Windows takes the process away the instant its handlers return; elsewhere the app quits for a shutdown. */
  const endSession: Act = () =>
    clearing('shutdown', async () => {
      if (app.platform === 'win32') {
        await app.queryEndSession()
        await app.endSession()
        return
      }
      // The answer may die with the process.
      app.power('shutdown').catch(() => undefined)
      const status = await app.exit
      if (status !== 0) throw new Error(`The app ended with ${status}`)
    })

  const kill: Act = async () => {
    process.kill(app.pid, 'SIGKILL')
    await app.exit
    return undefined
  }

  await step('The app starts', 'started', async () => {
    await until('The window', LIMIT_MS, async () => (await snapshot()).face.kind === 'signed-out')
    return undefined
  })
  await step('Sign in as Alex Demo', 'signed-in', signIn)
  await step('Set "Busy, in a call"', 'set-busy', () => set('Busy/InACall'))
  await step('Lock the screen', 'locked', lock)
  await step('Unlock', 'unlocked', unlock)
  await step('Another program sets a call', 'other-program', otherProgram)
  await step('Lock again', 'locked-again', lock)
  await step('Unlock', 'unlocked-again', unlock)
  await step('Set "Busy, in a call"', 'set-busy-again', () => set('Busy/InACall'))
  await step('The computer sleeps', 'asleep', fallAsleep)
  await step('It wakes and is used', 'awake', wake)
  await step('Set "Busy, in a call"', 'set-busy-once-more', () => set('Busy/InACall'))
  await step('Press "Clear my call status"', 'cleared-by-hand', async () => {
    const took = await clearing('manual', () => press(words.window.clear))
    await readBack('Offline')
    return took
  })
  await step('Set "Available"', 'set-available', () => set('Available/Available'))
  await step('Quit', null, quit)
  if (short) return { troubles, clears, pictures, orphans }

  await step('Start again', 'started-again', startAgain)
  await step('Set "Busy, in a call"', null, () => set('Busy/InACall'))
  await step(
    app.platform === 'win32' ? 'Windows ends the session' : 'The computer shuts down',
    null,
    endSession,
  )
  await step('Start again', null, startAgain)
  await step('Another program sets a call', null, otherProgram)
  await step('The app is killed', null, async () => {
    await kill()
    orphans = demoSessions(simulator).length
    return undefined
  })
  if (orphans > 0) sayNote('      (what another program set stays until the app runs again: a stated limit)')
  await step('Start again', null, startAgain)
  await step('Lock the screen', 'locked-after-kill', lock)
  await step('Unlock', null, unlock)
  await step('Set "Busy, in a call"', null, () => set('Busy/InACall'))
  await step('The app is killed', null, kill)
  await step('16 minutes later', null, async () => {
    // Only Graph's clock: nobody renews, so what we set ourselves has ended.
    simulator.advance(LEASE_END_MS)
    if (held() !== '-') throw new Error('A call status of ours outlived its lease')
    return Promise.resolve(undefined)
  })
  return { troubles, clears, pictures, orphans }
}

/** The app's own history file, newest first. It also tells of the clear at a quit, when no window is left to ask. */
function historyOf(userDataDir: string): readonly HistoryEntry[] {
  const file = join(userDataDir, 'history.json')
  if (!existsSync(file)) return []
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly entries: readonly HistoryEntry[] }).entries
}
