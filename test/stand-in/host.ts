import { join } from 'node:path'
import { parseCommandLine } from './command-line.ts'

/** The operating system that this process poses as. */
export type PosedPlatform = 'win32' | 'darwin' | 'linux'

function posedPlatform(): PosedPlatform {
  const wanted = process.env['STAND_IN_PLATFORM'] ?? 'linux'
  if (wanted === 'win32' || wanted === 'darwin' || wanted === 'linux') return wanted
  throw new Error(`stand-in: STAND_IN_PLATFORM must be win32, darwin or linux, not ${wanted}`)
}

/** What is fixed from the first moment of the process. */
export const host = {
  platform: posedPlatform(),
  /** Path of the executable that was started in Electron's place. */
  executable: join(import.meta.dirname, 'electron'),
  commandLine: parseCommandLine(process.argv.slice(2)),
  /** Electron's arguments as given, without the executable. */
  args: process.argv.slice(2),
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
