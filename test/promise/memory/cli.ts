/**
 * `npm run --silent test:memory -- --cycles 10000`: locks and unlocks the built app that often and compares what it holds
 * after the first tenth with what it holds at the end. Exits 1 when something grew. `--leak object` plants one in each
 * cycle after the first tenth (object, listener, timer, descriptor, worker, file), to see it found.
 */
import { parseArgs } from 'node:util'
import { endOnSignals } from '../kill/process.ts'
import { type Leak, setUpCycling } from './cycling.ts'
import { grown, type Measure } from './measure.ts'
import { growthOf, totalOf } from './snapshot.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '10000' },
    pose: { type: 'string', default: 'darwin' },
    leak: { type: 'string' },
  },
})
const cycles = Number(values.cycles)
const { pose, leak } = values
if (!Number.isSafeInteger(cycles) || (pose !== 'darwin' && pose !== 'win32')) {
  throw new Error('--cycles takes a whole number, --pose darwin or win32')
}

endOnSignals()
const began = performance.now()
await using app = await setUpCycling(pose)
const first = Math.ceil(cycles / 10)
await app.cycle(first)
const before = await app.measure()
show(before)
// One of the names, or the hook refuses it.
if (leak !== undefined) await app.plant([leak as Leak])
for (let part = 1; part <= 3; part += 1) {
  await app.cycle(Math.round(((cycles - first) * part) / 3) - Math.round(((cycles - first) * (part - 1)) / 3))
  show(await app.measure())
}
const after = await app.measure()
const found = grown(before, after)
for (const thread of ['main', 'worker'] as const) {
  console.log(`${thread}: ${growthOf(before[thread].census, after[thread].census).join(', ')}`)
}
for (const each of found) console.log(`GREW: ${each}`)
console.log(
  `${after.cycles} cycles posing as ${pose}, ${app.cleared()} clears answered, ${Math.round((performance.now() - began) / 1_000)} s: ` +
    (found.length === 0 ? 'nothing grew' : `${found.length} grew`),
)
process.exitCode = found.length === 0 ? 0 : 1

function show({
  cycles: played,
  main,
  worker,
  rss,
  fds,
  listeners,
  connections,
  files,
  historyEntries,
}: Measure): void {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((one, other) => one + other, 0)
  const kB = (bytes: number): string => `${Math.round(bytes / 1_024)} kB`
  console.log(
    [
      `${String(played).padStart(6)} cycles`,
      `main ${totalOf(main.census)} objects, ${kB(main.heapUsed)} + ${kB(main.external)}, ${sum(main.resources)} handles and timers`,
      `worker ${totalOf(worker.census)} objects, ${kB(worker.heapUsed)} + ${kB(worker.external)}, ${sum(worker.resources)} handles and timers`,
      `${sum(listeners)} listeners, ${fds} descriptors, ${connections} connections`,
      `${Object.keys(files).length} files, ${kB(sum(files))}, history ${historyEntries}`,
      `rss ${kB(rss)}`,
    ].join(' · '),
  )
}
