/**
 * Leases and ends hold on the built app, with the clocks of app and simulator moved together. The age limits of assumed
 * sessions are in two-machines.spec.ts, what a start makes of the registry in absence.spec.ts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Desk, NEEDS_STAND_IN, setUpDesk } from './desk.ts'

const MINUTE = 60_000

async function withSession(pair: string, platform: 'win32' | 'linux' = 'win32'): Promise<Desk> {
  const desk = await setUpDesk({ platform })
  await desk.signIn()
  await desk.says(/^On\./)
  await desk.press(pair)
  await desk.until(() => desk.log().includes('presence write ended'), "the set's answer")
  return desk
}

/** Simulated minutes between the writes, rounded to tenths. */
function gaps(desk: Desk): readonly number[] {
  const times = desk.writes().map(({ simulatedMs }) => simulatedMs)
  return times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / 6_000) / 10)
}

describe.skipIf(NEEDS_STAND_IN)('the lease of an own session', () => {
  it('is renewed at 4 minutes for Available', async () => {
    await using desk = await withSession('Available')
    await desk.advance(9 * MINUTE)
    expect(desk.kinds()).toEqual(['set', 'set', 'set'])
    expect(desk.writes()[0]?.body).toMatchObject({ availability: 'Available', expirationDuration: 'PT5M' })
    for (const gap of gaps(desk)) {
      expect(gap).toBeGreaterThan(3.5)
      expect(gap).toBeLessThan(4.6)
    }
    // It never decayed: colleagues saw Available all the time.
    expect(desk.held()).toEqual(['Available/Available'])
  })

  it('is renewed at 7.5 minutes for Busy, and dies by itself when the machine loses power', async () => {
    await using desk = await withSession('Busy, in a call')
    await desk.advance(16 * MINUTE)
    expect(desk.kinds()).toEqual(['set', 'set', 'set'])
    expect(desk.writes()[0]?.body).toMatchObject({
      availability: 'Busy',
      activity: 'InACall',
      expirationDuration: 'PT15M',
    })
    for (const gap of gaps(desk)) {
      expect(gap).toBeGreaterThan(7)
      expect(gap).toBeLessThan(8.1)
    }
    process.kill(desk.app.pid, 'SIGKILL')
    await desk.app.exit
    desk.simulator.clock.advance(15 * MINUTE)
    expect(desk.held()).toEqual([])
  })

  it('"until I leave" ends at the departure: nothing is renewed or set again afterwards', async () => {
    await using desk = await withSession('Busy, in a call')
    await desk.lock()
    await desk.until(() => desk.held().length === 0, 'the clear')
    await desk.unlock()
    await desk.advance(10 * MINUTE)
    expect(desk.kinds()).toEqual(['set', 'clear'])
  })
})

describe.skipIf(NEEDS_STAND_IN)('age limits', () => {
  it('own: retried until the lease must have ended, and then it is over', async () => {
    await using desk = await withSession('Busy, in a call')
    desk.simulator.offline(true)
    await desk.lock()
    await desk.says(/^Not cleared/)
    await desk.advance(17 * MINUTE)
    desk.simulator.offline(false)
    const before = desk.kinds().length
    await desk.advance(2 * MINUTE)
    expect(desk.kinds().length).toBe(before)
    expect(desk.held()).toEqual([])
    expect(desk.log()).toContain('"settlement":"expired"')
  })
})

describe.skipIf(NEEDS_STAND_IN)('after kill -9', () => {
  it('writes down a quit that comes while the keyring keeps the start waiting, and the next start clears', async () => {
    await using desk = await withSession('Busy, in a call', 'linux')
    await desk.restart({ env: { STAND_IN_KEYRING: 'hanging' } })
    await desk.app.window()
    process.kill(desk.app.pid, 'SIGTERM')
    expect(await desk.app.exit).toBe(0)
    expect(desk.held()).toEqual(['Busy/InACall'])
    const registry = readFileSync(join(desk.app.userDataDir, 'registry.json'), 'utf8')
    expect(registry).toContain('"departure": "quit"')
    await desk.start()
    await desk.until(() => desk.held().length === 0, 'the clear')
    expect(desk.kinds()).toEqual(['set', 'clear'])
  })
})
