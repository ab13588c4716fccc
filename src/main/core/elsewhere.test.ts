/** The same person may be at another machine by now: what a machine that was left may still send, and for how long. */
import { describe, expect, it } from 'vitest'
import { ALEX, ANSWERS, HOUR, KEY, MINUTE, SECOND, World } from './world.testing.ts'

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

describe('a clear that was on its way when the machine fell asleep', () => {
  it('is called back at the wake: it must not arrive hours later', () => {
    for (const world of [new World().ready(), new World().ready().set()]) {
      world.lock()
      const [write] = world.open()
      world.play(suspend)
      world.at += 8 * HOUR
      expect(world.play({ type: 'resume' })).toContainEqual({ type: 'abort', id: write?.write.id })
      expect(world.due).toBeNull()
    }
  })

  it('is called back before a new one takes its place', () => {
    const world = new World().ready()
    world.lock()
    const [write] = world.open()
    world.play(suspend)
    world.at += 5 * MINUTE
    expect(
      world
        .play({ type: 'resume' })
        .slice(0, 2)
        .map(({ type }) => type),
    ).toEqual(['abort', 'send'])
    expect(world.actions[0]).toEqual({ type: 'abort', id: write?.write.id })
  })

  it('is called back when its time is over while nobody answers', () => {
    const world = new World().ready()
    world.lock()
    offline(world, 14 * MINUTE + 55 * SECOND)
    world.play({ type: 'network' })
    const [write] = world.open()
    world.at += 6 * SECOND
    expect(world.play({ type: 'tick' })).toContainEqual({ type: 'abort', id: write?.write.id })
    expect(settlements(world)).toEqual(['not-confirmed'])
  })

  it('is not called back by a return: its bytes are sent', () => {
    const world = new World().ready()
    world.lock()
    expect(world.unlock().map(({ type }) => type)).not.toContain('abort')
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
  })
})

describe('a second sleep in the same bag', () => {
  it('tries again what is due: it may be the last moment with a network', () => {
    const world = new World().ready()
    world.play(suspend)
    for (let tries = 0; tries < 4; tries += 1) {
      world.answer(ANSWERS.offline)
      world.pass(2 ** tries * SECOND)
    }
    world.answer(ANSWERS.offline)
    world.play({ type: 'resume' })
    const before = world.sent.length
    world.play(suspend)
    expect(world.sent.length).toBe(before + 1)
  })
})

describe('a wake in a bag', () => {
  it.each([
    { name: 'whose idle time is rounded down', wallError: 0, idleSeconds: 2, afterMs: 2_300 },
    { name: 'whose clock is corrected after it', wallError: 10_000, idleSeconds: 9, afterMs: 4_000 },
  ])('is no return: one $name', ({ wallError, idleSeconds, afterMs }) => {
    const world = new World().ready()
    world.play(suspend)
    world.answer(ANSWERS.ok)
    world.at += MINUTE
    world.play({ type: 'resume' })
    world.at += afterMs
    world.wallError += wallError
    world.play({ type: 'poll', state: 'active', idleSeconds })
    world.play(suspend)
    expect(world.kinds()).toEqual(['clear'])
  })
})

describe('an absence that was only found', () => {
  const found = { type: 'lock', source: 'desktop:session', locked: true, found: true } as const

  it('clears what is own, and of the rest only what is due already', () => {
    const assumed = new World().ready()
    assumed.play(found)
    expect(assumed.kinds()).toEqual([])
    expect(assumed.due).toBeNull()

    const own = new World().ready().set()
    own.play(found)
    expect(own.kinds()).toEqual(['set', 'clear'])

    const due = new World().ready()
    due.play({ type: 'clear' })
    due.answer(ANSWERS.offline)
    due.play(found)
    expect(due.kinds()).toEqual(['clear', 'clear'])
  })

  it('is an absence like any other: the next departure after the return counts', () => {
    const world = new World().ready()
    world.play(found)
    world.play({ ...found, locked: false })
    world.lock()
    expect(world.kinds()).toEqual(['clear'])
  })
})

describe('somebody who is being signed out while another one works here', () => {
  it('gains no time by the locks of the other one', () => {
    const blake = { ...ALEX, userId: '44444444-0000-4000-8000-000000000000', username: 'blake@example.test' }
    const world = new World().ready()
    world.play({ type: 'signed-in', identity: blake, expiresAt: world.now().wall + HOUR })
    world.answer(ANSWERS.busy)
    const clears = (): number => world.sent.filter(({ write }) => write.key === KEY).length
    const answerAll = (): void => {
      for (const write of world.open()) {
        world.answer(write.write.key === KEY ? ANSWERS.busy : ANSWERS.ok, write)
      }
    }
    const pass = (ms: number): void => {
      for (let left = ms; left > 0; left -= SECOND) {
        answerAll()
        world.pass(SECOND)
      }
    }
    for (let locks = 0; locks < 2; locks += 1) {
      pass(8 * MINUTE)
      world.lock()
      pass(MINUTE)
      world.unlock()
    }
    const then = clears()
    pass(20 * MINUTE)
    expect(clears()).toBe(then)
    expect(world.session).toBeUndefined()
  })
})
