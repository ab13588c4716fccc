/**
 * `npm run --silent test:kill -- --kills 300 --seed 1 --jobs 2`: kills the built app at random instants and judges what the
 * next start makes of it. `--first n` begins at a later round: `--first 17 --kills 1` replays one. Exits 1 on a violation.
 */
import { parseArgs } from 'node:util'
import { endOnSignals } from './process.ts'
import { reportOf, storyOf } from './report.ts'
import type { Result } from './round.ts'
import { runRounds } from './run.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    first: { type: 'string', default: '0' },
    jobs: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
  },
})
const [rounds, seed, first, jobs] = [values.kills, values.seed, values.first, values.jobs].map(Number)
if (![rounds, seed, first, jobs].every(Number.isSafeInteger))
  throw new Error('kills, seed, first and jobs are whole numbers')

console.log(`seed ${String(seed)}, ${String(rounds)} kills, ${String(jobs)} at a time`)
endOnSignals()
const began = performance.now()
let done = 0
const onResult = (result: Result): void => {
  done += 1
  if (values.verbose || result.violations.length > 0) console.log(storyOf(result))
  if (done % 25 === 0) console.log(`${done} kills, ${Math.round((performance.now() - began) / 1_000)} s`)
}
const results = await runRounds({
  seed: seed ?? 0,
  first: first ?? 0,
  rounds: rounds ?? 0,
  jobs: jobs ?? 1,
  onResult,
})
console.log(reportOf(results))
console.log(`seed ${String(seed)}, ${Math.round((performance.now() - began) / 1_000)} s`)
process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : 0
