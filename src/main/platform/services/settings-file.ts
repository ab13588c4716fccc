/** Looks at the settings file before electron-store does, which would throw on a bad one or overwrite it. */
import { lstatSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem, ProblemCode } from '../../../shared/problem.ts'

/** Name of the file without `.json`. */
export const SETTINGS_NAME = 'settings'
/** Version of its schema; a file without one was written by hand and counts as version 1. */
export const SETTINGS_VERSION = 1
/** Largest file that is read, bytes; ours is a few hundred. */
const FILE_LIMIT = 1024 * 1024

/** What the file holds and whether it may be written over. */
export interface SettingsFile {
  readonly values: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
  /** False when a bad file stands there and could not be kept aside: then nothing is written. */
  readonly usable: boolean
}

/**
 * Reads the file. One that is corrupt or newer is renamed to `settings.json.<why>-<time>`, and the defaults are used.
 * Never throws. `wall` is ms since the epoch; `rename` moves a file as `renameSync` does.
 */
export function openSettingsFile(
  folder: string,
  wall: number,
  rename: (from: string, to: string) => void = renameSync,
): SettingsFile {
  const path = join(folder, `${SETTINGS_NAME}.json`)
  const aside = (code: ProblemCode, label: string, why: string): SettingsFile => {
    const kept = keepAside(path, label, wall, rename)
    const detail = `${SETTINGS_NAME}.json: ${why}; ${kept === null ? 'could not be kept aside' : `kept as ${kept}`}`
    return { values: {}, problems: [{ code, detail }], usable: kept !== null }
  }
  let text: string
  try {
    // Looked at before it is opened: a named pipe would be waited for, and a device read, for ever.
    const stat = statSync(path)
    if (!stat.isFile()) return aside('settings-corrupt', 'corrupt', 'not a file')
    if (stat.size > FILE_LIMIT) return aside('settings-corrupt', 'corrupt', `larger than ${FILE_LIMIT} bytes`)
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return { values: {}, problems: [], usable: true }
    return aside('settings-corrupt', 'corrupt', `can't be read (${code})`)
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return aside('settings-corrupt', 'corrupt', 'not valid JSON')
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return aside('settings-corrupt', 'corrupt', 'not an object')
  }
  const { version = SETTINGS_VERSION, ...values } = content as Record<string, unknown>
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    return aside('settings-corrupt', 'corrupt', "its version isn't a whole number")
  }
  if (version > SETTINGS_VERSION) {
    return aside('settings-newer', 'newer', `written by a newer version (schema ${version})`)
  }
  return { values, problems: [], usable: true }
}

/** Moves the file out of the way, never over another one; null when that fails. */
function keepAside(
  path: string,
  label: string,
  wall: number,
  rename: (from: string, to: string) => void,
): string | null {
  const stamp = new Date(wall).toISOString().replace(/[-:]|\.\d+/g, '')
  try {
    for (let n = 1; ; n++) {
      const suffix = `.${label}-${stamp}${n === 1 ? '' : `-${n}`}`
      if (lstatSync(path + suffix, { throwIfNoEntry: false }) !== undefined) continue
      rename(path, path + suffix)
      return `${SETTINGS_NAME}.json${suffix}`
    }
  } catch {
    return null
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}
