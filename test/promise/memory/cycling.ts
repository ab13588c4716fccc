/** The built app in front of a simulator, locked and unlocked over and over, and measured. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoEnv, signInAsBrowser, startSimulator } from '../../simulator/index.ts'
import { type Pose, startProcess, within } from '../kill/process.ts'
import { filesIn, type Held, historyEntriesIn, type Measure } from './measure.ts'
import { censusOf } from './snapshot.ts'

/** What can be leaked on purpose, once in each cycle. */
export type Leak = 'object' | 'listener' | 'timer' | 'descriptor' | 'worker' | 'file'

/** An app that is signed in and can be cycled. */
export interface Cycling extends AsyncDisposable {
  /** Locks and unlocks that often. Time passes in between, so that timers, renewals and refreshes come, too. */
  cycle(count: number): Promise<void>
  measure(): Promise<Measure>
  /** From now on each cycle leaks. */
  plant(leaks: readonly Leak[]): Promise<void>
  /** Requests that took effect so far. */
  cleared(): number
}

/** What the hook answers: the objects are in files. */
interface Reported extends Pick<Measure, 'rss' | 'fds' | 'listeners'> {
  readonly main: Omit<Held, 'census'>
  readonly worker: Omit<Held, 'census'>
}

/** Cycles between two moves of the clocks; then the journal is emptied. */
const BATCH = 25
/** How far the clocks are moved then, ms: 10,000 cycles are a day and more than one token's life. */
const BETWEEN_MS = 240_000
/** Every so many cycles the user has set something. */
const SET_EVERY = 5
const PATIENCE_MS = 60_000
/** Files in memory, where there is such a folder: it is about what is left, not about the disk. */
const MEMORY_FOLDER = '/dev/shm'

/** Starts simulator and app, and signs in. */
export async function setUpCycling(pose: Exclude<Pose, 'linux'> = 'darwin'): Promise<Cycling> {
  const simulator = await startSimulator({ autoApprove: true, throttleLimit: Number.MAX_SAFE_INTEGER })
  const folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'presence-memory-'))
  const userDataDir = join(folder, 'user-data')
  mkdirSync(userDataDir)
  const app = startProcess({
    userDataDir,
    scratch: folder,
    pose,
    hooks: [join(import.meta.dirname, 'hook.cjs')],
    env: demoEnv(simulator),
  })
  let cycles = 0
  let cleared = 0

  async function says(wanted: RegExp): Promise<void> {
    const heard = await within(PATIENCE_MS, async () => {
      const { exists, toolTip } = await app.call('tray')
      return exists && wanted.test(toolTip)
    })
    if (!heard) throw new Error(`the tray never said ${wanted.source}. The app printed:\n${app.out()}`)
  }

  async function stop(): Promise<void> {
    await app.kill()
    await simulator.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }

  /** Counts what came, and empties the journal: it is the simulator's memory, not the app's. */
  function count(): void {
    cleared += simulator
      .journal()
      .filter(({ path, outcome }) => path.endsWith('/clearPresence') && outcome === 'answered').length
    simulator.clearJournal()
  }

  try {
    await says(/Sign in/)
    await app.call('trayChoose', { item: 'sign-in' })
    await within(PATIENCE_MS, async () => (await app.call('opened')).length > 0)
    await signInAsBrowser(simulator, (await app.call('opened')).at(-1) ?? '')
    await says(/On\./)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async cycle(total) {
      for (let left = total; left > 0; left -= BATCH) {
        const batch = Math.min(left, BATCH)
        await app.callHook('cycles', { count: batch, setEvery: SET_EVERY })
        cycles += batch
        count()
        simulator.clock.advance(BETWEEN_MS)
        await app.call('advanceTime', { ms: BETWEEN_MS })
      }
    },
    async measure() {
      const [mainFile, workerFile] = [join(folder, 'main.heapsnapshot'), join(folder, 'worker.heapsnapshot')]
      const { main, worker, ...held } = (await app.callHook('measure', { mainFile, workerFile })) as Reported
      return {
        ...held,
        main: { ...main, census: censusOf(mainFile) },
        worker: { ...worker, census: censusOf(workerFile) },
        cycles,
        connections: simulator.connections(),
        files: filesIn(userDataDir),
        historyEntries: historyEntriesIn(userDataDir),
      }
    },
    async plant(leaks) {
      await app.callHook('plant', { leaks })
    },
    cleared: () => cleared,
    [Symbol.asyncDispose]: stop,
  }
}
