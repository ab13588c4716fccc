/** Who this process is: its names, its folder for user data, and whether it is the only one that uses it. */
import { url as debuggerUrl } from 'node:inspector'
import { join, resolve } from 'node:path'
import { app, dialog } from 'electron'
import { words } from '../../shared/strings.ts'
import { FOR_RUNNING } from '../core/command-line.ts'
import { shutDebugging } from './debugging.ts'
import { type Flags, parseFlags } from './flags.ts'
import { makeFolder } from './folder.ts'

export { parseFlags, type Flags } from './flags.ts'

/** The name that the system shows, and that the folders have. */
const APP_NAME = 'Clear Presence'

/** Groups windows and notifications on Windows; the installer's shortcut carries the same. */
const APP_USER_MODEL_ID = 'ClearPresence.ClearPresence'

/** What this process may do. */
export interface Instance {
  /** Whether this process owns files and sender. If not, it has told the first one and leaves. */
  readonly first: boolean
  /** The folder for everything that is kept. */
  readonly userData: string
  /** The folder for the log files. */
  readonly logs: string
  readonly version: string
  readonly flags: Flags
  /** The user's BCP 47 locale; '' before ready. */
  locale(): string
  /** Calls back with the command line of each later start, also of one that came before this call. */
  onSecond(listener: (argv: string[]) => void): void
  /** Prints one line on stdout; resolves when it is out, or can't be. Windows gives a program with windows none to print on. */
  print(line: string): Promise<void>
  /** Ends a process that has nothing to clear, by this exit code. */
  leave(exitCode: number): void
}

/**
 * Names the app, settles its folder and takes the single-instance lock, in this order, because the lock is one per
 * folder. Call it before anything else.
 * @throws Error when the folder can't be made (its `code` says why): without it there is neither lock nor registry.
 */
export function claimInstance({
  argv,
  env,
}: {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}): Instance {
  shutDebugging({
    isPackaged: app.isPackaged,
    inspected: debuggerUrl() !== undefined,
    commandLine: app.commandLine,
  })
  app.setName(APP_NAME)
  if (process.platform === 'win32') app.setAppUserModelId(APP_USER_MODEL_ID)
  const flags = parseFlags(argv)
  const userData = settleUserData(flags.userDataDir, env)
  const owner = flags.commands.length < 2 && !flags.commands.some((command) => FOR_RUNNING.includes(command))

  // Chromium adds switches to the command line that it hands over and changes their order: ours travels beside it.
  const first = owner && app.requestSingleInstanceLock({ argv: [...argv] })
  const waiting: string[][] = []
  let deliver = (later: string[]): void => {
    waiting.push(later)
  }
  if (first) {
    app.on('second-instance', (_event, commandLine, _folder, data) => deliver(argvOf(data) ?? commandLine))
  }
  return {
    first,
    userData,
    logs: app.getPath('logs'),
    version: app.getVersion(),
    flags,
    locale: () => app.getLocale(),
    onSecond(listener) {
      deliver = listener
      for (const later of waiting.splice(0)) listener(later)
    },
    print: (line) =>
      new Promise((resolve) => {
        // Whoever reads it may be gone (EPIPE).
        process.stdout.once('error', () => resolve())
        process.stdout.write(`${line}\n`, () => resolve())
      }),
    leave: (exitCode) => app.exit(exitCode),
  }
}

/**
 * The app could not start: says so (in a dialog, or on stderr where there is no desktop yet) and ends. What is owed
 * stays in the registry for the next start.
 */
export function failToStart(error: unknown): void {
  dialog.showErrorBox(words.startFailed.title, words.startFailed.text(String(error)))
  app.exit(1)
}

/** Moves the folder where the flag says, and on Windows out of the roaming profile; makes it for this user alone. */
function settleUserData(flag: string | null, env: Readonly<Record<string, string | undefined>>): string {
  const local = process.platform === 'win32' ? env['LOCALAPPDATA'] : undefined
  const chosen =
    flag !== null ? resolve(flag) : local !== undefined && local !== '' ? join(local, APP_NAME) : null
  const userData = chosen ?? app.getPath('userData')
  makeFolder(userData)
  if (chosen === null) return userData
  app.setPath('userData', userData)
  // Chromium's own files follow `sessionData`, which was derived from the old folder.
  app.setPath('sessionData', userData)
  app.setAppLogsPath(join(userData, 'logs'))
  return userData
}

function argvOf(data: unknown): string[] | null {
  if (typeof data !== 'object' || data === null || !('argv' in data) || !Array.isArray(data.argv)) return null
  const argv: readonly unknown[] = data.argv
  return argv.every((argument) => typeof argument === 'string') ? [...argv] : null
}
