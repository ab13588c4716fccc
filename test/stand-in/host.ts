import { dirname, join } from 'node:path'
import { parseCommandLine, parsePackagedCommandLine } from './command-line.ts'

/** The operating system that this process poses as. */
export type PosedPlatform = 'win32' | 'darwin' | 'linux'

function posedPlatform(): PosedPlatform {
  const wanted = process.env['STAND_IN_PLATFORM'] ?? 'linux'
  if (wanted === 'win32' || wanted === 'darwin' || wanted === 'linux') return wanted
  throw new Error(`stand-in: STAND_IN_PLATFORM must be win32, darwin or linux, not ${wanted}`)
}

/** Comes first among the arguments when the executable is that of a package (package/launcher.ts). */
const PACKAGE = '--stand-in-package='

const given = process.argv.slice(2)
const program = given[0]?.startsWith(PACKAGE) === true ? given[0].slice(PACKAGE.length) : undefined
/** Electron's arguments as given, without the executable. */
const args = program === undefined ? given : given.slice(1)

/** What is fixed from the first moment of the process. */
export const host = {
  platform: posedPlatform(),
  /** Path of the executable that was started in Electron's place. */
  executable: program ?? join(import.meta.dirname, 'electron'),
  /** Whether an app is installed around the executable. */
  packaged: program !== undefined,
  /** Electron's `resources` folder; a package has its app in it. */
  resources: program === undefined ? import.meta.dirname : join(dirname(program), 'resources'),
  commandLine: program === undefined ? parseCommandLine(args) : parsePackagedCommandLine(args),
  args,
  electronVersion: '45.4.1',
  chromeVersion: '147.0.7727.0',
} as const

/** True once `app` has emitted `ready`; guards the parts that Electron refuses to use earlier. */
export const lifecycle = { ready: false, quitting: false, exiting: false }

/** Throws like Electron when `what` is used before `ready`. */
export function needsReady(what: string): void {
  if (!lifecycle.ready) throw new Error(`${what} can only be used after the app is ready`)
}

const exit = process.exit.bind(process)

/** Ends the process now; `process.exit` itself means `app.exit` once the app runs. */
export function leaveNow(code: number): never {
  return exit(code)
}
