/** Follows the app's log as it grows, over rotations and restarts. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** What the log tells of the run that began last. */
export interface LogFollower {
  /** A new process is about to be started. */
  runBegins(): void
  /** Presence writes that were handed to the sender and whose end is not logged yet. */
  openWrites(): number
  /** The log's lines since the run began, or since `forget`. */
  lines(): readonly string[]
  /** Forgets the lines so far; what is counted stays. */
  forget(): void
}

/** Follows the log file at this path; it need not exist yet. */
export function followLog(path: string): LogFollower {
  let inode = 0
  let offset = 0
  let rest = ''
  let lines: string[] = []
  let open = 0

  function take(text: string): void {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      if (line.includes('"event":"presence write sent"')) open += 1
      if (line.includes('"event":"presence write ended"')) open -= 1
    }
  }

  function read(): void {
    let fd: number
    try {
      fd = openSync(path, 'r')
    } catch {
      return // Nothing was logged yet, or it is being rotated: the next look tells.
    }
    try {
      const { ino, size } = fstatSync(fd)
      if (ino !== inode) [inode, offset] = [ino, 0]
      const buffer = Buffer.alloc(Math.max(0, size - offset))
      const got = readSync(fd, buffer, 0, buffer.length, offset)
      offset += got
      take(buffer.toString('utf8', 0, got))
    } finally {
      closeSync(fd)
    }
  }

  return {
    runBegins() {
      read()
      lines = []
      open = 0
    },
    openWrites() {
      read()
      return open
    },
    lines() {
      read()
      return lines
    },
    forget() {
      read()
      lines = []
    },
  }
}
