/** Plays the rounds of a seed, on several desks at a time. */
import { type Desk, setUpDesk } from './desk.ts'
import { planRound, type Round, ROUNDS_PER_DESK } from './plan.ts'
import { playRound, type Result } from './round.ts'

/** What to run. */
export interface RunOptions {
  readonly seed: number
  /** Number of the first round. */
  readonly first: number
  readonly rounds: number
  readonly jobs: number
  readonly onResult: (result: Result) => void
}

/**
 * Plays the rounds. Each begins from the same state, so that one can be replayed alone.
 * @throws Error when a desk can't be set up.
 */
export async function runRounds({
  seed,
  first,
  rounds,
  jobs,
  onResult,
}: RunOptions): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = first
  const end = first + rounds

  /** Takes blocks of rounds that share a pose, until there is none left. */
  async function job(): Promise<void> {
    while (next < end) {
      const from = next
      next = Math.min(end, (Math.floor(from / ROUNDS_PER_DESK) + 1) * ROUNDS_PER_DESK)
      await block(from, next)
    }
  }

  async function block(from: number, to: number): Promise<void> {
    let desk: Desk | null = null
    try {
      for (let number = from; number < to; number += 1) {
        const round = planRound(seed, number)
        desk ??= await ready(round.pose)
        const at = desk
        const result = await playRound(at, round).catch((error: unknown) => undriven(round, at, error))
        results.push(result)
        onResult(result)
        if (result.violations.length === 0) continue
        // What went wrong once must not be told again by each round after it.
        await desk[Symbol.asyncDispose]()
        desk = null
      }
    } finally {
      await desk?.[Symbol.asyncDispose]()
    }
  }

  await Promise.all(Array.from({ length: Math.min(jobs, rounds) }, job))
  return results
}

/** The app or the simulator did not answer any more: nothing could be judged, which is no pass. */
function undriven(round: Round, desk: Desk, error: unknown): Result {
  const what = `not driven to the end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  return {
    round,
    phases: [],
    violations: [what],
    assumed: null,
    own: false,
    due: false,
    unwritten: false,
    story: [JSON.stringify(round), what, desk.app().out()],
  }
}

async function ready(pose: Desk['pose']): Promise<Desk> {
  const desk = await setUpDesk(pose)
  desk.start()
  await desk.says(/^Sign in/)
  await desk.signIn()
  return desk
}
