/** Explores one scene in a thread of its own, and reports what came of it. */
import { parentPort, workerData } from 'node:worker_threads'
import { startCoverage } from './coverage.ts'
import type { Explored } from './search.ts'

/** Which scene to explore, and how deep. */
export interface SceneOrder {
  readonly scene: string
  readonly depth: number
  /** Whether to count branches too, which takes several times as long. */
  readonly branches: boolean
}

/** What came of it. */
export interface SceneReport {
  readonly explored: Explored
  /** Rules that were played. */
  readonly rules: readonly string[]
  /** Branches of the planner that were not taken; null where nobody counted. */
  readonly missed: readonly string[] | null
}

const order = workerData as SceneOrder
const stopCoverage = order.branches ? await startCoverage() : null
// Only now: V8 counts what it compiles after that.
const [{ explore }, { ruleObserver }, { SCENES }] = await Promise.all([
  import('./search.ts'),
  import('./rules.ts'),
  import('./scenes.ts'),
])
const scene = SCENES.find(({ name }) => name === order.scene)
if (scene === undefined) throw new Error(`there is no scene "${order.scene}"`)
const rules = new Set<string>()
const explored = explore(scene, ruleObserver(rules), order.depth)
const report: SceneReport = {
  explored,
  rules: [...rules],
  missed: stopCoverage === null ? null : await stopCoverage(),
}
parentPort?.postMessage(report)
