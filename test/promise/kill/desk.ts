/** One machine of the kill driver: a simulator, a folder of user data, and the process that runs on it now. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DEMO_CLIENT_ID,
  demoEnv,
  DEMO_USER_NAME,
  type RequestRecord,
  signInAsBrowser,
  type Simulator,
  startSimulator,
} from '../../simulator/index.ts'
import { followLog, type LogFollower } from './log.ts'
import { type AppProcess, type Pose, startProcess, within } from './process.ts'

/** A machine and its person. */
export interface Desk extends AsyncDisposable {
  readonly pose: Pose
  readonly simulator: Simulator
  readonly userDataDir: string
  /** The file in which a process that kills itself says where it was. */
  readonly mark: string
  readonly app: () => AppProcess
  readonly log: LogFollower
  /** Starts the app. `controlled` of the process says when it can be called. */
  start(options?: { readonly locked?: boolean; readonly env?: Readonly<Record<string, string>> }): AppProcess
  /** Waits until the app that has just been started can send, or tells that nobody is signed in. */
  canSend(): Promise<void>
  /** Waits until the app's tray tells this. @throws Error after a minute. */
  says(sentence: RegExp): Promise<void>
  sentence(): Promise<string>
  signIn(): Promise<void>
  /** Moves all clocks together, in steps, each after whatever is open is answered and taken in. */
  advance(ms: number, stepMs?: number): Promise<void>
  /** Waits for requests that a fault makes late: however late, none takes effect 10 s after it was sent. */
  lateOnes(): Promise<void>
  /** Presence writes that reached Graph, in order, since the journal was last cleared. */
  writes(): readonly RequestRecord[]
  /** "Another program" with the same registration begins a call that lasts for hours. */
  call(): void
}

/** What a fault may add to a request's way, real ms. Kept short: it is waited for. */
export const LATE_MS = 350
/** What a crowded machine adds to that at most, ms; waited for only when the request was lost on the way. */
const SLACK_MS = 300
/** Longest wait for the app to take in an answer, ms. */
const TAKING_IN_MS = 5_000
/** Longest wait for an answer that no fault holds back, ms. */
const ANSWER_MS = 10_000
const PATIENCE_MS = 60_000
const HOOK = join(import.meta.dirname, 'hook.cjs')

/** Sets up a machine; nothing is started yet. */
export async function setUpDesk(pose: Pose): Promise<Desk> {
  const simulator = await startSimulator({ autoApprove: true })
  const folder = mkdtempSync(join(tmpdir(), 'presence-kill-'))
  const userDataDir = join(folder, 'user-data')
  const mark = join(folder, 'died-at')
  mkdirSync(userDataDir)
  const log = followLog(join(userDataDir, 'logs', 'clear-presence.log'))
  let running: AppProcess | undefined
  const app = (): AppProcess => {
    if (running === undefined) throw new Error('nothing was started')
    return running
  }
  const writes = (): readonly RequestRecord[] =>
    simulator.journal().filter(({ kind, method }) => kind === 'graph' && method === 'POST')

  async function sentence(): Promise<string> {
    const { exists, toolTip } = await app().call('tray')
    return exists ? toolTip.replace(/^Demo · /, '') : ''
  }

  async function says(wanted: RegExp): Promise<void> {
    let last = ''
    const heard = await within(PATIENCE_MS, async () => wanted.test((last = await sentence())))
    if (!heard) throw new Error(`the tray never said ${wanted.source}, but: ${last}`)
  }

  async function canSend(): Promise<void> {
    const can = await within(
      PATIENCE_MS,
      async () => (await app().callHook('armed', {})) === true || (await sentence()).startsWith('Sign in'),
    )
    if (!can) throw new Error(`the app got no token; the tray says: ${await sentence()}`)
  }

  async function lateOnes(): Promise<void> {
    // The weather's delay and the one of the instant may meet the same request.
    const delayOf = (fault = ''): number => (fault.split('latency').length - 1) * LATE_MS
    const late = ({ fault, tookEffect, realMs }: RequestRecord): boolean =>
      delayOf(fault) > 0 && !tookEffect && Date.now() - realMs < delayOf(fault) + SLACK_MS
    await within(LATE_MS * 2 + SLACK_MS, () => !writes().some(late))
  }

  /** Whether a request waits for an answer that will come. */
  const answersToCome = (): boolean =>
    simulator
      .journal()
      .some(({ kind, outcome, fault }) => kind !== 'connect' && outcome === 'open' && fault !== 'stall')
  const heldOpen = (): boolean =>
    simulator.journal().some(({ kind, outcome }) => kind !== 'connect' && outcome === 'open')

  return {
    pose,
    simulator,
    userDataDir,
    mark,
    app,
    log,
    start({ locked = false, env = {} } = {}) {
      log.runBegins()
      const aheadMs = Math.round(simulator.clock.now() - Date.now())
      running = startProcess({
        userDataDir,
        scratch: folder,
        pose,
        hooks: [HOOK],
        env: {
          ...demoEnv(simulator),
          KILL_MARK: mark,
          ...(aheadMs > 1_000 ? { KILL_AHEAD_MS: String(aheadMs) } : {}),
          ...(locked ? { KILL_LOCKED: '1' } : {}),
          ...env,
        },
      })
      return running
    },
    canSend,
    says,
    sentence,
    async signIn() {
      const before = (await app().call('opened')).length
      await app().call('trayChoose', { item: 'sign-in' })
      await within(PATIENCE_MS, async () => (await app().call('opened')).length > before)
      await signInAsBrowser(simulator, (await app().call('opened')).at(-1) ?? '')
      await says(/^(On|Cleared|Checked)/)
      // Written a moment later, once the keyring has encrypted it; a kill before that costs the sign-in, and nothing else.
      await within(PATIENCE_MS, () => existsSync(join(userDataDir, 'tokens.bin')))
    },
    async advance(ms, stepMs = 15_000) {
      for (let left = ms; left > 0; left -= stepMs) {
        const step = Math.min(left, stepMs)
        await lateOnes()
        await within(ANSWER_MS, () => !answersToCome())
        // A write whose answer the app has not seen before the leap would look lost to it, and be sent again.
        await within(TAKING_IN_MS, () => heldOpen() || log.openWrites() === 0)
        simulator.clock.advance(step)
        await app().call('advanceTime', { ms: step })
        await sleep(8)
      }
    },
    lateOnes,
    writes,
    call() {
      simulator.setSession({
        user: DEMO_USER_NAME,
        clientId: DEMO_CLIENT_ID,
        availability: 'Busy',
        activity: 'InACall',
        expirationMs: 4 * 3_600_000,
      })
    },
    async [Symbol.asyncDispose]() {
      await running?.kill()
      await simulator.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
