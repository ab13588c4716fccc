/** What the command line says: the few flags that decide how the process starts, and the one command. Pure. */
import { COMMANDS, type ControlCommand } from '../core/command-line.ts'

/** What the command line says. Flags that are not ours (Chromium's and Node's come here too) are only named. */
export interface Flags {
  /** Start without opening the window. */
  readonly hidden: boolean
  /** Another folder for everything that is kept; null for the usual one. */
  readonly userDataDir: string | null
  readonly version: boolean
  readonly help: boolean
  /** What is asked for, each command once; more than one can't be done. */
  readonly commands: readonly ControlCommand[]
  /** Names, without their values, of flags that were not understood, for the log. */
  readonly unknown: readonly string[]
}

const SWITCHES = ['hidden', 'version', 'help'] as const

/**
 * Reads `--name` and `--key=value` from a command line; what doesn't start with two hyphens (the program, the app's
 * folder) is passed over, and everything after a bare `--` too. Never throws. The last of several values wins.
 */
export function parseFlags(argv: readonly string[]): Flags {
  const end = argv.indexOf('--')
  const given = (end === -1 ? argv : argv.slice(0, end)).filter((argument) => argument.startsWith('--'))
  const seen = new Set<(typeof SWITCHES)[number]>()
  const commands = new Set<ControlCommand>()
  const unknown: string[] = []
  let userDataDir: string | null = null
  for (const argument of given) {
    const [name, value] = split(argument.slice(2))
    const plain = SWITCHES.find((known) => known === name)
    const command = COMMANDS.find((known) => known === name)
    if (plain !== undefined && value === undefined) seen.add(plain)
    else if (command !== undefined && value === undefined) commands.add(command)
    else if (name === 'user-data-dir' && value !== undefined && value !== '') userDataDir = value
    else unknown.push(name)
  }
  return {
    hidden: seen.has('hidden'),
    userDataDir,
    version: seen.has('version'),
    help: seen.has('help'),
    commands: [...commands],
    unknown,
  }
}

/** Cuts at the first equals sign only: a folder's name may hold another one. */
function split(argument: string): readonly [name: string, value?: string] {
  const at = argument.indexOf('=')
  return at === -1 ? [argument] : [argument.slice(0, at), argument.slice(at + 1)]
}
