/** A short form of `npm run test:model`, and each sequence by which a bug was found. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Move } from '../moves.ts'
import { check, storyOf } from './model.ts'
import { play } from './play.ts'
import { startTlsStage } from './tls-network.ts'

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'clear-presence-model-'))
const stage = { folder: join(folder, 'machine') }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the promise holds in some hundred random sequences, other ones each time', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const { failure } = await check({ runs: 400, seed }, stage)
  const story = failure === null ? [] : await storyOf(failure.sequence, stage)
  expect(failure, `seed ${seed}\n${story.join('\n')}`).toBeNull()
})

it('the promise holds over real TLS', async () => {
  const tls = await startTlsStage()
  try {
    const moves: readonly Move[] = [
      ...(['set', 'a-second', 'lock', 'unlock', 'late', 'set', 'lock', 'fine', 'unlock'] as const),
      ...(['set', 'no-network', 'sleep', 'half-a-minute', 'fine', 'wake', 'touch'] as const),
    ]
    for (const seed of [0, 1, 4]) {
      expect(await play({ moves, seed, tls: true }, { ...stage, tlsNetwork: tls.network })).toBeNull()
    }
  } finally {
    await tls.close()
  }
})

it.each<{ readonly bug: string; readonly moves: readonly Move[]; readonly seed: number }>([
  {
    bug: 'a second clear after a sleep was sent over and over',
    moves: ['set', 'lock', 'sleep', 'half-a-minute', 'wake', 'minutes'],
    seed: 0,
  },
  {
    bug: 'an answer read only after a sleep set the clock back by that sleep',
    moves: [
      ...(['set', 'forget-now', 'sign-in', 'sleep', 'a-while', 'wake'] as const),
      ...(['half-a-minute', 'crash', 'start', 'set'] as const),
    ],
    seed: 603_519_222,
  },
  {
    bug: 'the judge took a set for settled that was sent in the turn in which the clear before it was',
    moves: ['clear', 'set', 'a-second', 'no-network', 'lock', 'a-night'],
    seed: 0,
  },
])('stays mended: $bug', async ({ moves, seed }) => {
  const story = await storyOf({ moves, seed, tls: false }, stage)
  expect(story.at(-1), story.join('\n')).toBe('The promise holds.')
})
