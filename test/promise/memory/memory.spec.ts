/** The short form of `npm run test:memory`: some hundred cycles leave nothing, and a leak in each of them would be seen. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEEDS_STAND_IN } from '../../e2e/desk.ts'
import { type Cycling, setUpCycling } from './cycling.ts'
import { grown, type Measure } from './measure.ts'

/** Ten seconds on a machine of its own; a crowded one must not make it fail, ms. */
const PATIENCE_MS = 400_000
/** The history is full by then, and what runs often is compiled. */
const WARM_UP = 205
const CYCLES = 200
/** One object in each stands out from what comes and goes. */
const LEAKING = 250

describe.skipIf(NEEDS_STAND_IN)('locked and unlocked over and over', () => {
  let app: Cycling
  let warm: Measure
  let after: Measure
  beforeAll(async () => {
    app = await setUpCycling()
    await app.cycle(WARM_UP)
    warm = await app.measure()
    await app.cycle(CYCLES)
    after = await app.measure()
  }, PATIENCE_MS)
  afterAll(() => app[Symbol.asyncDispose]())

  it('leaves heap, handles, listeners, connections and files where they were', () => {
    expect(app.cleared()).toBe(WARM_UP + CYCLES)
    expect(grown(warm, after)).toEqual([])
  })

  it('would show a file that grows', () => {
    const registry = after.files['registry.json'] ?? 0
    expect(registry).toBeGreaterThan(0)
    const more = { ...after.files, 'registry.json': registry + 1_000 }
    expect(grown(warm, { ...after, files: more }).join('\n')).toMatch(/^registry\.json: \d+ bytes more$/m)
  })

  it(
    'would show one object, listener, timer, descriptor or file that stays in each cycle',
    async () => {
      await app.plant(['object', 'worker', 'listener', 'timer', 'descriptor', 'file'])
      await app.cycle(LEAKING)
      const found = grown(after, await app.measure()).join('\n')
      for (const each of [
        /^main objects/m,
        /^worker objects/m,
        /^main Timeout/m,
        /^descriptors/m,
        /^listeners of powerMonitor/m,
        /^a new file/m,
      ]) {
        expect(found).toMatch(each)
      }
    },
    PATIENCE_MS,
  )
})
