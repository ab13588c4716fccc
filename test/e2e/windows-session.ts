/** Plays the end of a Windows session on the built app, again and again, and tells what Graph and the app saw of it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_CLIENT_ID, demoEnv, DEMO_USER_NAME, type Simulator } from '../simulator/index.ts'
import { ControlClient } from '../stand-in/control-client.ts'
import { commandFor } from './subject.ts'
import { setUpDesk } from './desk.ts'

/** Between the two messages of Windows, ms. */
const GAP_MS = 10
/** The relay's delay of every byte, each way, ms. */
export const DELAY_MS = 100
/** Longest wait for the app to be ready or gone, ms. */
const PATIENCE_MS = 20_000

/** What a signed-in app finds at its start; its log and the stand-in's browser profile stay where they are. */
const SIGNED_IN = ['tokens.bin', 'registry.json'] as const

/** How one session ends. */
export interface Ending {
  /** `cold`: the connection that was kept warm has just been cut. */
  readonly connection: 'warm' | 'cold'
  /** What `sabotage.cjs` takes away. */
  readonly sabotage?: 'wait' | 'worker-at-query' | 'worker-at-end'
  /** Graph never answers. */
  readonly silent?: boolean
}

/** What came of it. */
export interface Ended {
  /** Graph answered the clear with 200 before the process was taken away, and the session is gone. */
  readonly answered: boolean
  /** The app has written down that nothing is due any more, before it was taken away. */
  readonly known: boolean
  /** How many clears reached Graph. */
  readonly clears: number
  /** Whether the clear went over the connection that was open before. */
  readonly warm: boolean
  /** From the question to the end of the process, ms. */
  readonly tookMs: number
  /** How the process ended: `SIGKILL` stands for Windows. */
  readonly exit: string
  /** The app's log of this run. */
  readonly log: string
}

/** A signed-in Windows machine whose session can be ended many times. */
export interface WindowsMachine extends AsyncDisposable {
  readonly simulator: Simulator
  end(ending: Ending): Promise<Ended>
}

/** Signs in once, through the window; every run starts from a copy of those files. */
export async function setUpWindows(): Promise<WindowsMachine> {
  const desk = await setUpDesk({ platform: 'win32' })
  const { simulator } = desk
  await desk.signIn()
  await desk.says(/^On\./)
  // The window is quicker than the disk.
  await desk.until(() => SIGNED_IN.every((file) => existsSync(join(desk.app.userDataDir, file))), 'the files')
  process.kill(desk.app.pid, 'SIGKILL')
  await desk.app.exit
  const repository = resolve(import.meta.dirname, '../..')

  async function end(ending: Ending): Promise<Ended> {
    const folder = mkdtempSync(join(tmpdir(), 'presence-windows-'))
    const userData = join(folder, 'user-data')
    for (const file of SIGNED_IN) cpSync(join(desk.app.userDataDir, file), join(userData, file))
    simulator.removeAllFaults()
    simulator.setDelay(DELAY_MS)
    simulator.clearJournal()
    const control = join(folder, 'control')
    const { executable, args, env } = commandFor({
      requires: [join(import.meta.dirname, 'sabotage.cjs')],
      args: [`--user-data-dir=${userData}`, '--hidden'],
    })
    const child = spawn(executable, args, {
      cwd: repository,
      stdio: 'ignore',
      env: {
        ...process.env,
        ...demoEnv(simulator),
        ...env,
        NODE_OPTIONS: '',
        STAND_IN_PLATFORM: 'win32',
        STAND_IN_CONTROL: control,
        SABOTAGE: ending.sabotage ?? '',
      },
    })
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    const read = (file: string): string => {
      try {
        return readFileSync(join(userData, file), 'utf8')
      } catch {
        return '' // not written yet
      }
    }
    try {
      const client = await ControlClient.connect(control, PATIENCE_MS)
      const warm = await warmConnection(simulator)
      simulator.setSession({
        ...{ user: DEMO_USER_NAME, clientId: DEMO_CLIENT_ID, availability: 'Busy', activity: 'InACall' },
        expirationMs: 4 * 3_600_000,
      })
      if (ending.silent === true) {
        simulator.inject({
          ...{ match: { path: 'clearPresence' }, fault: { type: 'stall' }, times: 'until-removed' },
        })
      }
      if (ending.connection === 'cold') simulator.dropConnections('reset')
      const start = performance.now()
      // The answer may die with the process.
      client.call('endSession', { askFirstMs: GAP_MS }).catch(() => undefined)
      const [code, signal] = await Promise.race([
        exit,
        sleep(PATIENCE_MS).then(() =>
          Promise.reject(new Error(`the app never ended:\n${read('logs/clear-presence.log')}`)),
        ),
      ])
      const tookMs = performance.now() - start
      const clears = simulator.journal().filter(({ path }) => path.endsWith('/clearPresence'))
      return {
        answered:
          clears.some(({ status, outcome }) => status === 200 && outcome === 'answered') &&
          simulator.listSessions().length === 0,
        known:
          /"cleared"|"nothing-to-clear"/.test(read('history.json')) &&
          !read('registry.json').includes('"departure"'),
        clears: clears.length,
        warm: clears.every(({ connection }) => connection === warm),
        ...{ tookMs, exit: String(signal ?? code), log: read('logs/clear-presence.log') },
      }
    } finally {
      child.kill('SIGKILL')
      await exit
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  return { simulator, end, [Symbol.asyncDispose]: () => desk[Symbol.asyncDispose]() }
}

/** Waits until the app keeps a connection to Graph, and answers its number. */
async function warmConnection(simulator: Simulator): Promise<number> {
  const { connection } = await simulator.waitForRequest(
    ({ kind, host, status }) => kind === 'connect' && host === 'graph.microsoft.com' && status === 200,
  )
  // The handshake behind the CONNECT takes two more round trips.
  await sleep(6 * DELAY_MS)
  return connection
}
