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

  /** How many timers main has open. */
  timers(): number {
    return this.#planned.filter(({ place }) => place === 'main').length
  }

  /** Does it `ms` from now, once. Returns its cancel. */
  after(ms: number, place: Place, run: () => void): () => void {
    const at = (place === 'world' ? this.#time : this.mono) + Math.max(0, ms)
    const planned = { at, place, run }
    this.#planned.push(planned)
    return () => {
      this.#planned = this.#planned.filter((each) => each !== planned)
    }
  }

  /** The port of a process's main thread. */
  clock(): Clock {
    return {
      now: () => ({ wall: this.wall, mono: this.mono, jitter: this.random() }),
      after: (ms, callback) => this.after(ms, 'main', callback),
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
    while (this.#step(end)) await this.#settle()
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

  /** Does what comes next, unless that is after `end`. */
  #step(end: number): boolean {
    let next: Planned | undefined
    let nextAt = Infinity
    for (const planned of this.#planned) {
      const at = this.#due(planned)
      if (at >= nextAt) continue
      next = planned
      nextAt = at
    }
    if (next === undefined || nextAt > end) return false
    this.#planned = this.#planned.filter((each) => each !== next)
    this.#time = Math.max(this.#time, nextAt)
    next.run()
    return true
  }

  #due({ at, place }: Planned): number {
    if (place === 'world') return at
    return this.frozen || (place === 'main' && this.#held) ? Infinity : at + this.#lag
  }
}
