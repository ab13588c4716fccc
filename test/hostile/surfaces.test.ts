/** The short form of the attacks on parts that need no built app; `npm run test:hostile` is the long one. */
import { expect, it } from 'vitest'
import { attackAnswers } from './answers.ts'
import { attackArgv } from './argv.ts'
import { attackControl } from './control-socket.ts'
import { attackFiles } from './files.ts'
import { attackLoopback } from './loopback.ts'
import { triedOf, type Surface } from './tally.ts'
import { attackTokens } from './tokens.ts'

it.each<{ name: string; attack: Surface; atLeast: number }>([
  {
    name: 'files that are deep, huge, cut, pipes or devices are named, kept, and cost nothing else',
    attack: attackFiles,
    atLeast: 240,
  },
  {
    name: 'answers that lie about type and length settle nothing and take the token nowhere',
    attack: attackAnswers,
    atLeast: 90,
  },
  {
    name: 'members of a token answer are taken only if they are what they should be',
    attack: attackTokens,
    atLeast: 15,
  },
  {
    name: 'a sign-in that waits is ended by its own answer only, whoever talks to its port',
    attack: attackLoopback,
    atLeast: 150,
  },
  {
    name: 'the control socket does nothing that is no command, and believes no reply that is none',
    attack: attackControl,
    atLeast: 400,
  },
  { name: 'command lines by the thousand are read without harm', attack: attackArgv, atLeast: 1_500 },
])('$name', async ({ attack, atLeast }) => {
  const tally = await attack({ seed: 1, long: false })
  expect(tally.failures).toEqual([])
  expect(triedOf(tally)).toBeGreaterThanOrEqual(atLeast)
})
