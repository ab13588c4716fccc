import { expect, it } from 'vitest'
import { LONGEST_OFFSET_MS } from './time.ts'
import { ANSWERS, World } from './world.testing.ts'

it.each([
  { name: 'the year 9999', date: Date.UTC(9999, 11, 31) },
  { name: '1970', date: 0 },
  { name: 'the end of time', date: 8.64e15 },
])('learns no server time from an answer dated $name, which the registry would not take', ({ date }) => {
  const world = new World().ready()
  world.lock()
  world.answer({ ...ANSWERS.ok, date })
  expect(Math.abs(world.state.serverOffsetMs)).toBeLessThanOrEqual(LONGEST_OFFSET_MS)
  expect(world.state.serverOffsetMs).toBe(0)
})
