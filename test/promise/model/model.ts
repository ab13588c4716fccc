/** Draws random sequences with fast-check, plays them, and shrinks one that breaks the promise to a readable story. */
import { rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { type Move, MOVES, weightOf } from '../moves.ts'
import { type Counts, play, type Sequence, type Stage } from './play.ts'

/** One sequence in so many goes over real TLS. */
export const TLS_ONE_IN = 50
/** And is at most this long. */
const TLS_MOVES = 16

/**
 * Moves that mean little alone. Without them most sequences would spend most of their length on a machine that
 * nothing runs on, or that sleeps.
 */
const PHRASES: readonly { readonly weight: number; readonly moves: readonly Move[] }[] = [
  { weight: 4, moves: ['crash', 'start'] },
  { weight: 4, moves: ['crash', 'start-locked'] },
  { weight: 2, moves: ['quit', 'half-a-minute', 'start'] },
  { weight: 1, moves: ['quit', 'half-a-minute', 'start-locked'] },
  { weight: 2, moves: ['shut-down', 'half-a-minute', 'start'] },
  { weight: 2, moves: ['end-session', 'start'] },
  { weight: 4, moves: ['sleep', 'half-a-minute', 'wake', 'touch'] },
  { weight: 2, moves: ['sleep', 'a-while', 'wake'] },
  { weight: 4, moves: ['set', 'a-second'] },
  { weight: 4, moves: ['late', 'set', 'lock', 'a-second'] },
  { weight: 4, moves: ['lock', 'a-second', 'unlock'] },
  { weight: 2, moves: ['sign-out', 'half-a-minute', 'sign-in'] },
  { weight: 2, moves: ['forget-now', 'sign-in'] },
]

/** Sequences of about 10 to 60 moves, those of the catalogue by their weight. */
export function sequences(length = 40): fc.Arbitrary<Sequence> {
  const phrase = fc.oneof(
    ...MOVES.map((move) => ({ weight: weightOf(move), arbitrary: fc.constant<readonly Move[]>([move]) })),
    ...PHRASES.map(({ weight, moves }) => ({ weight, arbitrary: fc.constant(moves) })),
  )
  return fc
    .tuple(
      fc.array(phrase, { minLength: 1, maxLength: length, size: 'max' }),
      fc.nat(),
      // Zero is what it shrinks to: a failure that needs no TLS is told without.
      fc.nat({ max: TLS_ONE_IN - 1 }),
    )
    .map(([phrases, seed, tls]) => {
      const moves = phrases.flat()
      return tls === TLS_ONE_IN - 1
        ? { moves: inRealTime(moves), seed, tls: true }
        : { moves, seed, tls: false }
    })
}

/** What goes over TLS takes real time for each request: shorter, and without the hours in which retries add up. */
function inRealTime(moves: readonly Move[]): readonly Move[] {
  return moves.filter((move) => move !== 'a-night' && move !== 'a-while').slice(0, TLS_MOVES)
}

/** What one check came to. */
export interface Checked {
  readonly runs: number
  /** The shortest sequence found that breaks the promise; null if none does. */
  readonly failure: Failure | null
}

/** A broken promise. */
export interface Failure {
  readonly what: string
  readonly sequence: Sequence
  /** fast-check's way back to it, with the seed. */
  readonly seed: number
  readonly path: string
}

/** What a check is made of. */
export interface CheckOptions {
  readonly runs: number
  readonly seed: number
  readonly path?: string
  readonly length?: number
  /** Called after each sequence that passed. */
  readonly onPlayed?: () => void
}

/** Plays so many sequences. Stops at the first that breaks the promise, and shrinks it. */
export async function check(options: CheckOptions, stage: Stage): Promise<Checked> {
  let broken: { readonly what: string; readonly sequence: Sequence } | null = null
  const property = fc.asyncProperty(sequences(options.length), async (sequence) => {
    // In real time shrinking takes too long, and what broke once may not break again: that one is told as it is.
    if (broken?.sequence.tls === true) return
    // In memory nothing ever waits for the event loop, and the connections of those over TLS need it.
    await setImmediate()
    const what = await playOrSay(sequence, stage)
    if (what !== null) {
      broken = { what, sequence }
      throw new Error(what)
    }
    options.onPlayed?.()
  })
  const details = await fc.check(property, {
    seed: options.seed,
    numRuns: options.runs,
    ...(options.path === undefined ? {} : { path: options.path }),
  })
  rmSync(stage.folder, { recursive: true, force: true })
  // TypeScript doesn't see that the property assigns it.
  const found = broken as { readonly what: string; readonly sequence: Sequence } | null
  if (found === null) {
    const all = options.path !== undefined || details.numRuns === options.runs
    if (details.failed || !all) throw new Error('not every sequence was played')
    return { runs: details.numRuns, failure: null }
  }
  const { sequence, what } = found.sequence.tls ? found : await shortest(found, stage)
  rmSync(stage.folder, { recursive: true, force: true })
  return {
    runs: details.numRuns,
    failure: { what, sequence, seed: options.seed, path: details.counterexamplePath ?? '' },
  }
}

/** A rig or an app that throws breaks the promise, too. */
async function playOrSay(sequence: Sequence, stage: Stage): Promise<string | null> {
  try {
    return await play(sequence, stage)
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

/** Leaves out moves as long as the promise stays broken: fast-check shrinks by phrases, and may stop early. */
async function shortest(
  found: { readonly what: string; readonly sequence: Sequence },
  { folder }: Stage,
): Promise<{ readonly what: string; readonly sequence: Sequence }> {
  let { sequence, what } = found
  const length = sequence.moves.length
  for (let size = Math.ceil(length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < sequence.moves.length;) {
      const fewer: Sequence = { ...sequence, moves: sequence.moves.toSpliced(at, size) }
      const still = await playOrSay(fewer, { folder })
      if (still === null) at += size
      else {
        sequence = fewer
        what = still
      }
    }
  }
  return { sequence, what }
}

/** The sequence as a story: one move a line, and below it what was sent, answered and written down. */
export async function storyOf(sequence: Sequence, stage: Stage): Promise<readonly string[]> {
  const lines: string[] = []
  const what = await playOrSay(sequence, { ...stage, tell: (line) => lines.push(line) })
  rmSync(stage.folder, { recursive: true, force: true })
  return [...lines, what === null ? 'The promise holds.' : `BROKEN: ${what}`]
}

/** Empty counts. */
export function noCounts(): Counts {
  return { moves: new Map(), settled: new Map(), ends: new Map() }
}
