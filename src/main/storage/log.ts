/**
 * The log: one JSON line per event in a rotating file, redacted here so that no caller can forget it.
 *
 * Why not electron-log (5.4, alive and good): its main entry needs Electron outside `platform/`; it keeps one old
 * file, shortens the log when a rotation fails, and trusts a size counted in memory after somebody deleted the file;
 * and redaction would be a transform that each transport must remember. What is left to take is an append. Writes
 * are synchronous: a line is with the operating system before the next statement runs, so a process that is killed
 * right after a departure has lost none.
 */
import { appendFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Log, LogData } from '../core/model.ts'
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

/** A log that can be ended. */
export interface ClosableLog extends Log {
  /** Writes nothing from here on. Nothing is buffered, so nothing has to be flushed. */
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
}): ClosableLog {
  const { folder, now } = options
  const path = join(folder, LOG_FILE)
  const older = (n: number): string => join(folder, LOG_FILE.replace('.log', `.${n}.log`))
  let lost = 0
  let closed = false

  function rotate(): void {
    rmSync(older(FILES - 1), { force: true })
    for (let n = FILES - 2; n >= 1; n--) {
      if (statSync(older(n), { throwIfNoEntry: false })) renameSync(older(n), older(n + 1))
    }
    renameSync(path, older(1))
  }

  function append(text: string): void {
    const stat = statSync(path, { throwIfNoEntry: false })
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
      appendFileSync(path, text, { mode: 0o600 })
    } catch {
      makeFolder(folder)
      appendFileSync(path, text, { mode: 0o600 })
    }
  }

  function write(level: string, event: string, data?: LogData): void {
    if (closed) return
    try {
      const line = format(now(), level, event, data)
      append(lost === 0 ? line : format(now(), 'warn', 'log-lines-lost', { count: lost }) + line)
      lost = 0
    } catch {
      // There is no place left to report it to; the count is written once the file takes lines again.
      lost += 1
    }
  }

  return {
    info: (event, data) => write('info', event, data),
    warn: (event, data) => write('warn', event, data),
    error: (event, data) => write('error', event, data),
    close: () => {
      closed = true
    },
  }
}
