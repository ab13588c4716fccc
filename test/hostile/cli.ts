/** `npm run test:hostile`: attacks every surface at length, and prints what became of it. Needs a built app. */
import { attackAnswers } from './answers.ts'
import { attackArgv } from './argv.ts'
import {
  attackFromPage,
  attackIpc,
  attackProtocol,
  attackSecond,
  attackStart,
  searchLeaks,
  startTarget,
} from './built.ts'
import { attackControl } from './control-socket.ts'
import { attackFiles } from './files.ts'
import { attackLoopback } from './loopback.ts'
import { HEAD, lineOf, triedOf, type Attack, type Tally } from './tally.ts'
import { attackTokens } from './tokens.ts'

const USAGE = `Usage: npm run test:hostile -- [--seed N] [--short]

  --seed    what is random comes from it (default: 1)
  --short   as little as npm test does`

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** @throws Error for an argument that isn't one. */
function read(args: readonly string[]): Attack {
  let [seed, long] = [1, true]
  const left = args.flatMap((arg) => arg.split('='))
  while (left.length > 0) {
    const flag = left.shift()
    if (flag === '--short') long = false
    else if (flag === '--seed' && /^\d{1,9}$/.test(left[0] ?? '')) seed = Number(left.shift())
    else throw new Error(USAGE)
  }
  return { seed, long }
}

async function run(attack: Attack): Promise<readonly Tally[]> {
  const tallies: Tally[] = []
  const done = (tally: Tally): void => {
    tallies.push(tally)
    print(lineOf(tally))
    for (const failure of tally.failures) print(`    ${failure.replaceAll(/[\r\n]+/g, ' ')}`)
  }
  print(`seed ${attack.seed}\n${HEAD}`)
  await using target = await startTarget()
  done(await attackIpc(target, attack))
  done(await attackProtocol(target, attack))
  done(await attackSecond(target, attack))
  done(await attackFromPage(target, attack))
  done(await attackArgv(attack))
  done(await attackControl(attack))
  done(await attackFiles(attack))
  done(await attackLoopback(attack))
  done(await attackTokens(attack))
  done(await attackAnswers(attack))
  done(await searchLeaks(target))
  done(await attackStart(attack))
  return tallies
}

let attack: Attack
try {
  attack = read(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(2)
}
const began = performance.now()
const tallies = await run(attack)
const failed = tallies.reduce((sum, { failures }) => sum + failures.length, 0)
const tried = tallies.reduce((sum, tally) => sum + triedOf(tally), 0)
for (const note of tallies.flatMap(({ notes }) => notes)) print(note)
const seconds = Math.round((performance.now() - began) / 1000)
print(
  failed === 0
    ? `${tried} hostile inputs in ${seconds} s: nothing leaked, and main was alive at the end of each surface.`
    : `${tried} hostile inputs in ${seconds} s: ${failed} FAILED.`,
)
process.exitCode = failed === 0 ? 0 : 1
