/**
 * Reads and writes small files so that no crash, full disk or kill leaves half a file behind.
 *
 * Written by hand because the libraries for it (measured: electron-store's `atomically` and `write-file-atomic`)
 * call write() once and don't notice that a full disk took only a part, and so replace a good file by a cut one.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { SaveResult } from '../core/model.ts'
import type { ProblemCode } from '../../shared/problem.ts'
import { makeFolder } from './folder.ts'

/** What is wrong with a file, in a few words for "Details" and the log; no path, so no user name. */
function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}

/** Errors by which a file system says that it has no fsync for folders: nothing is lost that it could have kept. */
const NO_FOLDER_FSYNC = new Set([
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EPERM',
  'EACCES',
  'EISDIR',
  'EBADF',
])

function fsyncFolder(folder: string): void {
  // Windows can't open a folder for this; NTFS journals the rename itself.
  if (process.platform === 'win32') return
  try {
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!NO_FOLDER_FSYNC.has(reason(error))) throw error
  }
}

/** Errors on Windows while a virus scanner or an indexer holds a file open for a moment. */
const HELD_OPEN = new Set(['EPERM', 'EACCES', 'EBUSY'])

/** Does it, and again for at most 100 ms while another program on Windows holds the file open. */
function patiently<T>(action: () => T): T {
  const giveUp = performance.now() + 100
  for (;;) {
    try {
      return action()
    } catch (error) {
      const again = process.platform === 'win32' && HELD_OPEN.has(reason(error)) && performance.now() < giveUp
      if (!again) throw error
    }
  }
}

/** Writes, flushes and closes a new file; throws what the file system says, ENOSPC for instance. */
function writeNew(path: string, content: string | Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    // With a descriptor this loops until everything is written, and throws when the disk takes only a part.
    writeFileSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces a file whole or not at all; throws what the file system says. */
function replace(path: string, content: string | Uint8Array): void {
  const folder = dirname(path)
  const temp = join(folder, `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
  try {
    makeFolder(folder)
    writeNew(temp, content)
    patiently(() => renameSync(temp, path))
  } catch (error) {
    quietly(() => rmSync(temp, { force: true }))
    throw error
  }
  fsyncFolder(folder)
}

/**
 * Writes a file whole or not at all: temporary file in the same folder, full write, fsync, rename, fsync of the
 * folder; mode 0600. Durable when it returns ok. On failure the file is still a whole one, and the temporary one is
 * gone. Makes the folder when it is missing.
 *
 * @param code the problem to report when it can't be written; its `detail` is the file's name and the error code
 * (`ENOSPC`: the disk is full). Never throws.
 */
export function writeDurable(path: string, content: string | Uint8Array, code: ProblemCode): SaveResult {
  try {
    replace(path, content)
    return { ok: true }
  } catch (error) {
    return { ok: false, problem: { code, detail: `${basename(path)}: ${reason(error)}` } }
  }
}

/** Tidying up after a failure that is already being reported: a second failure adds nothing. */
function quietly(action: () => void): void {
  try {
    action()
  } catch {
    // Reported already by the caller's own error.
  }
}

/** What reading a file gave. */
export type ReadResult =
  | { readonly type: 'missing' }
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'too-big' }
  /** `reason` is the error code, e.g. `EACCES` or `EISDIR`. */
  | { readonly type: 'unreadable'; readonly reason: string }

/** Reads a whole file of at most `limit` bytes, without ever taking more than that into memory. Never throws. */
export function readBounded(path: string, limit: number): ReadResult {
  try {
    // Looked at before it is opened: opening a named pipe would wait for a writer for ever.
    const stat = statSync(path)
    if (stat.isDirectory()) return { type: 'unreadable', reason: 'EISDIR' }
    if (!stat.isFile()) return { type: 'unreadable', reason: 'not a file' }
    if (stat.size > limit) return { type: 'too-big' }
    const fd = patiently(() => openSync(path, 'r'))
    try {
      return readOpen(fd, limit)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    return reason(error) === 'ENOENT' ? { type: 'missing' } : { type: 'unreadable', reason: reason(error) }
  }
}

/** Our files are a few kilobytes: most are one piece. */
const PIECE_BYTES = 64 * 1024

function readOpen(fd: number, limit: number): ReadResult {
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const piece = Buffer.alloc(PIECE_BYTES)
    const got = readSync(fd, piece, 0, piece.length, null)
    length += got
    // Also of a file that grew since its size was read.
    if (length > limit) return { type: 'too-big' }
    if (got === 0) return { type: 'bytes', bytes: Buffer.concat(pieces, length) }
    pieces.push(piece.subarray(0, got))
  }
}

/** A name beside `path` that nothing has yet: `registry.json.corrupt-20260131T120000Z`, then `...Z-2`. */
function freeName(path: string, label: string, wall: number): string {
  const stamp = new Date(wall).toISOString().replace(/[-:]|\.\d+/g, '')
  for (let n = 1; ; n++) {
    const name = `${path}.${label}-${stamp}${n === 1 ? '' : `-${n}`}`
    try {
      lstatSync(name)
    } catch (error) {
      if (reason(error) === 'ENOENT') return name
      throw error
    }
  }
}

/**
 * Moves a file (or whatever stands in its place) out of the way as `<name>.<label>-<time>`, never over another one.
 * Only the holder of the single-instance lock calls it, so no other process takes the name in between.
 *
 * @param wall ms since the epoch. @returns the new file name without its folder, or null when it could not be moved.
 */
export function keepAside(path: string, label: string, wall: number): string | null {
  try {
    const aside = freeName(path, label, wall)
    renameSync(path, aside)
    fsyncFolder(dirname(path))
    return basename(aside)
  } catch {
    return null
  }
}

/**
 * Writes a copy of what was read beside the file, as `keepAside` would name it; the file itself stays.
 * @returns the copy's file name without its folder, or null when it could not be written.
 */
export function keepCopy(path: string, content: Uint8Array, label: string, wall: number): string | null {
  try {
    const aside = freeName(path, label, wall)
    replace(aside, content)
    return basename(aside)
  } catch {
    return null
  }
}

const TEMP_NAME = /^\..+\.(\d{1,10})-[0-9a-f]{12}\.tmp$/
/** A write takes milliseconds: a temporary file that is older belongs to nobody, even if its process id was given anew. */
const TEMP_MAX_AGE_MS = 60 * 60 * 1000

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return reason(error) !== 'ESRCH'
  }
}

/**
 * Removes the temporary files that killed processes left in a folder. For the start of the app, before the first
 * write. Files of living processes and all other names stay. Never throws. @returns how many were removed.
 */
export function removeDeadTemps(folder: string, wall: number): number {
  let removed = 0
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return 0 // No folder yet, or one that load() will report on.
  }
  for (const name of names) {
    const pid = Number(TEMP_NAME.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(pid)) continue
    const path = join(folder, name)
    try {
      // Writes are synchronous, so a file of our own id was left by an earlier process that had the same one.
      const dead = pid === process.pid || !isAlive(pid) || wall - statSync(path).mtimeMs > TEMP_MAX_AGE_MS
      if (!dead) continue
      rmSync(path, { force: true })
      removed += 1
    } catch {
      // It went away by itself or can't be removed: the next start tries again.
    }
  }
  return removed
}
