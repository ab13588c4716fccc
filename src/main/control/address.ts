/** Where the running app listens: a socket of the user's own, named in a file that only the user can read. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'

const NAME = 'control.json'

/** A socket's path holds no more than this on macOS (`sun_path`, 104 bytes with its end; Linux has 108). */
const LONGEST_PATH = 103

/** An address that was made, and how to take it away again. */
export interface Address {
  readonly path: string
  remove(): void
}

/**
 * A new address for the process that owns the folder, and so for nobody else. Overwrites that of a process that died.
 * A named pipe has a new name each time: one that is known before could be taken by another user first.
 * @throws Error with the file system's `code`.
 */
export function makeAddress(folder: string, platform: NodeJS.Platform): Address {
  const [path, holder] = placeFor(folder, platform)
  const file = join(folder, NAME)
  rmSync(path, { force: true })
  writeFileSync(file, JSON.stringify({ path }), { mode: 0o600 })
  return {
    path,
    remove() {
      rmSync(file, { force: true })
      rmSync(path, { force: true })
      if (holder !== null) rmSync(holder, { recursive: true, force: true })
    },
  }
}

/** The path, and a folder that was made for it. */
function placeFor(folder: string, platform: NodeJS.Platform): readonly [path: string, holder: string | null] {
  if (platform === 'win32') return [`\\\\.\\pipe\\clear-presence-${randomUUID()}`, null]
  const path = join(folder, 'control.sock')
  if (Buffer.byteLength(path) <= LONGEST_PATH) return [path, null]
  // Its mode is 0700, as that of the user's folder is.
  const holder = mkdtempSync(join(tmpdir(), 'clear-presence-'))
  return [join(holder, 'control.sock'), holder]
}

/** The address of the process that owns the folder, or of one that died; null when there is none. Never throws. */
export function findAddress(folder: string): string | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, NAME), 'utf8'))
    const path = typeof value === 'object' && value !== null && 'path' in value ? value.path : null
    return typeof path === 'string' && (isAbsolute(path) || path.startsWith('\\\\.\\pipe\\')) ? path : null
  } catch {
    return null
  }
}
