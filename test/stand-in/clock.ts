import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { stripTypeScriptTypes, syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { promisify } from 'node:util'
import workerThreads from 'node:worker_threads'

/*
 * A clock that can be moved: `Date`, `performance.now`, `process.hrtime` and the timers made through the globals or
 * `node:timers`, in the main thread and in every worker thread together. Timers that Node keeps for itself (socket
 * timeouts, keep-alive) stay on real time, so connections survive a jump.
 */

/** Key of the environment data that workers inherit. */
const SHARED = 'stand-in clock'
const SLOT = 'stand-in clock slot'
const SLOTS = 64

/** Layout: two 64-bit offsets in ms (wall, monotonic), then 32-bit words: generation, and one acknowledgement per worker. */
interface Shared {
  buffer: SharedArrayBuffer
  offsets: BigInt64Array
  words: Int32Array
}

interface TimerInternals {
  _idleTimeout: number
  _idleStart: number
  _destroyed: boolean
  refresh: () => NodeJS.Timeout
}

let shared = viewOf(new SharedArrayBuffer(16 + 4 * (1 + SLOTS)))
const live = new Set<NodeJS.Timeout>()
const real = {
  Date,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  now: performance.now.bind(performance),
  hrtime: process.hrtime.bind(process),
  bigint: process.hrtime.bigint.bind(process.hrtime),
  uptime: process.uptime.bind(process),
  osUptime: os.uptime.bind(os),
}

function viewOf(buffer: SharedArrayBuffer): Shared {
  return { buffer, offsets: new BigInt64Array(buffer, 0, 2), words: new Int32Array(buffer, 16) }
}

const wall = (): number => Number(Atomics.load(shared.offsets, 0))
const monotonic = (): number => Number(Atomics.load(shared.offsets, 1))

/** Replaces the clocks of the main thread; workers started later follow. Call it before anything keeps a reference. */
export function installClock(): void {
  patchDate()
  patchMonotonic()
  patchTimers()
  patchWorkers()
  syncBuiltinESMExports()
}

/** The worker's half: takes the shared offsets of the thread that started it. Called at the end of the worker's copy. */
export function followClock(): void {
  const buffer = workerThreads.getEnvironmentData(SHARED)
  const slot = workerThreads.getEnvironmentData(SLOT)
  if (!(buffer instanceof SharedArrayBuffer) || typeof slot !== 'number') return
  shared = viewOf(buffer)
  installClock()
  Atomics.store(shared.words, 1 + slot, Atomics.load(shared.words, 0))
  const follow = (seen: number, offset: number): void => {
    const waiting = Atomics.waitAsync(shared.words, 0, seen)
    const wake = (): void => {
      const generation = Atomics.load(shared.words, 0)
      const now = monotonic()
      rearm(now - offset)
      // After the timers that have become due.
      real
        .setTimeout(() => {
          Atomics.store(shared.words, 1 + slot, generation)
        }, 5)
        .unref()
      follow(generation, now)
    }
    if (waiting.async) void waiting.value.then(wake)
    else setImmediate(wake)
  }
  follow(Atomics.load(shared.words, 0), monotonic())
}

/**
 * Moves the clock, as if that much time had passed in one leap: what has become due fires once, in order.
 * @param milliseconds how far; the monotonic clock and the timers never go back.
 * @param wallOnly moves `Date` alone, as a user who sets the clock does (may be negative).
 * @returns when the due timers of this thread and of the workers have run (workers that are blocked are not awaited
 * longer than a second of real time).
 */
export async function advanceClock(milliseconds: number, wallOnly = false): Promise<void> {
  Atomics.add(shared.offsets, 0, BigInt(Math.round(milliseconds)))
  if (wallOnly) return
  if (milliseconds < 0) throw new RangeError('only the wall clock can go back')
  Atomics.add(shared.offsets, 1, BigInt(Math.round(milliseconds)))
  const generation = Atomics.add(shared.words, 0, 1) + 1
  Atomics.notify(shared.words, 0)
  rearm(milliseconds)
  const pause = (ms: number): Promise<void> => new Promise((done) => real.setTimeout(done, ms))
  await pause(5)
  for (let waited = 0; waited < 1000 && behind(generation); waited += 5) await pause(5)
}

/** How far `Date` is from real time, in ms. */
export function wallOffset(): number {
  return wall()
}

const slotsInUse = new Set<number>()

function behind(generation: number): boolean {
  return [...slotsInUse].some((slot) => Atomics.load(shared.words, 1 + slot) < generation)
}

const probe = real.setTimeout(() => undefined, 1)
clearTimeout(probe)
/** Node's own; a tracked timer carries a wrapped one. */
const refresh = probe.refresh

/** Brings every timer that is still running `milliseconds` nearer, keeping their order. */
function rearm(milliseconds: number): void {
  // Read once: a tick of the clock between two timers would change their order.
  const now = loopNow()
  const pending: { timer: NodeJS.Timeout & TimerInternals; left: number }[] = []
  for (const entry of live) {
    const timer = entry as NodeJS.Timeout & TimerInternals
    if (timer._destroyed || timer._idleTimeout < 0) live.delete(entry)
    else pending.push({ timer, left: timer._idleStart + timer._idleTimeout - now - milliseconds })
  }
  pending.sort((a, b) => a.left - b.left)
  for (const { timer, left } of pending) {
    timer._idleTimeout = Math.max(1, Math.round(left))
    refresh.call(timer)
  }
}

/** Node measures `_idleStart` from the loop's start; a fresh timer tells where that clock stands. */
function loopNow(): number {
  const fresh = real.setTimeout(() => undefined, 1) as NodeJS.Timeout & TimerInternals
  clearTimeout(fresh)
  return fresh._idleStart
}

function track(timer: NodeJS.Timeout): NodeJS.Timeout {
  if (live.size > 500) {
    for (const entry of live) if ((entry as NodeJS.Timeout & TimerInternals)._destroyed) live.delete(entry)
  }
  live.add(timer)
  // A refresh by its owner starts the full time again, whatever a jump has made of it.
  const full = (timer as NodeJS.Timeout & TimerInternals)._idleTimeout
  Object.defineProperty(timer, 'refresh', {
    configurable: true,
    value: () => {
      Object.assign(timer, { _idleTimeout: full })
      refresh.call(timer)
      live.add(timer)
      return timer
    },
  })
  return timer
}

function patchTimers(): void {
  const setTimeoutMoved = ((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    track(real.setTimeout(callback, ms, ...args))) as typeof setTimeout
  const setIntervalMoved = ((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    track(real.setInterval(callback, ms, ...args))) as typeof setInterval
  const sleep = <T>(
    ms?: number,
    value?: T,
    options: { signal?: AbortSignal; ref?: boolean } = {},
  ): Promise<T> =>
    new Promise((done, reject) => {
      const { signal } = options
      const abort = (): void => {
        clearTimeout(timer)
        reject(
          Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
            name: 'AbortError',
            code: 'ABORT_ERR',
          }),
        )
      }
      const timer = setTimeoutMoved(() => {
        signal?.removeEventListener('abort', abort)
        done(value as T)
      }, ms)
      if (options.ref === false) timer.unref()
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  Object.defineProperty(setTimeoutMoved, promisify.custom, { value: sleep, enumerable: true })
  Object.assign(globalThis, { setTimeout: setTimeoutMoved, setInterval: setIntervalMoved })
  Object.assign(timers, { setTimeout: setTimeoutMoved, setInterval: setIntervalMoved })
  Object.assign(timersPromises, { setTimeout: sleep })
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController()
    setTimeoutMoved(() => {
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    }, ms).unref()
    return controller.signal
  }
}

function patchDate(): void {
  const now = (): number => real.Date.now() + wall()
  const moved = new Proxy(real.Date, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new real.Date(now()).toString(),
    get: (target, key, receiver): unknown => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  })
  Object.defineProperty(real.Date.prototype, 'constructor', {
    value: moved,
    writable: true,
    configurable: true,
  })
  globalThis.Date = moved
}

function patchMonotonic(): void {
  Object.defineProperty(performance, 'now', {
    value: () => real.now() + monotonic(),
    writable: true,
    configurable: true,
  })
  const hrtime = (previous?: [number, number]): [number, number] => {
    const [seconds, nanoseconds] = real.hrtime()
    const total = seconds * 1000 + monotonic()
    const now: [number, number] = [Math.floor(total / 1000), nanoseconds + (total % 1000) * 1e6]
    if (now[1] >= 1e9) {
      now[0] += 1
      now[1] -= 1e9
    }
    if (previous === undefined) return now
    const [s, n] = [now[0] - previous[0], now[1] - previous[1]]
    return n < 0 ? [s - 1, n + 1e9] : [s, n]
  }
  process.hrtime = Object.assign(hrtime, { bigint: () => real.bigint() + BigInt(monotonic()) * 1_000_000n })
  process.uptime = () => real.uptime() + monotonic() / 1000
  os.uptime = () => real.osUptime() + monotonic() / 1000
}

/**
 * This file as JavaScript that ends by following the main thread's clock. Made once and kept: stripping the types in
 * each worker would triple the time that a worker needs to start.
 */
function workerPreload(): string {
  const source = readFileSync(import.meta.filename, 'utf8')
  const folder = join(import.meta.dirname, '../../node_modules/.cache/stand-in-compile')
  const file = join(folder, `clock-${createHash('sha256').update(source).digest('hex').slice(0, 16)}.mjs`)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${stripTypeScriptTypes(source)}\nfollowClock()\n`)
  renameSync(draft, file)
  return file
}

/** Workers load {@link workerPreload} first and share the offsets. */
function patchWorkers(): void {
  const Original = workerThreads.Worker
  workerThreads.setEnvironmentData(SHARED, shared.buffer)
  let preload: string | undefined
  workerThreads.Worker = class Worker extends Original {
    constructor(file: string | URL, options: workerThreads.WorkerOptions = {}) {
      let slot = 0
      while (slotsInUse.has(slot)) slot += 1
      if (slot >= SLOTS) throw new Error(`stand-in: more than ${SLOTS} workers`)
      workerThreads.setEnvironmentData(SLOT, slot)
      Atomics.store(shared.words, 1 + slot, 0x7fffffff)
      preload ??= workerPreload()
      super(file, {
        ...options,
        execArgv: [
          '--disable-warning=ExperimentalWarning',
          ...(options.execArgv ?? []),
          '--require',
          preload,
        ],
      })
      slotsInUse.add(slot)
      this.once('exit', () => slotsInUse.delete(slot))
    }
  }
}
