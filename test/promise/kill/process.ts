/** The built app in a process of its own, on the stand-in, without a window and without Playwright: it starts fast and can be killed. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_BUS } from '../../e2e/driver.ts'
import type { Operations } from '../../stand-in/control-types.ts'
import { ControlClient } from '../../stand-in/control-client.ts'
import { findElectron } from '../../stand-in/locate.ts'

/** What the stand-in poses as. */
export type Pose = 'win32' | 'darwin' | 'linux'

/** How a process ended: its exit code, or the signal that killed it. */
export type End = number | NodeJS.Signals

/** How to start one. */
export interface StartOptions {
  readonly userDataDir: string
  /** A folder for what the start needs: the control's address and what the process prints. */
  readonly scratch: string
  readonly pose: Pose
  /** Added to this process's environment; undefined removes a variable. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Loaded before the app, in order. */
  readonly hooks: readonly string[]
  /** Folder of the app; default: the repository's root, that is the built `out/main/index.js`. */
  readonly appDir?: string
}

/** One process of the app. */
export interface AppProcess {
  readonly pid: number
  readonly exit: Promise<End>
  /** How it ended, or undefined while it runs. */
  readonly ended: () => End | undefined
  /** Resolves when the control can be called. Rejects, with what was printed, when the process ends before. */
  readonly controlled: Promise<void>
  /** One operation of the stand-in's control. Rejects when the process is gone. */
  call<K extends keyof Operations>(
    name: K,
    input?: Parameters<Operations[K]>[0],
  ): Promise<Awaited<ReturnType<Operations[K]>>>
  /** One operation that a hook has added. */
  callHook(name: string, input: unknown): Promise<unknown>
  /** `kill -9`, and waits for the end. */
  kill(): Promise<void>
  /** Everything that it has printed. */
  out(): string
}

const REPOSITORY = resolve(import.meta.dirname, '../../..')
/** How long a start may take, ms: on a crowded machine. */
const START_MS = 30_000

/** Starts the app hidden, so that no browser is needed. */
export function startProcess(options: StartOptions): AppProcess {
  const { userDataDir, scratch, pose, hooks, appDir = REPOSITORY } = options
  const controlFile = join(scratch, 'control')
  const printed = join(scratch, 'printed.log')
  rmSync(controlFile, { force: true })
  const env: Record<string, string> = {}
  const wanted = {
    ...process.env,
    NODE_OPTIONS: undefined,
    STAND_IN_PLATFORM: pose,
    STAND_IN_CONTROL: controlFile,
    ...NO_BUS,
    ...options.env,
  }
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) env[name] = value
  const output = openSync(printed, 'a')
  const child = spawn(
    findElectron('stand-in').executable,
    [...hooks.flatMap((hook) => ['-r', hook]), `--user-data-dir=${userDataDir}`, appDir, '--hidden'],
    { env, cwd: REPOSITORY, stdio: ['ignore', output, output] },
  )
  closeSync(output)
  const out = (): string => readFileSync(printed, 'utf8')
  let ended: End | undefined
  // Whatever ends this process, the app must not outlive it.
  const killToo = (): void => void child.kill('SIGKILL')
  process.once('exit', killToo)
  const exit = new Promise<End>((done, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      process.off('exit', killToo)
      ended = code ?? signal ?? 0
      done(ended)
    })
  })
  let client: ControlClient | undefined
  const gone = async (): Promise<never> => {
    const how = await exit
    throw new Error(`the app ended (${how}) before it could be controlled. It printed:\n${out()}`)
  }
  const controlled = Promise.race([ControlClient.connect(controlFile, START_MS), gone()]).then(
    (connected) => {
      client = connected
    },
  )
  controlled.catch(() => undefined) // Whoever needs it awaits it; a process that is killed before nobody waits for.

  async function call<K extends keyof Operations>(
    name: K,
    input: Parameters<Operations[K]>[0] = {},
  ): Promise<Awaited<ReturnType<Operations[K]>>> {
    await controlled
    if (client === undefined) throw new Error('not connected')
    return client.call(name, input)
  }
  return {
    pid: child.pid ?? 0,
    exit,
    ended: () => ended,
    controlled,
    call,
    // The control serves whatever stands in its table, which a hook can add to.
    callHook: (name, input) => call(name as keyof Operations, input as never),
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
    out,
  }
}

/** Processes that still run with this folder on their command line: helpers that outlived their app. */
export function processesOf(folder: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder) ? [Number(name)] : []
    } catch {
      return [] // It has just ended.
    }
  })
}

/** Waits until a check holds. @returns whether it did within `ms`. */
export async function within(ms: number, check: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = performance.now() + ms
  for (;;) {
    if (await check()) return true
    if (performance.now() > end) return false
    await sleep(5)
  }
}

/** Lets a command end in order when it is interrupted: without it a signal ends the process past all clean-up. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
}
