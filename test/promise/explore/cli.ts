/** Explores every scene and prints what was seen: `npm run test:explore [-- --quick] [--scene name] [--depth n]`. */
import { parseArgs } from 'node:util'
import { explore } from './search.ts'
import { SCENES } from './scenes.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, scene: { type: 'string' }, depth: { type: 'string' } },
})
for (const scene of SCENES) {
  if (values.scene !== undefined && values.scene !== scene.name) continue
  const depth = Number(values.depth ?? scene.depth)
  const found = explore(
    scene,
    () => undefined,
    depth,
    (level, states) => console.log(`  ${level} ${states}`),
  )
  console.log(
    found.scene,
    found.depth,
    found.states,
    found.transitions,
    found.drained,
    Math.round(found.ms),
    found.complete,
  )
  if (found.broken !== null) console.log(found.broken.promise, '\n  ' + found.broken.story.join('\n  '))
}
