import { describe, expect, it } from 'vitest'
import type { DepartureKind } from '../../shared/presence.ts'
import { DEFAULT_ATTENDANCE } from './attendance.ts'
import type { AttemptResult } from './model.ts'
import { ALEX, ANSWERS, answer, HOUR, KEY, MINUTE, SECOND, World } from './world.testing.ts'

const quit = { type: 'leaving', departure: 'quit', deadlineMs: 5 * SECOND } as const
const shutdown = { type: 'leaving', departure: 'shutdown', deadlineMs: 3500 } as const
const suspend = { type: 'suspend' } as const
const types = (world: World): readonly string[] => world.actions.map(({ type }) => type)
const settlements = (world: World): readonly string[] => world.history.map(({ settlement }) => settlement)

describe('departure while present', () => {
  it('clears an assumed session once', () => {
    const world = new World().ready()
    world.lock()
    expect(world.kinds()).toEqual(['clear'])
    world.answer(ANSWERS.ok)
    world.pass(2 * HOUR)
    expect(world.kinds()).toEqual(['clear'])
    expect(world.history).toMatchObject([{ departure: 'lock', settlement: 'cleared', tookMs: 0 }])
  })

  it('clears an own session and ends "until I leave"', () => {
    const world = new World().ready().set()
    world.lock()
    expect(world.own).toMatchObject({ ended: true })
    world.answer(ANSWERS.ok)
    expect(world.own).toBeNull()
    world.unlock()
    world.pass(HOUR)
    expect(world.kinds()).toEqual(['set', 'clear'])
  })

  it('counts a 404 as settled: there was nothing to clear', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.notFound)
    expect(world.due).toBeNull()
    expect(settlements(world)).toEqual(['nothing-to-clear'])
  })

  it('fires first, then writes what is due, and never waits for a token that is valid', () => {
    const world = new World().ready()
    world.lock()
    expect(types(world)).toEqual(['send', 'save'])
    expect(world.disk.records[0]?.due).toMatchObject({ departure: 'lock', absence: 1 })
  })

  it('clears again at the next departure, as a new absence', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.ok)
    world.unlock()
    world.lock()
    expect(world.kinds()).toEqual(['clear', 'clear'])
    expect(world.due?.absence).toBe(2)
  })

  it('sends a new request although the clear of an earlier absence is still in flight', () => {
    const world = new World().ready()
    world.lock()
    world.unlock()
    world.lock()
    expect(world.kinds()).toEqual(['clear', 'clear'])
    const [first, second] = world.sent
    world.answer(ANSWERS.ok, first)
    expect(world.due).not.toBeNull()
    world.answer(ANSWERS.notFound, second)
    expect(world.due).toBeNull()
  })

  it('does nothing for a departure that is switched off, and renewals go on', () => {
    const settings = { ...DEFAULT_ATTENDANCE, enabled: { ...DEFAULT_ATTENDANCE.enabled, lock: false } }
    const world = new World().ready({ settings }).set()
    world.lock()
    world.pass(7.5 * MINUTE)
    expect(world.kinds()).toEqual(['set', 'renew'])
    world.play(suspend)
    expect(world.kinds()).toEqual(['set', 'renew', 'clear'])
  })
})

describe('further departure in the same absence', () => {
  it('joins the clear in flight: lock, sleep and shutdown give one request', () => {
    const world = new World().ready().set()
    world.lock()
    world.play(suspend)
    world.play(shutdown)
    expect(world.kinds()).toEqual(['set', 'clear'])
  })

  it('sends nothing when the clear has settled', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.ok)
    world.pass(HOUR)
    world.play(suspend)
    world.play(quit)
    expect(world.kinds()).toEqual(['clear'])
    expect(world.actions).toContainEqual({ type: 'release', departure: 'quit', settled: true })
  })

  it('retries at once what is due, whatever our own back-off says', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.offline)
    expect(world.kinds()).toEqual(['clear'])
    world.play(suspend)
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('waits for a running Retry-After', () => {
    const world = new World().ready()
    world.lock()
    world.answer(answer(429, 'TooManyRequests', '20'))
    world.pass(5 * SECOND)
    world.play(suspend)
    world.play({ type: 'network' })
    expect(world.kinds()).toEqual(['clear'])
    world.pass(15 * SECOND + 2)
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('keeps the name of the departure that owes it, unless the user asks by name', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.offline)
    world.play(suspend)
    expect(world.due?.departure).toBe('lock')
    world.play({ type: 'clear' })
    expect(world.due?.departure).toBe('manual')
  })
})

describe('a set or renewal is unanswered at the departure', () => {
  it('needs the second clear also when the lid closes in between', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    const [set] = world.open()
    world.pass(100)
    world.lock()
    const clear = world.sent.at(-1)
    world.pass(200)
    world.answer(ANSWERS.ok, set)
    world.pass(100)
    world.play({ type: 'suspend', holdMs: 3 * SECOND })
    world.pass(100)
    world.answer(ANSWERS.ok, clear)
    world.pass(SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    expect(world.due).not.toBeNull()
  })

  it.each([
    ['a gateway', answer(504)],
    ['a gateway before Graph', { ...answer(504), requestId: null }],
    ['a hotel', ANSWERS.hotel],
  ])('is not answered by %s: the second clear waits for its 10 s', (_who, result) => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.lock()
    const [set, clear] = world.open()
    world.answer(result, set)
    world.answer(ANSWERS.ok, clear)
    world.pass(9 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear'])
    world.pass(SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
  })

  it('and the next attempt is refused: the clear that comes back still waits for the first one', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.answer(ANSWERS.offline)
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost)
    world.pass(2 * SECOND)
    world.answer(ANSWERS.badRequest)
    if (world.open().length > 0) world.answer(ANSWERS.ok)
    expect(world.due).not.toBeNull()
    world.pass(10 * SECOND)
    if (world.open().length > 0) world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
  })

  it('counts an earlier attempt that may still take effect although the last one never left', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost)
    world.pass(1.1 * SECOND)
    world.lock()
    world.answer({ ...ANSWERS.aborted, sent: false })
    world.answer(ANSWERS.ok)
    expect(world.due).not.toBeNull()
    world.pass(10 * SECOND)
    expect(world.kinds()).toEqual(['set', 'set', 'clear', 'clear'])
  })

  it('destroys its socket, clears at once, and clears again 10 s after it was sent', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.pass(2 * SECOND)
    world.lock()
    expect(types(world)).toEqual(['abort', 'send', 'save'])
    world.answer(ANSWERS.aborted, world.sent[0])
    world.answer(ANSWERS.ok, world.sent[1])
    expect(world.due).not.toBeNull()
    world.pass(7 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear'])
    world.pass(1.01 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    world.answer(ANSWERS.notFound)
    expect(world.due).toBeNull()
    expect(settlements(world)).toEqual(['nothing-to-clear'])
  })

  it('clears again as soon as the set was answered after all', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.pass(SECOND)
    world.lock()
    world.pass(SECOND / 2)
    world.answer(ANSWERS.ok, world.sent[0])
    world.answer(ANSWERS.notFound, world.sent[1])
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    world.answer(ANSWERS.ok)
    expect(world.due).toBeNull()
  })

  it('needs no second clear when the set surely never left this machine', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.lock()
    world.answer(ANSWERS.ok, world.sent[1])
    expect(world.due).not.toBeNull()
    world.answer(ANSWERS.offline, world.sent[0])
    expect(world.due).toBeNull()
    world.pass(HOUR)
    expect(world.kinds()).toEqual(['set', 'clear'])
  })

  it('clears again too when the set failed before the departure and may still take effect', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.pass(SECOND)
    world.answer(ANSWERS.lost)
    world.pass(SECOND / 2)
    world.lock()
    world.answer(ANSWERS.notFound)
    expect(world.due).not.toBeNull()
    world.pass(9 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
  })

  it('clears again too when the app died with it, and starts locked', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.pass(2 * SECOND)
    world.start({ locked: true })
    world.token(HOUR)
    world.answer(ANSWERS.notFound, world.sent[1])
    world.pass(9 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
  })

  it('clears again once, not over and over, when the machine slept meanwhile', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.lock()
    world.answer(ANSWERS.aborted, world.sent[0])
    world.answer(ANSWERS.ok, world.sent[1])
    world.play({ type: 'suspend' })
    // Asleep: the wall clock goes on, the monotonic one doesn't.
    world.wallError += 31 * SECOND
    world.play({ type: 'resume' })
    world.answer(ANSWERS.notFound, world.sent[2])
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    expect(settlements(world)).toEqual(['nothing-to-clear'])
  })

  it('is still owed when a set that was to replace it is refused, after the app died with the first', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.start({ locked: true })
    world.token(HOUR)
    world.answer(ANSWERS.badRequest, world.sent[1])
    world.unlock()
    world.pass(30 * SECOND)
    world.play({ type: 'set', pair: 'Busy/InACall' })
    while (world.sent.at(-1)?.write.body.kind === 'clear') {
      world.answer(ANSWERS.badRequest)
      world.pass(10 * SECOND)
    }
    world.answer(ANSWERS.badRequest, world.sent.at(-1))
    expect(world.due).not.toBeNull()
    world.pass(31 * SECOND)
    expect(world.kinds().at(-1)).toBe('clear')
  })

  it('holds for a renewal too', () => {
    const world = new World().ready().set()
    world.pass(7.5 * MINUTE)
    expect(world.kinds()).toEqual(['set', 'renew'])
    world.lock()
    world.answer(ANSWERS.aborted, world.sent[1])
    world.answer(ANSWERS.ok, world.sent[2])
    expect(world.due).not.toBeNull()
    world.pass(10.1 * SECOND)
    world.answer(ANSWERS.ok)
    expect(world.due).toBeNull()
    expect(world.kinds()).toEqual(['set', 'renew', 'clear', 'clear'])
  })
})

describe('not settled', () => {
  it('is retried with growing pauses of at most 30 s', () => {
    const world = new World().ready()
    world.lock()
    const waits: number[] = []
    for (let attempt = 0; attempt < 8; attempt += 1) {
      world.answer(ANSWERS.offline)
      const before = world.at
      const sent = world.sent.length
      while (world.sent.length === sent) world.pass(SECOND / 2)
      waits.push((world.at - before) / SECOND)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  it('goes out at once when the network is back', () => {
    const world = new World().ready()
    world.lock()
    for (let attempt = 0; attempt < 6; attempt += 1) {
      world.answer(ANSWERS.offline)
      world.pass(30 * SECOND)
    }
    world.answer(ANSWERS.offline)
    const sent = world.sent.length
    world.play({ type: 'network' })
    expect(world.sent.length).toBe(sent + 1)
  })

  it('own: until the lease must have ended', () => {
    const world = new World().ready().set('Busy/InACall')
    world.pass(MINUTE)
    world.lock()
    // Lease 15 min, 10 s for the request and a minute of margin, counted from the set.
    const end = 15 * MINUTE + 70 * SECOND
    while (world.at < end - 31 * SECOND) {
      if (world.open().length > 0) world.answer(ANSWERS.offline)
      world.pass(SECOND)
    }
    expect(world.due).not.toBeNull()
    while (world.at <= end) {
      if (world.open().length > 0) world.answer(ANSWERS.offline)
      world.pass(SECOND)
    }
    expect(world.due).toBeNull()
    expect(world.history).toMatchObject([{ settlement: 'expired', problem: { code: 'no-network' } }])
  })

  it('assumed: for 15 minutes, and the history says that it was not confirmed', () => {
    const world = new World().ready()
    world.lock()
    while (world.at <= 15 * MINUTE) {
      if (world.open().length > 0) world.answer(ANSWERS.offline)
      world.pass(SECOND)
    }
    expect(world.due).toBeNull()
    expect(settlements(world)).toEqual(['not-confirmed'])
    const sent = world.sent.length
    world.play({ type: 'network' })
    world.play(suspend)
    world.pass(HOUR)
    expect(world.sent.length).toBe(sent)
  })

  it('assumed: after a manual clear also while present, until a set', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.answer(ANSWERS.offline)
    world.pass(2 * SECOND)
    expect(world.kinds()).toEqual(['clear', 'clear'])
    world.answer(ANSWERS.offline)
    world.play({ type: 'set', pair: 'Away/Away' })
    expect(world.due).toBeNull()
    expect(world.kinds()).toEqual(['clear', 'clear', 'set'])
  })

  it.each([
    ['a login page of a hotel with status 200', ANSWERS.hotel, 'captive-portal'],
    ['a server in trouble', ANSWERS.busy, 'server-trouble'],
    ['an answer that was lost', ANSWERS.lost, 'not-reached'],
    ['no network', ANSWERS.offline, 'no-network'],
  ])('is what %s leaves', (_name, result, code) => {
    const world = new World().ready()
    world.lock()
    world.answer(result)
    expect(world.due?.problem?.code).toBe(code)
    expect(world.disk.records[0]?.due?.problem?.code).toBe(code)
  })

  it('refreshes the token once on a 401 and sends again', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.unauthorized)
    expect(world.actions).toContainEqual(
      expect.objectContaining({ type: 'refresh-token', force: true, claims: null }),
    )
    world.token(HOUR)
    expect(world.kinds()).toEqual(['clear', 'clear'])
    world.answer(ANSWERS.unauthorized)
    expect(types(world)).not.toContain('refresh-token')
    expect(world.due).not.toBeNull()
  })

  it('waits for a sign-in when only the user can help, and then goes out', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.unauthorized)
    world.play({
      type: 'token',
      key: KEY,
      news: { type: 'needs-sign-in', problem: { code: 'needs-sign-in' } },
    })
    world.pass(MINUTE)
    expect(world.kinds()).toEqual(['clear'])
    expect(world.due?.problem?.code).toBe('needs-sign-in')
    world.play({ type: 'signed-in', identity: ALEX, expiresAt: world.now().wall + HOUR })
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('waits for a new token when a scope is missing', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.forbidden)
    expect(world.due?.problem?.code).toBe('not-permitted')
    world.pass(5 * MINUTE)
    expect(world.kinds()).toEqual(['clear'])
    world.token(HOUR)
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('is tried again by hand when a scope was missing, for somebody may have given it', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    world.answer(ANSWERS.forbidden)
    expect(world.due?.problem?.code).toBe('not-permitted')
    world.pass(MINUTE)
    world.play({ type: 'retry' })
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('is tried once for each departure although a set was refused for a missing scope', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.forbidden)
    world.play(quit)
    expect(world.kinds()).toEqual(['set', 'clear'])
    world.answer(ANSWERS.forbidden)
    expect(world.due?.problem?.code).toBe('not-permitted')
    expect(world.actions).toContainEqual({ type: 'release', departure: 'quit', settled: false })
  })

  it('is sent again at once by hand after Graph refused the request', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.badRequest)
    world.play({ type: 'clear' })
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('does not wait for ever for a sender that breaks its promise', () => {
    const world = new World().ready()
    world.lock()
    world.pass(16 * SECOND)
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })
})

describe('return', () => {
  it('assumed: drops what is due, for what stands now may be a live call', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.offline)
    world.unlock()
    expect(world.due).toBeNull()
    expect(settlements(world)).toEqual(['not-confirmed'])
    world.pass(HOUR)
    expect(world.kinds()).toEqual(['clear'])
  })

  it('assumed: keeps the bytes already sent, and what they brought', () => {
    const world = new World().ready()
    world.lock()
    world.unlock()
    expect(types(world)).not.toContain('abort')
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
  })

  it('own: settles what is due, for "until I leave" has ended', () => {
    const world = new World().ready().set()
    world.lock()
    world.answer(ANSWERS.offline)
    world.unlock()
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    world.answer(ANSWERS.ok)
    expect(world.own).toBeNull()
  })

  it('keeps what the user asked for by name', () => {
    const world = new World().ready()
    world.lock()
    world.play({ type: 'clear' })
    world.answer(ANSWERS.offline)
    world.unlock()
    expect(world.due?.departure).toBe('manual')
  })
})

describe('start, away', () => {
  it('clears an own session', () => {
    const world = new World().ready().set()
    world.pass(10 * SECOND)
    world.start({ locked: true })
    expect(world.due).toMatchObject({ departure: 'lock' })
    world.token(HOUR)
    expect(world.kinds()).toEqual(['set', 'clear'])
  })

  it('sends nothing for an assumed session that owes nothing', () => {
    const world = new World().ready()
    world.start({ locked: true })
    world.token(HOUR)
    expect(world.kinds()).toEqual([])
  })

  it.each([
    [14 * MINUTE, ['clear', 'clear']],
    [16 * MINUTE, ['clear']],
  ])(
    'sends what is due for an assumed session only while it is younger than 15 minutes (%i ms)',
    (ms, kinds) => {
      const world = new World().ready()
      world.lock()
      world.at += ms
      world.start({ locked: true })
      world.token(HOUR)
      expect(world.kinds()).toEqual(kinds)
    },
  )
})

describe('start, present', () => {
  it('adopts an own session whose lease has not ended, and renews it', () => {
    const world = new World().ready().set()
    world.pass(10 * SECOND)
    world.start()
    expect(world.own).toMatchObject({ ended: false })
    world.token(HOUR)
    expect(world.kinds()).toEqual(['set', 'renew'])
  })

  it('lets "until I leave" end whose lease has', () => {
    const world = new World().ready().set()
    world.at += 15 * MINUTE + 71 * SECOND
    world.start()
    world.token(HOUR)
    expect(world.own).toBeNull()
    expect(world.kinds()).toEqual(['set'])
    expect(world.history).toMatchObject([{ departure: 'interrupted', settlement: 'expired' }])
  })

  it('settles an own clear that is still due', () => {
    const world = new World().ready().set()
    world.play(quit)
    world.start()
    world.token(HOUR)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
  })

  it('drops what is due for an assumed session after a lock, and says so', () => {
    const world = new World().ready()
    world.lock()
    world.start()
    world.token(HOUR)
    expect(world.kinds()).toEqual(['clear'])
    expect(settlements(world)).toEqual(['not-confirmed'])
  })

  it('still owes what the user asked for by quitting', () => {
    const world = new World().ready()
    world.play(quit)
    world.answer(ANSWERS.offline)
    world.start()
    world.token(HOUR)
    expect(world.kinds()).toEqual(['clear', 'clear'])
  })

  it('counts from now when the clock went back behind the record', () => {
    const world = new World().ready().set()
    world.wallError = -24 * HOUR
    world.start()
    world.token(HOUR)
    expect(world.kinds()).toEqual(['set', 'renew'])
    expect(world.own?.sentAt.wall).toBe(world.now().wall)
  })
})

describe('a keyring that opens late', () => {
  it('brings back the account, and what was due goes out', () => {
    const world = new World().ready().set()
    world.play(quit)
    world.start({ accounts: [] })
    expect(world.session?.signInProblem).not.toBeNull()
    world.play({ type: 'restored', accounts: [ALEX] })
    world.token(HOUR)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
    expect(world.state.active).toBe(KEY)
  })
})

describe('deadlines', () => {
  it.each<[DepartureKind, number]>([
    ['lock', 30],
    ['quit', 5],
    ['shutdown', 3.5],
    ['manual', 10],
    ['sign-out', 10],
  ])('%s lets go after %f s, and what is open stays due', (departure, seconds) => {
    const world = new World().ready()
    if (departure === 'lock') world.lock()
    else if (departure === 'quit') world.play(quit)
    else if (departure === 'shutdown') world.play(shutdown)
    else world.play({ type: departure === 'manual' ? 'clear' : 'sign-out' })
    const released = (): boolean => world.state.departures.length === 0
    world.pass(seconds * SECOND - 100)
    expect(released()).toBe(false)
    world.pass(200)
    expect(released()).toBe(true)
    expect(world.due).not.toBeNull()
  })

  it('lets go at once when all is settled', () => {
    const world = new World().ready()
    world.play(quit)
    world.answer(ANSWERS.ok)
    expect(world.actions).toContainEqual({ type: 'release', departure: 'quit', settled: true })
  })

  it('does not keep the user waiting for what only a sign-in can settle', () => {
    const world = new World().start({ accounts: [] })
    expect(world.session).toBeUndefined()
    world.start()
    world.play({
      type: 'token',
      key: KEY,
      news: { type: 'needs-sign-in', problem: { code: 'needs-sign-in' } },
    })
    world.play(quit)
    expect(world.actions).toContainEqual({ type: 'release', departure: 'quit', settled: false })
    expect(world.disk.records[0]?.due?.departure).toBe('quit')
  })
})

describe('holding', () => {
  it('fires, writes, then blocks for the open clears', () => {
    const world = new World().ready()
    world.play({ type: 'suspend', holdMs: 3000 })
    expect(types(world)).toEqual(['send', 'save', 'hold'])
  })

  it('blocks for a clear that an earlier departure fired, and not when all is settled', () => {
    const world = new World().ready()
    world.lock()
    world.play({ type: 'suspend', holdMs: 3000 })
    expect(types(world)).toContain('hold')
    world.answer(ANSWERS.ok)
    world.play({ type: 'session-ended', departure: 'shutdown', holdMs: 3000 })
    expect(types(world)).not.toContain('hold')
  })

  it('blocks no longer than an ending that is under way has left, and a lock takes nothing of it', () => {
    const world = new World().ready()
    world.lock()
    world.play({ type: 'leaving', departure: 'shutdown', deadlineMs: 3500 })
    world.pass(2000)
    world.play({ type: 'suspend', holdMs: 3000 })
    expect(world.actions).toContainEqual(expect.objectContaining({ type: 'hold', ms: 1500 }))
    world.play({ type: 'session-ended', departure: 'shutdown', holdMs: 3000 })
    expect(world.actions).toContainEqual(expect.objectContaining({ type: 'hold', ms: 3000 }))
  })

  it('blocks for all its time where an end of the session was only asked for', () => {
    const world = new World().ready()
    world.play({ type: 'session-ending', departure: 'log-off' })
    world.pass(3400)
    world.play({ type: 'suspend', holdMs: 3000 })
    expect(world.actions).toContainEqual(expect.objectContaining({ type: 'hold', ms: 3000 }))
  })

  it('tries again what failed between the question and the end of the session, whatever the back-off', () => {
    const world = new World().ready()
    world.play({ type: 'session-ending', departure: 'shutdown' })
    world.answer({ type: 'failure', stage: 'worker', code: 'exit 1', sent: true })
    expect(world.open()).toHaveLength(0)
    world.play({ type: 'session-ended', departure: 'shutdown', holdMs: 3000 })
    expect(world.kinds()).toEqual(['clear', 'clear'])
    expect(types(world)).toContain('hold')
  })

  it('tries again what failed while the handler is still held', () => {
    const world = new World().ready()
    world.play({ type: 'session-ended', departure: 'shutdown', holdMs: 3000 })
    const [write] = world.open()
    world.answer({ type: 'failure', stage: 'answer', code: 'ECONNRESET', sent: true }, write, 2500)
    expect(world.kinds()).toEqual(['clear', 'clear'])
    expect(world.actions).toContainEqual({ type: 'hold', ids: [world.open()[0]?.write.id], ms: 2500 })
  })

  it('leaves a running Retry-After alone', () => {
    const world = new World().ready()
    world.play({ type: 'session-ended', departure: 'shutdown', holdMs: 3000 })
    world.answer(answer(429, 'TooManyRequests', '30'), world.open()[0], 2500)
    expect(world.kinds()).toEqual(['clear'])
    expect(types(world)).not.toContain('hold')
  })
})

describe('a token known to be expired', () => {
  it('is refreshed first, within half the deadline, and then the clear goes out', () => {
    const world = new World().start()
    world.token(MINUTE)
    world.pass(2 * MINUTE)
    world.play(quit)
    expect(world.kinds()).toEqual([])
    expect(world.actions).toContainEqual(expect.objectContaining({ type: 'refresh-token', timeoutMs: 2500 }))
    world.pass(2.6 * SECOND)
    expect(world.kinds()).toEqual(['clear'])
  })

  it('is waited for no longer than a later, shorter departure allows', () => {
    const world = new World().start()
    world.token(MINUTE)
    world.pass(2 * MINUTE)
    world.lock()
    world.pass(SECOND)
    world.play(quit)
    world.pass(2.6 * SECOND)
    expect(world.kinds()).toEqual(['clear'])
  })

  it('goes out as it is when the handler is held', () => {
    const world = new World().start()
    world.token(MINUTE)
    world.pass(2 * MINUTE)
    world.play({ type: 'suspend', holdMs: 3000 })
    expect(types(world)).toEqual(['send', 'save', 'hold'])
  })

  it('keeps the clear due while no token can be had', () => {
    const world = new World().start()
    world.lock()
    world.play({ type: 'token', key: KEY, news: { type: 'unavailable', problem: { code: 'no-network' } } })
    expect(world.due?.problem?.code).toBe('no-network')
    world.pass(1.1 * SECOND)
    expect(types(world)).toContain('refresh-token')
    world.token(HOUR)
    expect(world.kinds()).toEqual(['clear'])
  })
})

describe('a set', () => {
  it('is written before it is sent', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    expect(types(world)).toEqual(['save', 'send'])
    expect(world.disk.records[0]?.own).toMatchObject({
      pair: 'Busy/InACall',
      leaseMs: 15 * MINUTE,
      ended: false,
    })
  })

  it('is not sent when it could not be written, and what stood before still stands', () => {
    const world = new World().ready().set('Available/Available')
    const before = world.own
    world.play({ type: 'set', pair: 'Busy/InACall' })
    const id = world.sent.at(-1)?.write.id ?? 0
    world.play({ type: 'not-written', writeId: id, problem: { code: 'registry-unwritable' } })
    expect(world.own).toEqual(before)
    expect(world.session?.setProblem?.code).toBe('set-not-written')
  })

  it('is refused while away, and nothing is stored', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.ok)
    world.play({ type: 'set', pair: 'Busy/InACall' })
    expect(world.session).toMatchObject({ setProblem: { code: 'away' }, wish: null })
    expect(world.own).toBeNull()
    world.unlock()
    world.pass(HOUR)
    expect(world.kinds()).toEqual(['clear'])
  })

  it("waits for an open clear's answer", () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.play({ type: 'set', pair: 'Busy/InACall' })
    expect(world.kinds()).toEqual(['clear'])
    world.answer(ANSWERS.ok)
    expect(world.kinds()).toEqual(['clear', 'set'])
  })

  it('waits until a clear whose answer was lost can not end it any more', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.lost)
    world.unlock()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.pass(9 * SECOND)
    expect(world.kinds()).toEqual(['clear'])
    world.pass(SECOND)
    expect(world.kinds()).toEqual(['clear', 'set'])
  })

  it('waits for the last of two clears whose answers were lost', () => {
    const world = new World().ready()
    world.lock()
    const [first] = world.open()
    world.unlock()
    world.pass(5 * SECOND)
    world.lock()
    const second = world.sent.at(-1)
    world.unlock()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost, second)
    world.answer(ANSWERS.lost, first)
    world.pass(9 * SECOND)
    expect(world.kinds()).not.toContain('set')
    world.pass(SECOND)
    expect(world.kinds().at(-1)).toBe('set')
  })

  it('waits for an earlier set, so that the last one takes effect last', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.play({ type: 'set', pair: 'Away/Away' })
    expect(world.kinds()).toEqual(['set'])
    world.answer(ANSWERS.ok)
    expect(world.kinds()).toEqual(['set', 'set'])
    expect(world.own?.pair).toBe('Away/Away')
  })

  it('that waits ends with a departure', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.lock()
    for (const open of world.open()) world.answer(ANSWERS.ok, open)
    world.unlock()
    world.pass(HOUR)
    expect(world.kinds()).not.toContain('set')
  })

  it('that Graph refuses leaves what stood before', () => {
    const world = new World().ready().set('Available/Available')
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.badRequest)
    expect(world.own?.pair).toBe('Available/Available')
    expect(world.session?.setProblem).not.toBeNull()
  })

  it('that Graph refuses brings back a clear that it replaced', () => {
    const world = new World().ready().set()
    world.lock()
    world.answer(ANSWERS.busy)
    world.unlock()
    world.answer(ANSWERS.busy)
    world.play({ type: 'set', pair: 'Available/Available' })
    world.pass(10 * SECOND)
    world.answer(ANSWERS.badRequest)
    expect(world.own).toMatchObject({ pair: 'Busy/InACall', ended: true })
    world.pass(5 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear', 'set', 'clear'])
  })

  it.each(['clear', 'sign-out'] as const)(
    'asked for by %s after a return is a new one: the clear of the absence before says nothing of a call since',
    (type) => {
      const world = new World().ready()
      world.lock()
      world.pass(2 * SECOND)
      world.unlock()
      world.pass(2 * SECOND)
      world.play({ type })
      expect(world.kinds()).toEqual(['clear', 'clear'])
      world.play({ type })
      expect(world.kinds()).toEqual(['clear', 'clear'])
    },
  )

  it('that Graph refuses brings back a clear that was owed since a set that never left', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.offline)
    world.play({ type: 'clear' })
    world.answer(ANSWERS.offline)
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.badRequest)
    world.pass(5 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'set', 'clear'])
    world.answer(ANSWERS.ok)
    expect(world.due).toBeNull()
  })

  it('that gets no answer first and is refused then is refused', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.busy)
    world.pass(1.1 * SECOND)
    world.answer(ANSWERS.badRequest)
    expect(world.session?.setProblem).not.toBeNull()
    world.pass(10 * MINUTE)
    expect(world.kinds()).toEqual(['set', 'set'])
  })

  it.each([
    ['a set before it had no answer', (world: World) => world.answer(ANSWERS.lost)],
    [
      'it was under way when it was to be cleared',
      (world: World) => {
        world.play({ type: 'clear' })
        world.answer(ANSWERS.aborted)
        world.answer(ANSWERS.lost)
        world.pass(10 * SECOND)
        for (const open of world.open()) world.answer(ANSWERS.lost, open)
        world.play({ type: 'set', pair: 'Busy/InAConferenceCall' })
        world.pass(10 * SECOND)
      },
    ],
    ['an earlier run has sent it', (world: World) => world.start().token(HOUR)],
  ])('that Graph refuses is not renewed, but still own until it has ended: %s', (_why, happens) => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    happens(world)
    if (world.open().length === 0) world.play({ type: 'set', pair: 'Busy/InAConferenceCall' })
    world.answer(ANSWERS.badRequest)
    expect(world.own).toMatchObject({ ended: true })
    const kinds = world.kinds().length
    world.pass(5 * MINUTE)
    expect(world.kinds().slice(kinds)).not.toContain('set')
    world.lock()
    expect(world.due).not.toBeNull()
    expect(world.own).not.toBeNull()
  })

  it('that Graph refused and that must have ended since is cleared like what another program may have set', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost)
    world.pass(1.1 * SECOND)
    world.answer(ANSWERS.badRequest)
    world.pass(20 * MINUTE)
    world.lock()
    expect(world.own).toBeNull()
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
  })

  it('is given up, and what is due goes on, when no token can be had', () => {
    const world = new World().ready().set()
    world.lock()
    world.answer(ANSWERS.unauthorized)
    world.unlock()
    world.play({ type: 'set', pair: 'Away/Away' })
    const unavailable = { type: 'unavailable', problem: { code: 'no-network' } } as const
    world.play({ type: 'token', key: KEY, news: unavailable })
    expect(types(world)).not.toContain('refresh-token')
    expect(world.session).toMatchObject({ wish: null, setProblem: { code: 'no-network' } })
    world.pass(5 * SECOND)
    world.token(HOUR)
    expect(world.kinds().at(-1)).toBe('clear')
  })

  it('waits for a running Retry-After, whatever else happens, and so does what follows', () => {
    const world = new World().ready().set()
    world.pass(7.5 * MINUTE)
    world.answer(answer(429, 'TooManyRequests', '120'))
    world.play({ type: 'network' })
    world.lock()
    expect(world.kinds()).toEqual(['set', 'renew'])
    world.pass(121 * SECOND)
    expect(world.kinds()).toEqual(['set', 'renew', 'clear'])
  })

  it('is refused when Graph wants nothing for minutes, and holds up nothing that is owed', () => {
    const world = new World().ready()
    world.lock()
    world.answer(answer(429, 'TooManyRequests', '300'))
    world.unlock()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    expect(world.session).toMatchObject({ wish: null, setProblem: { code: 'set-throttled' } })
    world.pass(301 * SECOND)
    expect(world.kinds()).toEqual(['clear'])
  })

  it('waits for a running Retry-After also when the account was forgotten and has signed in again', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(answer(429, 'TooManyRequests', '300'))
    world.play({ type: 'forget-now' })
    world.play({ type: 'signed-in', identity: ALEX, expiresAt: world.now().wall + HOUR })
    world.play({ type: 'clear' })
    expect(world.kinds()).toEqual(['set'])
    world.pass(301 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear'])
  })

  it.each(['unanswered', 'lost'])(
    'waits until a clear that is %s can end nothing more, also when the account has signed in again',
    (how) => {
      const world = new World().ready()
      world.play({ type: 'clear' })
      if (how === 'lost') world.answer({ type: 'failure', stage: 'answer', code: 'ECONNRESET', sent: true })
      world.play({ type: 'forget-now' })
      world.play({ type: 'signed-in', identity: ALEX, expiresAt: world.now().wall + HOUR })
      world.play({ type: 'set', pair: 'Busy/InACall' })
      expect(world.kinds()).toEqual(['clear'])
      world.pass(10 * SECOND)
      expect(world.kinds()).toEqual(['clear', 'set'])
    },
  )

  it.each(['forgotten', 'signed out and then forgotten'])(
    'of an account that was %s may still land: who signs in again and leaves is cleared once more after that',
    (how) => {
      const world = new World().ready()
      world.play({ type: 'set', pair: 'Busy/InACall' })
      if (how !== 'forgotten') {
        world.play({ type: 'sign-out' })
        world.answer(ANSWERS.aborted)
        world.answer(ANSWERS.notFound)
      }
      world.play({ type: 'forget-now' })
      if (how === 'forgotten') expect(types(world)).toContain('abort')
      world.pass(2 * SECOND)
      world.play({ type: 'signed-in', identity: ALEX, expiresAt: world.now().wall + HOUR })
      world.lock()
      const before = world.kinds().length
      world.answer(ANSWERS.notFound, world.open().at(-1))
      expect(world.session?.record.due).not.toBeNull()
      world.pass(8 * SECOND)
      expect(world.kinds().slice(before)).toEqual(['clear'])
      world.answer(ANSWERS.ok)
      expect(world.session?.record.due).toBeNull()
    },
  )

  it('passes its Retry-After on to the clear that is owed since, whose own answer was lost', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.lock()
    expect(world.kinds()).toEqual(['set', 'clear'])
    world.answer(answer(429, 'TooManyRequests', '120'))
    world.answer(ANSWERS.lost)
    world.pass(119 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear'])
    world.pass(2 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear'])
  })

  it('that gets no answer is retried and still known to the registry', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost)
    expect(world.own).toMatchObject({ confirmed: false })
    world.pass(1.1 * SECOND)
    expect(world.kinds()).toEqual(['set', 'set'])
    world.answer(ANSWERS.ok)
    expect(world.own).toMatchObject({ confirmed: true })
  })
})

describe('the lease', () => {
  it('of Available is renewed at 4 minutes, of the others at 7.5', () => {
    for (const [pair, ms] of [
      ['Available/Available', 4 * MINUTE],
      ['Busy/InACall', 7.5 * MINUTE],
      ['DoNotDisturb/Presenting', 7.5 * MINUTE],
    ] as const) {
      const world = new World().ready().set(pair)
      world.pass(ms - SECOND)
      expect(world.kinds()).toEqual(['set'])
      world.pass(2 * SECOND)
      expect(world.kinds()).toEqual(['set', 'renew'])
    }
  })

  it('goes on as long as the user is present', () => {
    const world = new World().ready().set()
    while (world.at < 55 * MINUTE) {
      world.pass(SECOND)
      if (world.open().length > 0) world.answer(ANSWERS.ok)
    }
    expect(world.kinds().filter((kind) => kind === 'renew')).toHaveLength(7)
  })

  it('is not lengthened by a renewal that surely never left', () => {
    const world = new World().ready().set()
    const sentAt = world.own?.sentAt
    world.pass(7.5 * MINUTE)
    world.answer(ANSWERS.offline)
    expect(world.own?.sentAt).toEqual(sentAt)
  })

  it('is cleared like an assumed one when it must have ended before the departure', () => {
    const world = new World().ready().set()
    while (world.at < 30 * MINUTE) {
      world.pass(SECOND)
      if (world.open().length > 0) world.answer(ANSWERS.offline)
    }
    const sent = world.sent.length
    world.lock()
    expect(world.sent.slice(sent).map(({ write }) => write.body.kind)).toEqual(['clear'])
  })

  it.each([
    ['no network', ANSWERS.offline],
    ['a lost answer', ANSWERS.lost],
  ])('counts what a shorter set replaces until Graph has confirmed that set: %s', (_why, result) => {
    const world = new World().ready().set()
    world.play({ type: 'set', pair: 'Available/Available' })
    world.answer(result)
    world.lock()
    for (let left = 8; left > 0; left -= 1) {
      for (const open of world.open()) world.answer(ANSWERS.offline, open)
      world.pass(MINUTE)
    }
    // The first set still holds at Graph: it is not over, and goes as soon as the network is back.
    expect(settlements(world)).toEqual([])
    world.answer(ANSWERS.ok)
    expect(settlements(world)).toEqual(['cleared'])
  })

  it('counts the longer lease of a lost set as long as that may still take effect', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost)
    world.set('Available/Available')
    expect(world.own).toMatchObject({ confirmed: true, leaseMs: 15 * MINUTE })
    world.pass(4 * MINUTE)
    world.answer(ANSWERS.ok)
    expect(world.own).toMatchObject({ leaseMs: 5 * MINUTE })
  })

  it('counts the new lease alone once Graph has confirmed the set', () => {
    const world = new World().ready().set().set('Available/Available')
    expect(world.own).toMatchObject({ confirmed: true, leaseMs: 5 * MINUTE })
    expect(world.sent.map(({ write }) => write.body)).toMatchObject([
      { leaseMs: 15 * MINUTE },
      { leaseMs: 5 * MINUTE },
    ])
  })
})

describe('manual', () => {
  it('always sends, also twice and also when nothing is known', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.answer(ANSWERS.ok)
    world.play({ type: 'clear' })
    world.answer(ANSWERS.notFound)
    expect(world.kinds()).toEqual(['clear', 'clear'])
    expect(settlements(world)).toEqual(['nothing-to-clear', 'cleared'])
  })

  it('joins a clear in flight of the same absence', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.play({ type: 'clear' })
    expect(world.kinds()).toEqual(['clear'])
    const locked = new World().ready()
    locked.lock()
    locked.play({ type: 'clear' })
    expect(locked.kinds()).toEqual(['clear'])
  })

  it('does not make the user away', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.answer(ANSWERS.ok)
    world.set()
    expect(world.kinds()).toEqual(['clear', 'set'])
  })
})

describe('sign-out', () => {
  it('clears first, then forgets the tokens', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    expect(types(world)).toEqual(['send', 'save'])
    expect(world.disk.records[0]?.signingOut).not.toBeNull()
    world.answer(ANSWERS.ok)
    expect(types(world)).toContain('forget')
    expect(world.session).toBeUndefined()
    expect(world.disk.records).toEqual([])
  })

  it('keeps the tokens until the clear is settled or aged out', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    world.answer(ANSWERS.offline)
    expect(types(world)).not.toContain('forget')
    world.start()
    expect(world.session?.record.signingOut).not.toBeNull()
    world.token(HOUR)
    world.answer(ANSWERS.ok)
    expect(types(world)).toContain('forget')
  })

  it('gives up after 15 minutes, and the history says so', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    while (world.session !== undefined && world.at < HOUR) {
      if (world.open().length > 0) world.answer(ANSWERS.offline)
      world.pass(SECOND)
    }
    expect(world.at / MINUTE).toBeCloseTo(15, 0)
    expect(settlements(world)).toEqual(['not-confirmed'])
  })

  it('forgets now when the user says so', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    world.answer(ANSWERS.offline)
    world.play({ type: 'forget-now' })
    expect(types(world)).toContain('forget')
    expect(settlements(world)).toEqual(['not-confirmed'])
  })

  it('sends nothing that waited for the answer by which we learnt it', () => {
    const world = new World().start({ accounts: [{ ...ALEX, cloud: 'china' }] })
    const key = Object.keys(world.state.sessions)[0] ?? ''
    world.play({ type: 'token', key, news: { type: 'token', expiresAt: world.now().wall + HOUR } })
    world.play({ type: 'clear' })
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.badRequest)
    world.lock()
    world.pass(MINUTE)
    expect(world.kinds()).toEqual(['clear'])
  })

  it('forgets at once where the cloud has no presence', () => {
    const china = { ...ALEX, cloud: 'china' } as const
    const world = new World().start({ accounts: [china] })
    const key = world.state.active ?? ''
    world.play({ type: 'token', key, news: { type: 'token', expiresAt: world.now().wall + HOUR } })
    world.lock()
    world.answer(ANSWERS.notFound)
    expect(settlements(world)).toEqual(['not-supported'])
    world.unlock()
    world.play({ type: 'sign-out' })
    expect(types(world)).toContain('forget')
  })

  it('is what becomes of an account when another one signs in', () => {
    const blake = { ...ALEX, userId: '44444444-0000-4000-8000-000000000000', username: 'blake@example.test' }
    const idle = new World().ready()
    idle.play({ type: 'signed-in', identity: blake, expiresAt: idle.now().wall + HOUR })
    // What another program may have set for the first one is cleared before the tokens go.
    expect(idle.kinds()).toEqual(['clear'])
    idle.answer(ANSWERS.notFound)
    expect(idle.actions).toContainEqual(expect.objectContaining({ type: 'forget' }))
    expect(Object.keys(idle.state.sessions)).toEqual([idle.state.active])

    const world = new World().ready().set()
    world.play({ type: 'signed-in', identity: blake, expiresAt: world.now().wall + HOUR })
    expect(world.kinds()).toEqual(['set', 'clear'])
    world.answer(ANSWERS.ok)
    expect(world.session).toBeUndefined()
    expect(world.state.active).not.toBe(KEY)
  })

  it('refuses a set meanwhile', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    world.play({ type: 'set', pair: 'Busy/InACall' })
    expect(world.session?.setProblem?.code).toBe('signing-out')
  })
})

describe('time', () => {
  it('takes the larger of monotonic and wall age: a machine that slept has expired', () => {
    const world = new World().ready().set()
    world.lock()
    world.answer(ANSWERS.offline)
    world.wallError = HOUR // The monotonic clock stood still while the machine slept.
    world.play({ type: 'tick' })
    expect(settlements(world)).toEqual(['expired'])
  })

  it('learns server time from Graph and counts in it', () => {
    const world = new World().ready()
    world.lock()
    world.answer({ ...ANSWERS.ok, date: world.now().wall + 2 * HOUR })
    expect(world.state.serverOffsetMs).toBe(2 * HOUR)
    expect(world.disk.serverOffsetMs).toBe(2 * HOUR)
    world.unlock()
    world.set()
    expect(world.own?.sentAt.wall).toBe(world.now().wall + 2 * HOUR)
  })

  /** Hands over the answer to the first write, which was on its way between those moments by the machine's clock. */
  function answerBetween(world: World, startedAt: number, endedAt: number, result: AttemptResult): void {
    const id = world.sent[0]?.write.id ?? 0
    world.play({
      type: 'attempt',
      attempt: { id, key: KEY, clientRequestId: 'c', startedAt, endedAt, result },
    })
  }

  it('learns nothing from an answer that was slow: Graph wrote its date long before it came', () => {
    const world = new World().ready()
    world.lock()
    const sent = world.now().wall
    world.pass(9 * SECOND)
    answerBetween(world, sent, world.now().wall, { ...ANSWERS.ok, date: sent })
    expect(world.due).toBeNull()
    expect(world.state.serverOffsetMs).toBe(0)
  })

  it.each([
    { name: 'and was read before it', readAfterMs: 0 },
    { name: 'unread', readAfterMs: HOUR },
  ])('learns nothing from an answer that lay over a sleep $name', ({ readAfterMs }) => {
    const world = new World().ready()
    world.lock()
    const sent = world.now().wall
    world.wallError = HOUR
    answerBetween(world, sent, sent + readAfterMs, { ...answer(503), date: sent })
    expect(world.state.serverOffsetMs).toBe(0)
  })

  it.each([
    { name: 'the clock was set back in a sleep', before: 0, back: -10 * MINUTE },
    { name: 'the clock is ahead, and nobody knew', before: 10 * MINUTE, back: 0 },
  ])('gives up what is assumed after 15 minutes although $name', ({ before, back }) => {
    const world = new World().ready()
    world.wallError = before
    const began = world.now().wall
    world.lock()
    world.answer(ANSWERS.offline)
    const slept = 6 * MINUTE
    world.wallError += slept + back
    world.play({ type: 'resume' })
    for (let rounds = 0; rounds < 400 && world.due !== null; rounds += 1) {
      if (world.open().length > 0) {
        world.answer({ ...ANSWERS.busy, date: world.now().wall - before - back })
      } else world.pass(5 * SECOND)
    }
    expect(world.due).toBeNull()
    expect(world.now().wall - back - began).toBeLessThan(15.2 * MINUTE)
  })

  it('does not take for expired what was set while the difference was unknown, before a sleep', () => {
    const world = new World().ready()
    world.wallError = -2 * HOUR
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer(ANSWERS.lost)
    // The wall clock goes on in a sleep, the monotonic one stands.
    world.wallError += 5 * MINUTE
    world.lock()
    world.answer({ ...ANSWERS.busy, date: world.now().wall + 2 * HOUR })
    expect(world.due).not.toBeNull()
    expect(settlements(world)).toEqual([])
  })

  it('does not take for expired what was set while the difference was unknown', () => {
    const world = new World().ready()
    world.wallError = -2 * HOUR
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer({ ...ANSWERS.ok, date: world.now().wall + 2 * HOUR })
    world.lock()
    world.answer(ANSWERS.offline)
    expect(world.due).not.toBeNull()
    expect(world.own).toMatchObject({ ended: true })
    expect(settlements(world)).toEqual([])
  })

  it('keeps what was stamped right when the clock of the machine is put right', () => {
    const world = new World().ready()
    world.wallError = -2 * HOUR
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.answer({ ...ANSWERS.ok, date: world.now().wall + 2 * HOUR })
    const set = world.own?.since.wall
    world.wallError = 0
    world.pass(MINUTE)
    expect(world.kinds()).toEqual(['set', 'renew'])
    const renewed = world.now().wall
    world.answer({ ...ANSWERS.ok, date: renewed })
    expect(world.state.serverOffsetMs).toBe(0)
    expect(world.own?.since.wall).toBe(set)
    expect(world.own?.sentAt.wall).toBe(renewed)
  })

  it('waits no longer than it can have to when the clock went back behind a moment to come', () => {
    const world = new World().ready()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    world.lock()
    world.wallError = -24 * HOUR
    world.start({ locked: true })
    world.token(HOUR)
    world.answer(ANSWERS.ok)
    world.pass(11 * SECOND)
    expect(world.kinds()).toEqual(['set', 'clear', 'clear', 'clear'])
  })

  it('ignores the date of an answer that is not surely from Graph', () => {
    const world = new World().ready()
    world.lock()
    world.answer({ ...ANSWERS.hotel, date: world.now().wall + 2 * HOUR })
    expect(world.state.serverOffsetMs).toBe(0)
  })
})
