/** Virtual time: the world's, and that of one machine in it, which may sleep, block its main thread, or die. */
import type { Clock } from '../../../src/main/core/model.ts'

/** The world begins at this moment, ms since the epoch. */
export const BEGINNING = 1_700_000_000_000

/** Numbers in [0, 1) that come from one seed (Mulberry32). */
export function createRandom(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * Where something happens: out in the world whatever the machine does; in the sender's worker, which runs on while main
 * is held; or in main. Timers of the last two stand still while the machine sleeps, and die with the process.
 */
export type Place = 'world' | 'worker' | 'main'

interface Planned {
  /** ms since the beginning for the world, monotonic ms for the machine. */
  readonly at: number
  readonly place: Place
  readonly run: () => void
  /** Asked for by the process itself. */
  readonly isTimer: boolean
}

/** The clock of everything. */
export class World {
  readonly random: () => number
  #time = 0
  #planned: Planned[] = []
  /** What monotonic time lags behind: the boot, and all sleep since. */
  #lag = 0
  #frozenSince: number | null = null
  #held = false
  readonly #settle: () => Promise<void>
  /** Called before each thing that happens, with the time at which it does; for a clock that must go along. */
  onTime: (wall: number) => void = () => undefined

  /** @param settle runs whatever promises wait for, after each thing that happened */
  constructor(seed: number, settle: () => Promise<void>) {
    this.random = createRandom(seed)
    this.#settle = settle
  }

  /** ms since the world began. */
  get time(): number {
    return this.#time
  }
  /** ms since the epoch, by every clock in this world. */
  get wall(): number {
    return BEGINNING + this.#time
  }
  get frozen(): boolean {
    return this.#frozenSince !== null
  }
  /** Main is blocked in a handler. */
  get held(): boolean {
    return this.#held
  }
  /** Monotonic ms of the process. */
  get mono(): number {
    return (this.#frozenSince ?? this.#time) - this.#lag
  }

  /** How many timers the process has open by its clock. */
  timers(): number {
    return this.#planned.filter(({ isTimer }) => isTimer).length
  }

  /** Does it `ms` from now, once. Returns its cancel. */
  after(ms: number, place: Place, run: () => void, isTimer = false): () => void {
    const at = (place === 'world' ? this.#time : this.mono) + Math.max(0, ms)
    const planned = { at, place, run, isTimer }
    this.#planned.push(planned)
    return () => {
      this.#planned = this.#planned.filter((each) => each !== planned)
    }
  }

  /** The port of a process's main thread. */
  clock(): Clock {
    return {
      now: () => ({ wall: this.wall, mono: this.mono, jitter: this.random() }),
      after: (ms, callback) => this.after(ms, 'main', callback, true),
    }
  }

  /** A process begins; monotonic time counts from here. */
  boot(): void {
    this.#lag = this.#time
    this.#frozenSince = null
  }

  /** The process is gone, and all its timers. */
  kill(): void {
    this.#planned = this.#planned.filter(({ place }) => place === 'world')
    this.#frozenSince = null
  }

  /** The machine sleeps: no timer of it fires, and its monotonic clock stands still. */
  freeze(): void {
    this.#frozenSince ??= this.#time
  }

  thaw(): void {
    if (this.#frozenSince === null) return
    this.#lag += this.#time - this.#frozenSince
    this.#frozenSince = null
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms
    await this.#settle()
    for (;;) {
      const next = this.#next()
      const at = Math.min(end, Math.max(this.#time, next === undefined ? Infinity : this.#due(next)))
      this.onTime(BEGINNING + at)
      if (!this.#step(end)) break
      await this.#settle()
    }
    this.#time = end
  }

  /** Lets time pass while main is blocked, until `done` or for `ms`. */
  hold(ms: number, done: () => boolean): void {
    const end = this.#time + ms
    this.#held = true
    while (!done() && this.#step(end));
    if (!done()) this.#time = end
    this.#held = false
  }

  /** What comes next; undefined when nothing ever does. */
  #next(): Planned | undefined {
    let next: Planned | undefined
    let nextAt = Infinity
    for (const planned of this.#planned) {
      const at = this.#due(planned)
      if (at >= nextAt) continue
      next = planned
      nextAt = at
    }
    return next
  }

  /** Does what comes next, unless that is after `end`. */
  #step(end: number): boolean {
    const next = this.#next()
    if (next === undefined || this.#due(next) > end) return false
    this.#time = Math.max(this.#time, this.#due(next))
    this.#planned = this.#planned.filter((each) => each !== next)
    next.run()
    return true
  }

  #due({ at, place }: Planned): number {
    if (place === 'world') return at
    return this.frozen || (place === 'main' && this.#held) ? Infinity : at + this.#lag
  }
}
