/**
 * Ends a Windows session many times in every way and prints how often the clear was answered in time:
 * `npm run bench:session-end [-- runs]` (50 by default). Exits non-zero if one was not.
 */
import { DELAY_MS, type Ending, setUpWindows } from '../e2e/windows-session.ts'

const runs = Number(process.argv[2] ?? 50)
/** The handlers of one session end have to return within this time, ms. */
const LIMIT_MS = 3_500

const WAYS: readonly (Ending & { readonly name: string })[] = [
  { name: 'warm', connection: 'warm' },
  { name: 'cold', connection: 'cold' },
  { name: 'warm, Atomics.wait refused', connection: 'warm', sabotage: 'wait' },
  { name: 'cold, Atomics.wait refused', connection: 'cold', sabotage: 'wait' },
  { name: 'warm, worker dies at query-session-end', connection: 'warm', sabotage: 'worker-at-query' },
  { name: 'warm, worker dies at session-end', connection: 'warm', sabotage: 'worker-at-end' },
  { name: 'cold, worker dies at session-end', connection: 'cold', sabotage: 'worker-at-end' },
  { name: 'Graph never answers', connection: 'warm', silent: true },
]

const machine = await setUpWindows()
let failed = false
console.log(`${runs} runs each, every byte ${DELAY_MS} ms late each way, 10 ms between the two messages`)
for (const way of WAYS) {
  const took: number[] = []
  let [answered, known, connected] = [0, 0, 0]
  // Where Graph never answers each run takes the whole hold.
  const times = way.silent === true ? Math.ceil(runs / 5) : runs
  for (let run = 0; run < times; run += 1) {
    const ended = await machine.end(way)
    took.push(ended.tookMs)
    if (ended.answered) answered += 1
    if (ended.known) known += 1
    if (ended.warm === (way.connection === 'warm')) connected += 1
    if (ended.tookMs > LIMIT_MS || (way.silent !== true && !(ended.answered && ended.known))) {
      failed = true
      console.log(`not in time:\n${ended.log}`)
    }
  }
  took.sort((a, b) => a - b)
  const at = (share: number): string => (took[Math.floor((took.length - 1) * share)] ?? 0).toFixed(0)
  console.log(
    `${way.name.padEnd(40)} answered ${answered}/${times}, written down ${known}/${times}, ` +
      (way.sabotage?.startsWith('worker') === true ? '' : `connection as meant ${connected}/${times}, `) +
      `median ${at(0.5)} ms, longest ${at(1)} ms`,
  )
}
await machine[Symbol.asyncDispose]()
process.exitCode = failed ? 1 : 0
