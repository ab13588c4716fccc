/** One person, two machines: what the one that was left still sends never meets a call taken at the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Desk, type DeskOptions, NEEDS_STAND_IN, setUpDesk } from './desk.ts'

const MINUTE = 60_000
/** Long enough for the app to get a token, look at the screen, and try whatever it thinks it owes, ms. */
const A_LOOK = 45_000
const LOCKED = { env: { SPEC_IDLE_STATE: 'locked' } } as const

async function signedIn(options: DeskOptions): Promise<Desk> {
  const desk = await setUpDesk(options)
  await desk.signIn()
  await desk.says(/^On\./)
  return desk
}

/** The user leaves a call behind and locks; its clear is answered. */
async function leaves(office: Desk): Promise<void> {
  office.otherProgramCalls()
  const known = office.settlements().length
  await office.lock()
  await office.until(() => office.settlements().length > known, 'the clear')
  expect(office.settlements().at(-1)).toBe('cleared')
  expect(office.held()).toEqual([])
}

/** Waits until the app that has just been started knows who is signed in and has had its chance to send. */
async function looksAround(desk: Desk): Promise<void> {
  await desk.app.window()
  await desk.until(async () => !/^(Sign in|Signing)/.test(await desk.sentence()), 'the account')
  await desk.advance(A_LOOK)
}

/** Sleeps, wakes by itself, and sleeps again: the machine does what it likes while nobody is there. */
async function restlessNight(office: Desk): Promise<void> {
  await office.app.setIdle({ seconds: 3_600 })
  await office.app.power('suspend')
  await office.advance(9 * MINUTE)
  await office.app.power('resume')
  await office.advance(A_LOOK)
  await office.app.power('suspend')
  await office.advance(MINUTE)
  await office.app.power('resume')
  await office.advance(A_LOOK)
}

describe.skipIf(NEEDS_STAND_IN)('locked at the office, a call taken at home', () => {
  it('is never touched: a call that this app has set at home, with a lease that it renews', async () => {
    await using office = await signedIn({ platform: 'win32' })
    await leaves(office)
    const sent = office.sent()
    await using home = await signedIn({ platform: 'darwin', beside: office })
    await home.press('Busy, in a call')
    await home.until(() => home.log().includes('presence write ended'), "the set's answer")
    const untouched = (): void => {
      expect(office.sent()).toEqual(sent)
      expect(office.kinds().filter((kind) => kind === 'clear')).toHaveLength(1)
      expect(home.held()).toEqual(['Busy/InACall'])
    }

    await restlessNight(office)
    untouched()
    expect(home.sent()).toEqual(['set', 'renew'])
    await office.app.queryEndSession()
    await office.app.endSession()
    await home.advance(MINUTE)
    untouched()
    await office.start(LOCKED)
    await looksAround(office)
    untouched()
    // The user comes back to the office, with the call at home still going on.
    await office.unlock()
    await office.advance(A_LOOK)
    untouched()
    await office.restart()
    await looksAround(office)
    untouched()
    expect(office.settlements()).toEqual(['cleared'])
    // Had the office adopted or renewed it, it would not end with its own machine.
    process.kill(home.app.pid, 'SIGKILL')
    await home.app.exit
    await office.advance(16 * MINUTE, MINUTE)
    expect(office.sent()).toEqual(sent)
    expect(office.held()).toEqual([])
  })
})

describe.skipIf(NEEDS_STAND_IN)('locked at the office, and meanwhile a call of another program', () => {
  let office: Desk
  let sent: readonly string[]
  let settled: readonly string[]
  beforeAll(async () => {
    office = await signedIn({ platform: 'win32' })
  })
  afterAll(() => office[Symbol.asyncDispose]())

  const mark = (): void => {
    sent = office.sent()
    settled = office.settlements()
  }
  /** Nothing was sent since the mark, and the call elsewhere goes on. */
  const untouched = (): void => {
    expect(office.sent()).toEqual(sent)
    expect(office.held()).toEqual(['Busy/InACall'])
  }
  /** What was settled since the mark. */
  const settledSince = (): readonly string[] => office.settlements().slice(settled.length)
  /** How many clears reached Graph since `before`. */
  const clears = (): number => office.kinds().filter((kind) => kind === 'clear').length

  async function locksOffline(): Promise<void> {
    mark()
    office.simulator.offline(true)
    await office.lock()
    await office.says(/^Not cleared/)
  }

  it('nothing touches it while the machine sleeps and wakes by itself, nor at the return', async () => {
    await leaves(office)
    office.otherProgramCalls()
    mark()
    await restlessNight(office)
    untouched()
    await office.unlock()
    await office.advance(A_LOOK)
    untouched()
  })

  it('nothing touches it when the machine was shut down and starts with nobody at the lock', async () => {
    await leaves(office)
    office.otherProgramCalls()
    mark()
    await office.app.endSession()
    await office.advance(MINUTE)
    await office.start()
    await looksAround(office)
    untouched()
    expect(settledSince()).toEqual([])
  })

  it('offline at the lock: a reconnect after 15 minutes sends nothing, nor does the return', async () => {
    await locksOffline()
    await office.advance(16 * MINUTE)
    office.otherProgramCalls()
    mark()
    await office.online()
    await office.advance(2 * MINUTE)
    untouched()
    expect(office.settlements().at(-1)).toBe('not-confirmed')
    await office.unlock()
    await office.advance(A_LOOK)
    untouched()
  })

  it('offline at the lock: a reconnect within 15 minutes sends exactly one clear, and it hits (the limit)', async () => {
    await locksOffline()
    const before = clears()
    await office.advance(14 * MINUTE)
    office.otherProgramCalls()
    await office.online()
    await office.until(() => settledSince().length > 0, 'the answer')
    expect(settledSince()).toEqual(['cleared'])
    expect(office.held()).toEqual([])
    office.otherProgramCalls()
    mark()
    await office.advance(2 * MINUTE)
    untouched()
    expect(clears()).toBe(before + 1)
    await office.unlock()
  })

  it('offline at the lock, killed, started within 15 minutes while locked: exactly one clear', async () => {
    await locksOffline()
    const before = clears()
    await office.advance(5 * MINUTE)
    await office.restart(LOCKED)
    await looksAround(office)
    await office.advance(4 * MINUTE)
    await office.online()
    await office.until(() => settledSince().length > 0, 'the answer')
    expect(settledSince()).toEqual(['cleared'])
    expect(office.held()).toEqual([])
    expect(clears()).toBe(before + 1)
    await office.unlock()
  })

  it('offline at the lock, killed, started within 15 minutes: a further departure gives it no new time', async () => {
    await locksOffline()
    await office.advance(10 * MINUTE)
    await office.restart(LOCKED)
    await looksAround(office)
    await office.app.power('suspend')
    await office.advance(5 * MINUTE)
    office.otherProgramCalls()
    office.simulator.offline(false)
    mark()
    await office.app.power('resume')
    await office.advance(2 * MINUTE)
    untouched()
    expect(office.settlements().at(-1)).toBe('not-confirmed')
    await office.unlock()
  })

  it('offline at the lock, killed, started after 15 minutes while locked: nothing', async () => {
    await locksOffline()
    process.kill(office.app.pid, 'SIGKILL')
    await office.app.exit
    await office.advance(16 * MINUTE, 16 * MINUTE)
    office.otherProgramCalls()
    office.simulator.offline(false)
    mark()
    await office.start(LOCKED)
    await looksAround(office)
    untouched()
    expect(settledSince()).toEqual(['not-confirmed'])
    await office.unlock()
    await office.advance(A_LOOK)
    untouched()
  })

  it('offline at the lock, killed, started with the user there: dropped, and the history says so', async () => {
    await locksOffline()
    office.otherProgramCalls()
    office.simulator.offline(false)
    process.kill(office.app.pid, 'SIGKILL')
    await office.app.exit
    mark()
    await office.start()
    await looksAround(office)
    untouched()
    expect(settledSince()).toEqual(['not-confirmed'])
    await office.shows(/when you locked/)
  })
})
