/** A look at every scene that `npm run test:explore` explores to the end, and at what it would find. */
import { describe, expect, it } from 'vitest'
import { explore } from './search.ts'
import { SCENES } from './scenes.ts'

describe('every way that things can happen, four deep', () => {
  it.each(SCENES.map((scene) => [scene.name, scene] as const))('keeps the promise: %s', (_name, scene) => {
    const found = explore(scene, () => undefined, 4, 100)
    expect(found.broken).toBeNull()
    expect(found.states).toBeGreaterThan(20)
  })
})
