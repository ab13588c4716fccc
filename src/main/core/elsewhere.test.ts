/** The same person may be at another machine by now: what a machine that was left may still send, and for how long. */
import { describe, expect, it } from 'vitest'
import { ANSWERS, HOUR, MINUTE, SECOND, World } from './world.testing.ts'

const suspend = { type: 'suspend' } as const
const settlements = (world: World): readonly string[] => world.history.map(({ settlement }) => settlement)

/** Lets time pass without network. */
function offline(world: World, ms: number): void {
  const end = world.at + ms
  while (world.at < end) {
    if (world.open().length > 0) world.answer(ANSWERS.offline)
    world.pass(Math.min(SECOND, end - world.at))
  }
  if (world.open().length > 0) world.answer(ANSWERS.offline)
}

/** Locked without network, killed, and started again while still locked, ten minutes after the lock. */
function lockedOfflineAndStartedAgain(): World {
  const world = new World().ready()
  world.lock()
  offline(world, 10 * MINUTE)
  world.start({ locked: true })
  world.token(HOUR)
  offline(world, 2 * SECOND)
  return world
}

describe('the age limit of an assumed session', () => {
  it('is not lengthened by a further departure after a start while locked', () => {
    const world = lockedOfflineAndStartedAgain()
    world.play(suspend)
    offline(world, 5 * MINUTE)
    expect(world.due).toBeNull()
    expect(settlements(world)).toEqual(['not-confirmed'])
    const sent = world.sent.length
    world.play({ type: 'network' })
    world.pass(HOUR)
    expect(world.sent.length).toBe(sent)
  })

  it('is joined by that departure: one request, and no second one beside it', () => {
    const world = lockedOfflineAndStartedAgain()
    world.play({ type: 'network' })
    const sent = world.sent.length
    world.play(suspend)
    expect(world.sent.length).toBe(sent)
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
    world.pass(HOUR)
    expect(world.sent.length).toBe(sent)
  })

  it('counts anew from a departure while present', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    offline(world, 10 * MINUTE)
    world.lock()
    offline(world, 10 * MINUTE)
    expect(world.due).not.toBeNull()
    offline(world, 5 * MINUTE)
    expect(world.due).toBeNull()
  })
})

describe('a sign-out that waits for its clear', () => {
  it('outlives a lock and the return: the tokens stay until the clear is settled', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    world.answer(ANSWERS.offline)
    world.lock()
    offline(world, 2 * SECOND)
    world.unlock()
    offline(world, 2 * SECOND)
    expect(world.due).not.toBeNull()
    expect(settlements(world)).toEqual([])
    world.play({ type: 'network' })
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
    expect(world.session).toBeUndefined()
  })
})

describe('a call elsewhere', () => {
  it('is not met by sleep, wake, shutdown, a start while locked, the return, or a start while present', () => {
    const world = new World().ready().set()
    world.lock()
    world.answer(ANSWERS.ok)
    const kinds = world.kinds().length
    world.play(suspend)
    world.pass(8 * HOUR)
    world.play({ type: 'resume' })
    world.play({ type: 'network' })
    world.play({ type: 'poll', state: 'locked', idleSeconds: 8 * 3_600 })
    world.play(suspend)
    world.play({ type: 'resume' })
    world.play({ type: 'session-ended', departure: 'shutdown', holdMs: 3 * SECOND })
    world.start({ locked: true })
    world.token(HOUR)
    world.pass(HOUR)
    world.unlock()
    world.pass(HOUR)
    world.start()
    world.token(HOUR)
    world.pass(HOUR)
    expect(world.kinds().length).toBe(kinds)
  })
})
