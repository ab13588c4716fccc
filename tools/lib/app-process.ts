/** Runs the built app as a process that ends by its own quit path. */
import { spawn } from 'node:child_process'
import type { Runner } from './electron.ts'
import { REPOSITORY } from './paths.ts'

/** A running app. */
export interface AppProcess {
  /** Its exit code, or the signal that ended it. Never rejects. */
  readonly exit: Promise<number | NodeJS.Signals>
  /** Asks it to quit, and ends it when it is still there after `ms`. Resolves when it has ended. */
  quit(ms: number): Promise<void>
}

/** How to run it. */
export interface AppOptions {
  readonly runner: Runner
  /** Arguments before the app's folder: Electron's own. */
  readonly electronArgs?: readonly string[]
  /** Arguments of the app. */
  readonly args?: readonly string[]
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The app hears of the end of this process by its standard input. */
  readonly lifeline?: boolean
}

/** Starts the app. Rejects when the executable can't be started. */
export async function startAppProcess(options: AppOptions): Promise<AppProcess> {
  const { runner, electronArgs = [], args = [], env = {}, lifeline = false } = options
  const all: Record<string, string | undefined> = { ...process.env, ...env }
  const child = spawn(runner.executable, [...electronArgs, REPOSITORY, ...args], {
    cwd: REPOSITORY,
    env: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    stdio: [lifeline ? 'pipe' : 'ignore', 'inherit', 'inherit'],
    // A terminal sends Ctrl+C to its whole group. The app must hear of it once, from us: its second Ctrl+C means
    // "don't wait for Microsoft".
    detached: process.platform !== 'win32',
  })
  const exit = new Promise<number | NodeJS.Signals>((done) => {
    child.once('exit', (code, signal) => {
      done(code ?? signal ?? 1)
    })
  })
  await new Promise<void>((done, fail) => {
    child.once('spawn', done)
    child.once('error', fail)
  })
  return {
    exit,
    quit: async (ms) => {
      // On Windows this would end it without a clear; there Ctrl+C reaches the app by itself.
      if (process.platform !== 'win32') child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), ms)
      await exit
      clearTimeout(late)
    },
  }
}
