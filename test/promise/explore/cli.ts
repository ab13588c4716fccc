/**
 * Explores every scene with the real planner and prints what was seen:
 * `npm run test:explore [-- --quick] [--scene name] [--depth n]`. Exits non-zero when a promise is broken, or when a branch
 * of the planner or a rule was never reached. `--quick`: less deep, in a few seconds.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { SceneReport, SceneOrder } from './scene.worker.ts'
import { RULE_NAMES } from './rules.ts'
import { SCENES } from './scenes.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    scene: { type: 'string' },
    depth: { type: 'string' },
  },
})

const count = (value: number): string => value.toLocaleString('en').padStart(12)
const scenes = SCENES.filter(({ name }) => values.scene === undefined || name === values.scene)
// First less deep, with every branch counted, and then as deep as a few minutes allow.
const quick = scenes.map(({ name, quickDepth }) => ({ scene: name, depth: quickDepth, branches: true }))
const deep = scenes.map(({ name, depth }) => ({ scene: name, depth, branches: false }))
const chosen = scenes.map(({ name }) => ({ scene: name, depth: Number(values.depth), branches: true }))
const orders: SceneOrder[] = values.depth !== undefined ? chosen : values.quick ? quick : [...quick, ...deep]
const reports: SceneReport[] = []
console.log(`${'scene'.padEnd(34)} depth       states  transitions     followed   s`)
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work))

async function work(): Promise<void> {
  for (let order = orders.shift(); order !== undefined; order = orders.shift()) {
    const report = await exploreApart(order)
    reports.push(report)
    const { scene, depth, states, transitions, drained, ms, broken } = report.explored
    console.log(
      `${scene.padEnd(34)} ${String(depth).padStart(5)} ${count(states)} ${count(transitions)} ${count(drained)} ${(ms / 1_000).toFixed(0).padStart(3)}`,
    )
    if (broken !== null) console.log(`BROKEN: ${broken.promise}\n  ${broken.story.join('\n  ')}`)
  }
}

function exploreApart(order: SceneOrder): Promise<SceneReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('scene.worker.ts', import.meta.url), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: 6_000 },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

const violations = reports.filter(({ explored }) => explored.broken !== null).length
const total = (of: 'states' | 'transitions'): string =>
  reports.reduce((sum, { explored }) => sum + explored[of], 0).toLocaleString('en')
// A branch is missing when no scene has taken it.
const [first = [], ...others] = reports.flatMap(({ missed }) => (missed === null ? [] : [missed]))
const missed = first.filter((branch) => others.every((too) => too.includes(branch)))
const rules = RULE_NAMES.filter((rule) => !reports.some(({ rules: seen }) => seen.includes(rule)))
console.log(`${total('states')} states, ${total('transitions')} transitions, violations: ${violations}`)
if (values.scene === undefined) {
  console.log(
    `rules of "which clears are owed" reached: ${RULE_NAMES.length - rules.length} of ${RULE_NAMES.length}`,
  )
  for (const rule of rules) console.log(`  NEVER REACHED: ${rule}`)
  console.log(`branches of the planner never taken: ${missed.length}`)
  for (const branch of missed) console.log(`  NEVER TAKEN: ${branch}`)
}
const incomplete = values.scene === undefined && (rules.length > 0 || missed.length > 0)
process.exitCode = violations > 0 || incomplete ? 1 : 0
