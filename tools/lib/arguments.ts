/** Reads the few flags of the tools. */
import type { Platform } from './electron.ts'

/** A flag that isn't known, or a value that makes no sense: the usage is shown. */
export class UsageError extends Error {}

/** Flags by name without dashes: true for a bare one. @throws UsageError for one that isn't in `known`. */
export function readFlags(args: readonly string[], known: readonly string[]): Map<string, string | true> {
  const flags = new Map<string, string | true>()
  for (const arg of args) {
    const [, name = '', value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? []
    if (!known.includes(value === undefined ? name : `${name}=`)) throw new UsageError(`Unknown: ${arg}`)
    flags.set(name, value ?? true)
  }
  return flags
}

/** The value of `--platform=`. @throws UsageError when there is no such platform. */
export function readPlatform(flags: ReadonlyMap<string, string | true>): Platform | undefined {
  const value = flags.get('platform')
  if (value === undefined || value === 'win32' || value === 'darwin' || value === 'linux') return value
  throw new UsageError(`No such platform: ${String(value)} (win32, darwin or linux)`)
}

/** The value of `--port=`, 0 without. @throws UsageError when it is no port. */
export function readPort(flags: ReadonlyMap<string, string | true>): number {
  const value = flags.get('port') ?? '0'
  const port = Number(value)
  if (value !== true && /^\d+$/.test(value) && port < 65_536) return port
  throw new UsageError(`No such port: ${String(value)}`)
}
