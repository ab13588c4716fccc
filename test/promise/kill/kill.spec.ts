/** The short form of `npm run test:kill`: a few kills of the built app, at instants that no chance is needed for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEEDS_STAND_IN } from '../../e2e/desk.ts'
import { type Desk, setUpDesk } from './desk.ts'
import type { Round } from './plan.ts'
import { storyOf } from './report.ts'
import { playRound } from './round.ts'

const CALM: Omit<Round, 'number' | 'moves' | 'target' | 'last' | 'instant'> = {
  seed: 0,
  pose: 'darwin',
  call: false,
  window: false,
  downMs: 0,
  secondKillMs: null,
  startLocked: true,
  lingersMs: 0,
  leavesBy: 'lock',
}

const ROUNDS: readonly Round[] = [
  // Durable intent: the set is written and not sent.
  {
    ...CALM,
    number: 0,
    moves: [],
    target: 'set',
    last: 'set',
    instant: { kind: 'write', file: 'registry.json', point: 'renamed', left: 1 },
  },
  // It took effect, and the app never heard of it.
  {
    ...CALM,
    number: 1,
    moves: [],
    target: 'set',
    last: 'set',
    instant: { kind: 'effect' },
    startLocked: false,
  },
  // The clear is out, half of what is owed is written.
  {
    ...CALM,
    number: 2,
    moves: ['set', 'a-second', 'requests-lost'],
    target: 'lock',
    last: 'lock',
    instant: { kind: 'write', file: 'registry.json', point: 'half written', left: 1 },
    secondKillMs: 500,
  },
  // A clear is due for another program's call, and Graph is busy.
  {
    ...CALM,
    number: 3,
    call: true,
    moves: ['busy'],
    target: 'clear',
    last: 'lock',
    instant: { kind: 'answered', ms: 0 },
    lingersMs: 20_000,
  },
  // A shorter set that got lost replaces a longer one that stands.
  {
    ...CALM,
    number: 4,
    moves: ['set', 'a-second'],
    target: 'set again',
    last: 'set-other',
    instant: { kind: 'write', file: 'registry.json', point: 'renamed', left: 1 },
    downMs: 500_000,
  },
  // A clear asked for by name is due, and the next start finds the user there: it must not wait for the next departure.
  {
    ...CALM,
    number: 5,
    moves: ['set', 'a-second', 'busy'],
    target: 'clear',
    last: 'clear',
    instant: { kind: 'write', file: 'registry.json', point: 'renamed', left: 1 },
    startLocked: false,
  },
]

describe.skipIf(NEEDS_STAND_IN)('killed at an instant, and started again', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await setUpDesk('darwin')
    desk.start()
    await desk.says(/^Sign in/)
    await desk.signIn()
  })
  afterAll(() => desk[Symbol.asyncDispose]())

  it.each(ROUNDS.map((round) => [`${round.last}, ${JSON.stringify(round.instant)}`, round] as const))(
    'loses nothing: %s',
    async (_title, round) => {
      const result = await playRound(desk, round)
      const { instant } = round
      if (instant.kind === 'write') expect(result.phases).toContain(`${instant.file} ${instant.point}`)
      // Without a clear that is due at the kill there was nothing to lose.
      if (round.last === 'clear') expect(result.due, storyOf(result)).toBe(true)
      if (instant.kind === 'effect') expect(result.phases).toEqual(['request took effect, no answer'])
      expect(result.violations, storyOf(result)).toEqual([])
    },
  )
})
