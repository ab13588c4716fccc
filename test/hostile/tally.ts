/** Counts what became of hostile inputs, and prints one line per surface. */

/** What became of all the hostile inputs of one surface. */
export interface Tally {
  readonly surface: string
  /** Inputs that were refused with a named error or problem. */
  readonly refused: number
  /** Inputs that did no harm without being refused: ignored, or read as the harmless thing that they are. */
  readonly survived: number
  /** Inputs that did what they should not have; each with what happened. */
  readonly failures: readonly string[]
  /** What was measured on the way, for the long form's report. */
  readonly notes: readonly string[]
}

/** What became of one input; `failed` says what it did. */
export type Verdict = 'refused' | 'survived' | { readonly failed: string }

/** Collects the counts of one surface. */
export interface Counter {
  refused(times?: number): void
  survived(times?: number): void
  count(verdict: Verdict): void
  /** `what` names the input and what it did. Only the first hundred are kept. */
  failed(what: string): void
  note(text: string): void
  /** Counts an input as refused if its problem is one of `codes`, else as failed. */
  expectProblem(input: string, found: string, codes: readonly string[]): void
  tally(): Tally
}

/** How a surface is attacked: always the same way for the same seed. */
export interface Attack {
  readonly seed: number
  /** The short form of `npm test`, or the long one. */
  readonly long: boolean
}

/** One surface: attacks it and tells what became of every input. */
export type Surface = (attack: Attack) => Promise<Tally>

const KEPT = 100

/** An empty count. */
export function createCounter(surface: string): Counter {
  let refused = 0
  let survived = 0
  const failures: string[] = []
  const notes: string[] = []
  const failed = (what: string): void => {
    if (failures.length < KEPT) failures.push(what)
    else failures[KEPT] = '... and more'
  }
  return {
    refused: (times = 1) => {
      refused += times
    },
    survived: (times = 1) => {
      survived += times
    },
    failed,
    count: (verdict) => {
      if (typeof verdict === 'object') failed(verdict.failed)
      else if (verdict === 'refused') refused += 1
      else survived += 1
    },
    note: (text) => void notes.push(text),
    expectProblem: (input, found, codes) => {
      if (codes.includes(found)) refused += 1
      else failed(`${input}: ${found} instead of ${codes.join(' or ')}`)
    },
    tally: () => ({ surface, refused, survived, failures: [...failures], notes: [...notes] }),
  }
}

/** How many inputs a tally is about. */
export function triedOf({ refused, survived, failures }: Tally): number {
  return refused + survived + failures.length
}

/** The line of a surface: name, tried, refused, survived, and failed when there is something. */
export function lineOf(tally: Tally): string {
  const failed = tally.failures.length === 0 ? '' : `  FAILED ${tally.failures.length}`
  const columns = [triedOf(tally), tally.refused, tally.survived].map((count) => String(count).padStart(8))
  return `${tally.surface.padEnd(34)}${columns.join('')}${failed}`
}

/** The head of those lines. */
export const HEAD = `${'surface'.padEnd(34)}${['tried', 'refused', 'survived'].map((word) => word.padStart(8)).join('')}`
