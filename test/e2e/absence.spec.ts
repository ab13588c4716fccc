/** Absences as people live them: several departures in one, wakes in a bag, kills, a late set, and a sign-out offline. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Desk, NEEDS_STAND_IN, setUpDesk } from './desk.ts'

const MINUTE = 60_000
/** Long enough for the app to get a token, look at the screen, and try whatever it thinks it owes, ms. */
const A_LOOK = 45_000
/** A set or renewal without an answer can take effect for 10 s; a little more, ms. */
const NO_SET_CAN_COME = 11_000
const LOCKED = { env: { SPEC_IDLE_STATE: 'locked' } } as const

async function signedIn(platform: 'win32' | 'darwin' | 'linux'): Promise<Desk> {
  const desk = await setUpDesk({ platform })
  await desk.signIn()
  await desk.says(/^On\./)
  return desk
}

/** The desk of the running suite, and what reached Graph since the last mark. */
function watched(platform: 'win32' | 'darwin' | 'linux') {
  let desk: Desk | undefined
  let kinds = 0
  let settled = 0
  beforeAll(async () => {
    desk = await signedIn(platform)
  })
  afterAll(() => desk?.[Symbol.asyncDispose]())
  const now = (): Desk => {
    if (desk === undefined) throw new Error('the desk was not set up')
    return desk
  }
  return {
    get desk() {
      return now()
    },
    mark() {
      kinds = now().kinds().length
      settled = now().settlements().length
    },
    /** Kinds of the writes since the mark. */
    kinds: () => now().kinds().slice(kinds),
    settlements: () => now().settlements().slice(settled),
    /** Waits until the clear since the mark is answered and known. */
    async cleared() {
      await now().until(() => now().settlements().length > settled, 'the clear')
      expect(now().settlements().slice(settled)).toEqual(['cleared'])
      expect(now().held()).toEqual([])
    },
    /** Another program calls from now on; whatever the app sends from now on counts. */
    call() {
      now().otherProgramCalls()
      this.mark()
    },
    /** The call goes on, and nothing was sent since the mark. */
    untouched() {
      expect(this.kinds()).toEqual([])
      expect(now().held()).toEqual(['Busy/InACall'])
    },
  }
}

async function setBusy(desk: Desk): Promise<void> {
  const answers = (): number => desk.log().split('"presence write ended"').length
  const known = answers()
  await desk.press('Busy, in a call')
  await desk.until(() => answers() > known && desk.held().includes('Busy/InACall'), "the set's answer")
}

/** Waits until the app that has just been started knows who is signed in and has had its chance to send. */
async function looksAround(desk: Desk): Promise<void> {
  await desk.app.window()
  await desk.until(async () => !(await desk.sentence()).startsWith('Sign'), 'the account')
  await desk.advance(A_LOOK)
}

/** The machine wakes, and the user comes to it `ms` later. */
async function wakesAndIsUsed(desk: Desk, ms: number): Promise<void> {
  await desk.app.power('resume')
  await desk.advance(ms)
  await desk.app.setIdle({ seconds: 0 })
  await desk.advance(15_000)
}

/** Lock, sleep and shutdown, as fast as they can come, while the clear's answer takes its time. */
async function everythingAtOnce(desk: Desk): Promise<number> {
  desk.simulator.inject({
    match: { path: 'clearPresence' },
    fault: { type: 'latency', ms: 700, where: 'answer' },
  })
  const start = performance.now()
  await desk.lock()
  await desk.app.power('suspend')
  // The process may be gone before it can answer; how it ended is looked at.
  await desk.app.power('shutdown').catch(() => undefined)
  expect(await desk.app.exit).toBe(0)
  return performance.now() - start
}

/** A call, and everything at once: one request ends it. */
async function isOneRequest(at: ReturnType<typeof watched>): Promise<void> {
  const { desk } = at
  await setBusy(desk)
  at.mark()
  expect(await everythingAtOnce(desk)).toBeLessThan(10_000)
  await at.cleared()
  expect(at.kinds()).toEqual(['clear'])
}

describe.skipIf(NEEDS_STAND_IN)('one absence on a Mac', () => {
  const at = watched('darwin')

  it('a user switch and the lock that comes with it are one departure', async () => {
    const { desk } = at
    at.call()
    await desk.app.power('user-did-resign-active')
    await at.cleared()
    at.call()
    await desk.app.power('lock-screen')
    await desk.advance(MINUTE)
    // This user is in front of the machine again, and has not unlocked yet.
    await desk.app.power('user-did-become-active')
    await desk.app.power('suspend')
    await desk.app.power('resume')
    await desk.advance(MINUTE)
    at.untouched()
    await desk.unlock()
    await desk.advance(A_LOOK)
    at.untouched()
    // It was a return: the next switch is a departure of its own.
    await desk.app.power('user-did-resign-active')
    await at.cleared()
    await desk.app.power('user-did-become-active')
  })

  it('a wake in the bag is no return: locked, asleep, awake without input, asleep again', async () => {
    const { desk } = at
    at.call()
    await desk.lock()
    await at.cleared()
    at.call()
    for (let wake = 0; wake < 2; wake += 1) {
      await desk.app.setIdle({ seconds: 3_600 })
      await desk.app.power('suspend')
      await desk.advance(10 * MINUTE, MINUTE)
      await desk.app.power('resume')
      await desk.advance(2 * MINUTE)
    }
    await desk.app.power('suspend')
    at.untouched()
    await desk.app.power('resume')
    await desk.unlock()
    await desk.advance(A_LOOK)
    at.untouched()
  })

  it('the lid closed without a lock: input after the wake is the return, the wake alone is not', async () => {
    const { desk } = at
    at.call()
    await desk.app.setIdle({ seconds: 60 })
    await desk.app.power('suspend')
    await at.cleared()
    at.call()
    await desk.advance(MINUTE)
    await desk.app.setIdle({ seconds: 3_600 })
    await desk.app.power('resume')
    await desk.advance(MINUTE)
    await desk.app.power('suspend')
    await desk.advance(MINUTE)
    at.untouched()
    await wakesAndIsUsed(desk, MINUTE)
    at.untouched()
    await desk.app.power('suspend')
    await at.cleared()
    expect(at.kinds()).toEqual(['clear'])
    await wakesAndIsUsed(desk, 0)
  })

  it('lock, sleep and shutdown within a second are one request', () => isOneRequest(at))
})

describe.skipIf(NEEDS_STAND_IN)('killed on Linux, in the middle of a call', () => {
  const at = watched('linux')

  it('of its own: adopted and renewed when the user is still there', async () => {
    const { desk } = at
    await setBusy(desk)
    await desk.shows(/Busy, in a call, until you leave/)
    at.mark()
    await desk.restart()
    await desk.until(() => at.kinds().length > 0, 'the renewal')
    await desk.advance(A_LOOK)
    expect(at.kinds()).toEqual(['set'])
    expect(desk.sent().at(-1)).toBe('renew')
    expect(desk.held()).toEqual(['Busy/InACall'])
    await desk.shows(/Busy, in a call, until you leave/)
  })

  it('of its own: cleared when the screen is locked by then', async () => {
    const { desk } = at
    at.mark()
    await desk.restart(LOCKED)
    await at.cleared()
    await desk.unlock()
    await desk.advance(A_LOOK)
    expect(at.kinds()).toEqual(['clear'])
  })

  it('of another program: left alone, the user being there, locked or just back', async () => {
    const { desk } = at
    at.call()
    await desk.restart()
    await looksAround(desk)
    at.untouched()
    await desk.restart(LOCKED)
    await looksAround(desk)
    at.untouched()
    await desk.unlock()
    await desk.advance(A_LOOK)
    at.untouched()
    // It still does its work.
    await desk.lock()
    await at.cleared()
    await desk.unlock()
  })

  it('what another machine wrote is handed on and never sent: its call, and the clear that it owes', async () => {
    const { desk } = at
    await setBusy(desk)
    desk.simulator.offline(true)
    await desk.lock()
    await desk.says(/^Not cleared/)
    process.kill(desk.app.pid, 'SIGKILL')
    await desk.app.exit
    const file = join(desk.app.userDataDir, 'registry.json')
    const machines = (): { machineId: string; records: { own: unknown; due: unknown }[] }[] =>
      (JSON.parse(readFileSync(file, 'utf8')) as { machines: ReturnType<typeof machines> }).machines
    const [mine] = machines()
    expect(mine?.records).toMatchObject([{ own: { pair: 'Busy/InACall' }, due: { departure: 'lock' } }])
    const theirs = { ...mine, machineId: 'f'.repeat(64) }
    writeFileSync(file, JSON.stringify({ version: 1, machines: [theirs] }))

    desk.simulator.offline(false)
    at.mark()
    await desk.start(LOCKED)
    await looksAround(desk)
    at.untouched()
    await desk.restart()
    await looksAround(desk)
    at.untouched()
    const page = await desk.app.window()
    expect(await page.innerText('body')).toContain('Nothing set from this app')
    expect(machines()).toHaveLength(2)
    expect(machines().find(({ machineId }) => machineId === theirs.machineId)).toEqual(theirs)
    await desk.advance(16 * MINUTE, MINUTE)
    expect(at.kinds()).toEqual([])
    expect(desk.held()).toEqual([])
  })

  it('lock, sleep and shutdown within a second are one request', () => isOneRequest(at))
})

describe.skipIf(NEEDS_STAND_IN)('on Windows', () => {
  const at = watched('win32')

  it('a set that takes effect after the first clear leaves nothing behind', async () => {
    const { desk } = at
    at.mark()
    desk.simulator.inject({ match: { path: 'setPresence' }, fault: { type: 'latency', ms: 4_000 } })
    await desk.press('Busy, in a call')
    await desk.until(() => at.kinds().includes('set'), 'the set')
    await desk.lock()
    await desk.until(() => desk.writes().at(-1)?.status === 404, 'the first clear, which finds nothing')
    await desk.until(() => desk.held().length === 1, 'the late set')
    await desk.advance(NO_SET_CAN_COME)
    await at.cleared()
    await desk.advance(2 * MINUTE)
    expect(at.kinds()).toEqual(['set', 'clear', 'clear'])
    await desk.unlock()
  })

  it('nor does a set that took effect and whose answer was lost', async () => {
    const { desk } = at
    const lost = desk.simulator.inject({
      match: { path: 'setPresence' },
      fault: { type: 'lost-answer' },
      times: 'until-removed',
    })
    await desk.press('Busy, in a call')
    await desk.until(() => desk.held().length === 1, 'the set')
    await desk.lock()
    await desk.until(() => desk.held().length === 0, 'the clear')
    desk.simulator.removeFault(lost)
    // As if a copy of the set had taken its time on the way.
    at.call()
    await desk.advance(NO_SET_CAN_COME)
    await at.cleared()
    await desk.advance(2 * MINUTE)
    expect(at.kinds()).toEqual(['clear'])
    await desk.unlock()
  })

  it('a user switch is a lock that only the poll sees; an event that follows is the same one', async () => {
    const { desk } = at
    at.call()
    await desk.app.setIdle({ state: 'locked' })
    await desk.advance(15_000)
    await at.cleared()
    at.call()
    await desk.app.power('lock-screen')
    await desk.advance(MINUTE)
    await desk.unlock()
    await desk.advance(A_LOOK)
    at.untouched()
    // And back again without any event.
    await desk.app.setIdle({ state: 'locked' })
    await desk.advance(15_000)
    await at.cleared()
    at.call()
    await desk.app.setIdle({ state: 'active' })
    await desk.advance(A_LOOK)
    at.untouched()
    await desk.lock()
    await at.cleared()
    await desk.unlock()
  })

  // A sign-out whose clear can't be sent.
  const tokens = (): boolean => existsSync(join(at.desk.app.userDataDir, 'tokens.bin'))

  async function signsOutOffline(): Promise<void> {
    const { desk } = at
    at.call()
    desk.simulator.offline(true)
    await desk.press('Sign out')
    await desk.says(/^Not signed out yet\. Not cleared/)
    expect(tokens()).toBe(true)
  }

  async function signsInAgain(): Promise<void> {
    await at.desk.signIn()
    await at.desk.says(/^On\./)
    await at.desk.until(tokens, 'the tokens on disk')
  }

  it('a sign-out offline keeps the tokens, also over a lock and the return, until the network is back', async () => {
    const { desk } = at
    await desk.until(tokens, 'the tokens on disk')
    await signsOutOffline()
    await desk.lock()
    await desk.unlock()
    await desk.says(/^Not signed out yet\. Not cleared/)
    expect(tokens()).toBe(true)
    await desk.online()
    await at.cleared()
    expect(at.kinds()).toEqual(['clear'])
    await desk.says(/^Sign in/)
    await desk.until(() => !tokens(), 'the end of the tokens')
  })

  it('a sign-out offline is given up by "Forget now": the tokens go at once, and nothing is sent later', async () => {
    const { desk } = at
    await signsInAgain()
    await signsOutOffline()
    await desk.press('Forget now')
    await desk.says(/^Sign in/)
    await desk.until(() => !tokens(), 'the end of the tokens')
    await desk.online()
    await desk.advance(2 * MINUTE)
    at.untouched()
    expect(at.settlements()).toEqual(['not-confirmed'])
  })

  it('a sign-out offline outlives the end of the app: the next start clears, and then the tokens go', async () => {
    const { desk } = at
    await signsInAgain()
    await signsOutOffline()
    await desk.app.tray.choose('quit').catch(() => undefined)
    expect(await desk.app.exit).toBe(0)
    expect(tokens()).toBe(true)
    at.untouched()
    await desk.start()
    await desk.says(/^Not signed out yet\. Not cleared/)
    await desk.online()
    await at.cleared()
    expect(at.kinds()).toEqual(['clear'])
    await desk.says(/^Sign in/)
    await desk.until(() => !tokens(), 'the end of the tokens')
  })

  it('a sign-out is finished by a quit that the answer still reaches: nobody is signed in at the next start', async () => {
    const { desk } = at
    await signsInAgain()
    at.call()
    desk.simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'latency', ms: 700, where: 'answer' },
    })
    await desk.press('Sign out')
    await desk.until(() => at.kinds().length === 1, 'the clear')
    await desk.app.tray.choose('quit').catch(() => undefined)
    expect(await desk.app.exit).toBe(0)
    // The quit is a departure of its own, and its own request finds nothing left.
    expect(at.kinds()).toEqual(['clear', 'clear'])
    expect(desk.held()).toEqual([])
    expect(at.settlements()).toEqual(['nothing-to-clear'])
    expect(tokens()).toBe(false)
    await desk.start()
    await desk.says(/^Sign in/)
  })
})

describe.skipIf(NEEDS_STAND_IN)('a clear that is on its way when the machine falls asleep', () => {
  it('does not arrive after a night, when the user is in a call at home', async () => {
    await using desk = await setUpDesk({ platform: 'linux' })
    await desk.signIn()
    await desk.says(/^On\./)
    // A network so slow that the connection is still being made when the machine sleeps; its timers sleep, too.
    desk.simulator.setDelay(2_000)
    desk.simulator.dropConnections('reset')
    await desk.app.power('suspend')
    await desk.app.advanceTime(8 * 3_600_000, { wallOnly: true })
    desk.otherProgramCalls()
    await desk.app.power('resume')
    await desk.until(() => desk.log().includes('presence write ended'), 'the end of the attempt')
    expect(desk.log()).toMatch(/presence write ended.*"failed":"(aborted|timeout)"/)
    expect(desk.kinds()).toEqual([])
    expect(desk.held()).toEqual(['Busy/InACall'])
  })
})
