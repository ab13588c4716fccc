/** The short form of the matrix of faults: the most telling cells, and two copies that race for one folder. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEEDS_STAND_IN, setUpDesk } from '../../e2e/desk.ts'
import { play } from './cell.ts'
import { DEPARTURES } from './departures.ts'
import { FAULTS } from './faults.ts'
import type { Kind, Outcome } from './judge.ts'
import { heal } from './matrix.ts'
import { spawnCopy } from './preparations.ts'
import { openStation, type Station } from './station.ts'

/** One platform and faults that leave the machine as it was, so that one app plays them all. */
const CELLS: readonly (readonly [fault: string, departure: string, kind: Kind, outcome: Outcome])[] = [
  ['stall', 'lock', 'own', 'cleared'],
  ['captive portal', 'lock', 'assumed', 'cleared'],
  ['proxy gone', 'manual', 'assumed', 'cleared'],
  ['VPN switch', 'lock', 'assumed', 'cleared'],
  ['no network for good', 'lock', 'own', 'expired'],
  ['403', 'lock', 'assumed', 'given-up'],
  ['429 Retry-After', 'lock', 'own', 'cleared'],
  ['token revoked', 'lock', 'own', 'cleared'],
  ['disk full', 'lock', 'assumed', 'cleared'],
  ['no route', 'quit', 'own', 'cleared'],
]

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name)
  if (found === undefined) throw new Error(`nothing is called ${name}`)
  return found
}

describe.skipIf(NEEDS_STAND_IN)('a fault at a departure', () => {
  let station: Station
  beforeAll(async () => {
    station = await openStation('win32')
  })
  afterAll(() => station[Symbol.asyncDispose]())

  it.each(CELLS)('%s x %s (%s): %s, and the user is told', async (fault, departure, kind, outcome) => {
    const cell = await play(station, named(FAULTS, fault), named(DEPARTURES, departure), kind)
    await heal(station)
    expect(cell, cell.detail).toMatchObject({ outcome, right: true })
    expect(cell.told, cell.said).toBe(true)
  })
})

describe.skipIf(NEEDS_STAND_IN)('two copies that are started at once', () => {
  it('one of them stays, and clears; the other has nothing to do and leaves', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.signIn()
    await desk.says(/^On\./)
    await desk.press('Busy, in a call')
    await desk.until(() => desk.held().length === 1 && desk.log().includes('presence write ended'), 'the set')
    process.kill(desk.app.pid, 'SIGKILL')
    await desk.app.exit
    const known = desk.sent().length
    const answers = (): number => desk.log().split('"presence write ended"').length
    const answered = answers()
    const copies = [spawnCopy(desk), spawnCopy(desk)]
    try {
      const ends = copies.map(async (copy) => [copy, (await once(copy, 'exit')) as unknown[]] as const)
      const [loser, [code]] = await Promise.race(ends)
      expect(code).toBe(0)
      const winner = copies.find((copy) => copy !== loser)
      await desk.until(() => answers() > answered, 'the renewal of what the killed one had set')
      expect(winner?.exitCode).toBeNull()
      // As a terminal ends it: a departure like any other.
      winner?.kill('SIGTERM')
      await Promise.all(ends)
      expect(desk.kinds()).toEqual(['set', 'set', 'clear'])
      expect(desk.sent()).toHaveLength(known + 2)
      expect(desk.held()).toEqual([])
    } finally {
      for (const copy of copies) copy.kill('SIGKILL')
    }
  })
})
