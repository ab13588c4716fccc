/** What Electron reads from its own command line. */
export interface CommandLine {
  /** Every `--name[=value]` before a lone `--`, wherever it stands, as Chromium keeps them. */
  readonly switches: ReadonlyMap<string, string>
  /** Files named by `-r`, in order. */
  readonly requires: readonly string[]
  /** The first positional argument: the app's folder or file. */
  readonly appPath: string | undefined
  /** `--version` before the app's path: print and leave. */
  readonly version: boolean
}

/** What a packaged app's Electron reads: switches. It has its app, and takes neither `-r` nor `--version` for its own. */
export function parsePackagedCommandLine(args: readonly string[]): CommandLine {
  return { switches: switchesOf(args), requires: [], appPath: undefined, version: false }
}

/**
 * Parses `args` (without the executable) by the rules of Electron's default app: options before the first positional
 * are Electron's, the first positional is the app, the rest is the app's own business (and still counts as switches).
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const switches = switchesOf(args)
  const requires: string[] = []
  let appPath: string | undefined
  let version = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-r' || arg === '--require') {
      i += 1
      const file = args[i]
      if (file !== undefined) requires.push(file)
    } else if (arg === '-v' || arg === '--version') {
      version = true
      break
    } else if (arg.startsWith('--app=')) {
      appPath = arg.slice('--app='.length)
      break
    } else if (!arg.startsWith('-')) {
      appPath = arg
      break
    }
  }
  return { switches, requires, appPath, version }
}

function switchesOf(args: readonly string[]): Map<string, string> {
  const switches = new Map<string, string>()
  for (const arg of args) {
    if (arg === '--') break
    const match = /^--?([a-zA-Z][^=]*)(?:=(.*))?$/s.exec(arg)
    if (match?.[1] !== undefined && arg !== '-r') switches.set(match[1].toLowerCase(), match[2] ?? '')
  }
  return switches
}
