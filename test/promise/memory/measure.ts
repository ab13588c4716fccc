/** What the app holds at a moment, and what may not have grown between two of them. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Census, growthOf, totalOf } from './snapshot.ts'

/** One thread. */
export interface Held {
  /** What is alive after a garbage collection. */
  readonly census: Census
  /** Bytes of the heap, and outside it. */
  readonly heapUsed: number
  readonly external: number
  /** What keeps the event loop alive (`process.getActiveResourcesInfo`): timers, sockets, ... */
  readonly resources: Readonly<Record<string, number>>
}

/** Both threads, the process, and the folder of user data. */
export interface Measure {
  /** Cycles played before it. */
  readonly cycles: number
  readonly main: Held
  readonly worker: Held
  /** Bytes; shown, not judged: the allocator gives back when it likes. */
  readonly rss: number
  /** Open descriptors. */
  readonly fds: number
  /** Listeners per emitter and event. */
  readonly listeners: Readonly<Record<string, number>>
  /** Open connections, seen from the other side. */
  readonly connections: number
  /** Size per file, bytes. */
  readonly files: Readonly<Record<string, number>>
  readonly historyEntries: number
}

/** A socket that is just being replaced, a timer that has not run yet. */
const COMING_AND_GOING = 3
/** What compiled code and caches may add whatever is played, objects: measured about 70 in 200 cycles. */
const WARMING_UP_NODES = 120
/** In many cycles, already an object in every tenth of them is a leak. */
const LEAK_SHARE = 0.1
/** What the length of a number may change in a file of ours, bytes. */
const FILE_NOISE_BYTES = 256
/** Bytes that one leaked object takes at least, with its place in a list. */
const SMALLEST_LEAK_BYTES = 36
const HEAP_NOISE_BYTES = 600_000
const LOG_FILES = 5
const LOG_FILE_BYTES = 1024 * 1024
const HISTORY_ENTRIES = 200

/** Sizes of all files below a folder, by their path in it. */
export function filesIn(folder: string): Readonly<Record<string, number>> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path.slice(folder.length + 1), statSync(path).size]),
  )
}

/** Entries of the history file in a folder. */
export function historyEntriesIn(folder: string): number {
  const { entries } = JSON.parse(readFileSync(join(folder, 'history.json'), 'utf8')) as {
    entries: readonly unknown[]
  }
  return entries.length
}

/**
 * What grew between two measures more than it may. The bound for objects is below what one leaked object in each
 * tenth cycle would add, and of few cycles below one in each; with still fewer nothing could be told.
 * @throws RangeError with too few cycles between.
 */
export function grown(before: Measure, after: Measure): readonly string[] {
  const cycles = after.cycles - before.cycles
  const nodesBound = Math.max(WARMING_UP_NODES, cycles * LEAK_SHARE)
  if (nodesBound >= cycles) throw new RangeError(`${cycles} cycles are too few to tell a leak from noise`)
  const found: string[] = []
  const check = (what: string, from: number, to: number, bound: number): void => {
    if (to - from > bound)
      found.push(`${what}: ${from} -> ${to} in ${cycles} cycles (at most ${Math.round(bound)} more)`)
  }
  for (const thread of ['main', 'worker'] as const) {
    const [from, to] = [before[thread], after[thread]]
    const most = growthOf(from.census, to.census).join(', ')
    check(`${thread} objects (${most})`, totalOf(from.census), totalOf(to.census), nodesBound)
    check(`${thread} heap bytes`, from.heapUsed, to.heapUsed, HEAP_NOISE_BYTES + cycles * SMALLEST_LEAK_BYTES)
    check(
      `${thread} bytes outside the heap`,
      from.external,
      to.external,
      HEAP_NOISE_BYTES + cycles * SMALLEST_LEAK_BYTES,
    )
    for (const [name, count] of Object.entries(to.resources)) {
      check(`${thread} ${name}`, from.resources[name] ?? 0, count, COMING_AND_GOING)
    }
  }
  check('descriptors', before.fds, after.fds, COMING_AND_GOING)
  check('connections', before.connections, after.connections, COMING_AND_GOING)
  for (const [name, count] of Object.entries(after.listeners)) {
    check(`listeners of ${name}`, before.listeners[name] ?? 0, count, 0)
  }
  return [...found, ...grownFiles(before, after)]
}

function grownFiles(before: Measure, after: Measure): readonly string[] {
  const isLog = (name: string): boolean => name.startsWith('logs')
  const logs = Object.entries(after.files).filter(([name]) => isLog(name))
  const found = Object.keys(after.files)
    .filter((name) => !isLog(name) && !(name in before.files))
    .map((name) => `a new file: ${name}`)
  for (const [name, size] of Object.entries(after.files)) {
    // The log and the history have bounds of their own.
    if (isLog(name) || name === 'history.json') continue
    const more = size - (before.files[name] ?? size)
    if (more > FILE_NOISE_BYTES) found.push(`${name}: ${more} bytes more`)
  }
  if (logs.length > LOG_FILES) found.push(`${logs.length} log files`)
  for (const [name, size] of logs) if (size > LOG_FILE_BYTES) found.push(`${name}: ${size} bytes`)
  if (after.historyEntries > HISTORY_ENTRIES) found.push(`${after.historyEntries} entries in the history`)
  return found
}
