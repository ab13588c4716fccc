/**
 * The log: one JSON line per event in a rotating file, redacted here so that no caller can forget it.
 *
 * Why not electron-log (5.4, alive and good): its main entry needs Electron outside `platform/`; it keeps one old
 * file, shortens the log when a rotation fails, and trusts a size counted in memory after somebody deleted the file;
 * and redaction would be a transform that each transport must remember. What is left to take is an append. Writes
 * are synchronous: a line is with the operating system before the next statement runs, so a process that is killed
 * right after a departure has lost none. Warnings are what a hostile page can cause without end, so they are rationed:
 * main must have time for a departure.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Log, LogData } from '../core/model.ts'
import { keepAside } from './durable-file.ts'
import { makeFolder } from './folder.ts'
import { isSecretName, redact } from './redact.ts'

/** Name of the newest file; older ones are `clear-presence.1.log` to `clear-presence.4.log`. */
export const LOG_FILE = 'clear-presence.log'
/** Files kept, the newest included. */
const FILES = 5
/** A file is rotated before it grows beyond this. */
const FILE_LIMIT = 1024 * 1024
const VALUE_LIMIT = 2000
const NAME_LIMIT = 100
const MEMBER_LIMIT = 40
/** Warnings of one name that are written in a second; the others are counted. */
const WARNINGS_PER_SECOND = 20
/** Names that are counted apart in a second, so that the count itself stays small; all others share one. */
const WARNING_NAMES = 50
const OTHERS = '(others)'
/** A link in the file's place is not followed, and a pipe not waited for. Windows has neither. */
const APPEND =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_APPEND |
  (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK)

/** A log that can be ended. */
export interface ClosableLog extends Log {
  /** Tells how many warnings were left out, and writes nothing from here on. Nothing else has to be flushed. */
  close(): void
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`
}

/** One line as it goes into the file. Members that no line of ours needs are dropped, never the line. */
function format(time: number, level: string, event: string, data: LogData | undefined): string {
  const members = Object.entries(data ?? {})
    .filter(([, value]) => value !== undefined)
    .slice(0, MEMBER_LIMIT)
    .map(([name, value]) => {
      const safeName = cut(redact(name), NAME_LIMIT)
      if (typeof value !== 'string') return [safeName, value] as const
      return [
        safeName,
        isSecretName(name) && value !== '' ? '[redacted]' : cut(redact(value), VALUE_LIMIT),
      ] as const
    })
  const line = {
    time: new Date(Number.isFinite(time) ? time : 0).toISOString(),
    level,
    event: cut(redact(event), NAME_LIMIT),
    ...(members.length === 0 ? {} : { data: Object.fromEntries<LogData[string]>(members) }),
  }
  return `${JSON.stringify(line)}\n`
}

/**
 * Opens the log. Never throws, not even on a full disk or when its folder is deleted under it: lines that can't be
 * written are counted, and the count is the next line that can.
 */
export function createLog(options: {
  /** The logs folder; made when it is missing. */
  readonly folder: string
  /** ms since the epoch. */
  readonly now: () => number
  /** ms of a clock that nobody sets. */
  readonly mono?: () => number
}): ClosableLog {
  const { folder, now, mono = () => performance.now() } = options
  const path = join(folder, LOG_FILE)
  const older = (n: number): string => join(folder, LOG_FILE.replace('.log', `.${n}.log`))
  let lost = 0
  let closed = false
  /** Warnings of this second by their name. */
  const warnings = new Map<string, number>()
  let secondBegan = mono()

  function rotate(): void {
    rmSync(older(FILES - 1), { force: true })
    for (let n = FILES - 2; n >= 1; n--) {
      if (lstatSync(older(n), { throwIfNoEntry: false })) renameSync(older(n), older(n + 1))
    }
    renameSync(path, older(1))
  }

  function append(text: string): void {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink() === true) {
      // Whoever put it there chose what would be written to: it is kept for whoever wants to know, as other files are.
      const kept = keepAside(path, 'link', now())
      if (kept === null) throw new Error('a link that stays')
      put(format(now(), 'warn', 'log-link-set-aside', { kept }) + text)
      return
    }
    // Opening a named pipe would wait for a reader for ever: the line counts as lost.
    if (stat !== undefined && !stat.isFile()) throw new Error('not a file')
    const size = stat?.size ?? 0
    if (size > 0 && size + Buffer.byteLength(text) > FILE_LIMIT) {
      try {
        rotate()
      } catch {
        // Held open by a viewer on Windows, for instance: a log that is too long beats a line that is lost.
      }
    }
    try {
      put(text)
    } catch {
      makeFolder(folder)
      put(text)
    }
  }

  /** Appends to the file itself, whatever took its place since it was looked at. */
  function put(text: string): void {
    const file = openSync(path, APPEND, 0o600)
    try {
      if (!fstatSync(file).isFile()) throw new Error('not a file')
      writeFileSync(file, text)
    } finally {
      closeSync(file)
    }
  }

  /** Whether there is room for one more warning of this name in this second. Counts it. */
  function hasRoom(event: string): boolean {
    const name = warnings.has(event) || warnings.size < WARNING_NAMES ? event : OTHERS
    const count = (warnings.get(name) ?? 0) + 1
    warnings.set(name, count)
    return count <= WARNINGS_PER_SECOND
  }

  /** Begins a new second, and tells what the last one left out. */
  function tellLeftOut(): void {
    const over = [...warnings].filter(([, count]) => count > WARNINGS_PER_SECOND)
    warnings.clear()
    secondBegan = mono()
    for (const [event, count] of over)
      write('warn', 'warnings-left-out', { event, count: count - WARNINGS_PER_SECOND })
  }

  function write(level: string, event: string, data?: LogData): void {
    try {
      const line = format(now(), level, event, data)
      append(lost === 0 ? line : format(now(), 'warn', 'log-lines-lost', { count: lost }) + line)
      lost = 0
    } catch {
      // There is no place left to report it to; the count is written once the file takes lines again.
      lost += 1
    }
  }

  function take(level: 'info' | 'warn' | 'error', event: string, data?: LogData): void {
    if (closed) return
    if (mono() - secondBegan >= 1000) tellLeftOut()
    if (level !== 'warn' || hasRoom(event)) write(level, event, data)
  }

  return {
    info: (event, data) => take('info', event, data),
    warn: (event, data) => take('warn', event, data),
    error: (event, data) => take('error', event, data),
    close: () => {
      if (!closed) tellLeftOut()
      closed = true
    },
  }
}
