/** The demo's timeline: one aligned line for each step. */
import { bold, dim, green, red, say } from './terminal.ts'

/** One step as it came out. */
export interface Step {
  readonly name: string
  /** What Graph held before and what it holds after, in words. */
  readonly before: string
  readonly after: string
  /** From the departure to Graph's answer, ms, for a step that clears. */
  readonly clearedMs?: number | undefined
  /** What went wrong. */
  readonly trouble?: string | undefined
}

const WIDTHS = { number: 3, name: 30, held: 21 } as const

/** One line without colours; exported for its test. */
export function timelineLine(number: number, { name, before, after, clearedMs }: Step): string {
  const cleared = clearedMs === undefined ? '' : `${clearedMs} ms`
  return [
    `${String(number).padStart(WIDTHS.number)} `,
    ` ${name.padEnd(WIDTHS.name)}`,
    before.padEnd(WIDTHS.held),
    after.padEnd(WIDTHS.held),
    cleared.padStart(7),
  ]
    .join('')
    .trimEnd()
}

/** Prints the heads of the columns. */
export function sayHeads(): void {
  const heads = [
    ' '.repeat(WIDTHS.number + 2) + 'step'.padEnd(WIDTHS.name),
    'Graph held'.padEnd(WIDTHS.held),
    'Graph holds'.padEnd(WIDTHS.held),
    'cleared',
  ]
  say(bold(heads.join('')))
}

/** Prints a step. */
export function sayStep(number: number, step: Step): void {
  const line = timelineLine(number, step)
  say(step.trouble !== undefined ? red(line) : step.clearedMs !== undefined ? green(line) : line)
  if (step.trouble !== undefined) say(red(`      ${step.trouble}`))
}

/** Prints what is worth knowing but no step. */
export function sayNote(text: string): void {
  say(dim(text))
}
