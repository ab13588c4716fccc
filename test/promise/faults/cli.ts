/**
 * `npm run test:faults`: plays every fault at every departure and prints what came of it.
 * `--only "stall,proxy gone"`, `--departures lock,quit`, `--jobs 2`, and `--half` for one kind of call in each cell.
 */
import { parseArgs } from 'node:util'
import { DEPARTURES } from './departures.ts'
import { FAULTS } from './faults.ts'
import { complaints, ordersFor, playAll, render, sayings, totals } from './matrix.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    departures: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    half: { type: 'boolean', default: false },
  },
})

/** The named ones, in the list's own order. @throws Error for a name that is none. */
function named<T extends { readonly name: string }>(
  all: readonly T[],
  wanted: string | undefined,
): readonly T[] {
  if (wanted === undefined) return all
  const names = wanted.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !all.some((one) => one.name === name))
  if (unknown.length > 0) {
    throw new Error(
      `no such name: ${unknown.join(', ')}. There are: ${all.map(({ name }) => name).join(', ')}`,
    )
  }
  return all.filter(({ name }) => names.includes(name))
}

const { orders, leftOut } = ordersFor(
  named(FAULTS, values.only),
  named(DEPARTURES, values.departures),
  values.half,
)
const began = performance.now()
let done = 0
const cells = await playAll(orders, Math.max(1, Number(values.jobs)), (cell) => {
  done += 1
  const bad = cell.right && cell.told ? '' : `\n${complaints([cell])}`
  process.stderr.write(
    `${done}/${orders.length} ${cell.fault.name} x ${cell.departure.name} (${cell.kind}): ${cell.outcome}, ${cell.seconds.toFixed(1)} s${bad}\n`,
  )
})
const order = new Map(FAULTS.map(({ name }, index) => [name, index]))
const columns = new Map(DEPARTURES.map(({ name }, index) => [name, index]))
const sorted = cells.toSorted(
  (one, other) =>
    (order.get(one.fault.name) ?? 0) - (order.get(other.fault.name) ?? 0) ||
    (columns.get(one.departure.name) ?? 0) - (columns.get(other.departure.name) ?? 0),
)
const problems = complaints(sorted)
console.log(
  [
    'own/assumed: C cleared, E expired by its lease, G given up and told, - nothing was set; ! not right, ? not told',
    render(sorted),
    '',
    'What the user sees:',
    sayings(sorted),
    '',
    ...(problems === '' ? [] : ['Look at:', problems, '']),
    totals(sorted, leftOut),
    `${((performance.now() - began) / 60_000).toFixed(1)} minutes`,
  ].join('\n'),
)
process.exitCode = problems === '' ? 0 : 1
