/** Goes through every world of a scene, breadth first as long as they fit into memory: a broken promise is found by a short way. */
import { type Choice, type Scene, successors } from './choices.ts'
import { keyOf } from './key.ts'
import { Broken, type Observer } from './playing.ts'
import { drain, judge } from './promises.ts'
import { createSeen } from './seen.ts'
import type { World } from './world.ts'

/** What came of a scene. */
export interface Explored {
  readonly scene: string
  readonly depth: number
  readonly states: number
  readonly transitions: number
  /** Worlds that were followed until everything in them had settled. */
  readonly drained: number
  readonly ms: number
  readonly broken: { readonly promise: string; readonly story: readonly string[] } | null
}

/** One way to a world. */
interface Way {
  readonly choice: Choice | null
  readonly before: Way | null
  readonly root: number
}

/** From this many worlds on a level, what follows is explored depth first: it needs no memory but for what was seen. */
const WIDEST_LEVEL = 300_000
/** As many worlds are all followed to the end; of those that come later, one in `DRAINED_LATER`. */
const DRAINED_FIRST = 2_000
const DRAINED_LATER = 20

/** Explores a scene to its depth. The first `drainedFirst` worlds are all followed to the end, and some of the others. */
export function explore(
  scene: Scene,
  observe: Observer,
  depth: number,
  drainedFirst = DRAINED_FIRST,
): Explored {
  const since = performance.now()
  const seen = createSeen()
  let [transitions, drained] = [0, 0]
  /** What was being tried when a promise broke. */
  let at: Way = { choice: null, before: null, root: 0 }

  function judged(world: World): void {
    judge(world)
    if (seen.size > drainedFirst && seen.size % DRAINED_LATER !== 0) return
    drained += 1
    drain(world, scene, () => undefined)
  }

  /** Plays everything that can happen next, and hands on the worlds that are worth going on from. */
  function expand(world: World, way: Way, level: number, found: (world: World, way: Way) => void): void {
    const trying = (choice: Choice): void => {
      at = { choice, before: way, root: way.root }
    }
    for (const [choice, next] of successors(world, scene, observe, trying)) {
      transitions += 1
      const news = seen.add(keyOf(next), level)
      if (news === 'new') judged(next)
      if (news !== 'known' && level < depth) found(next, { choice, before: way, root: way.root })
    }
  }

  function descend(world: World, way: Way, level: number): void {
    expand(world, way, level, (next, on) => descend(next, on, level + 1))
  }

  function search(): void {
    let level: (readonly [World, Way])[] = []
    for (const [root, world] of scene.roots.entries()) {
      at = { choice: null, before: null, root }
      seen.add(keyOf(world), 0)
      judged(world)
      level.push([world, at])
    }
    for (let reached = 1; reached <= depth && level.length > 0; reached += 1) {
      if (level.length > WIDEST_LEVEL) {
        for (const [world, way] of level) descend(world, way, reached)
        return
      }
      const next: (readonly [World, Way])[] = []
      for (const [world, way] of level) expand(world, way, reached, (...one) => next.push(one))
      level = next
    }
  }

  let broken: Explored['broken'] = null
  try {
    search()
  } catch (error) {
    if (!(error instanceof Broken)) throw new Error(`after ${storyOf(at).join(' > ')}`, { cause: error })
    broken = { promise: error.message, story: storyOf(at) }
  }
  const ms = performance.now() - since
  return { scene: scene.name, depth, states: seen.size, transitions, drained, ms, broken }
}

function storyOf(way: Way): readonly string[] {
  const story: string[] = []
  for (let at: Way | null = way; at !== null; at = at.before) story.unshift(tell(at.choice, at.root))
  return story
}

function tell(choice: Choice | null, root: number): string {
  if (choice === null) return `beginning ${root}`
  const { crashAfter } = choice
  const crash = crashAfter === undefined ? '' : `, killed after action ${crashAfter}`
  return 'request' in choice ? `request ${choice.request}: ${choice.meets}${crash}` : choice.move + crash
}
