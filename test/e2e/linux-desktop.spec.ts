/** The built app on a Linux desktop that is played on real message buses: locks, a bus that dies, and the session's end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_DAEMON, type PrivateBus, startBus } from '../dbus/private-bus.ts'
import {
  type LoginService,
  type ManagerService,
  playLogin,
  playSaver,
  playSessionManager,
  SAVER_NAMES,
  type SaverService,
} from '../dbus/services.ts'
import { type Desk, NEEDS_STAND_IN, setUpDesk } from './desk.ts'
import { NO_BUS } from './driver.ts'

/** Long enough for a request that must not be made, ms. */
const QUIET_MS = 1_000
/** What a departure at the session's end may take, what a crowded machine takes on top, and what a user's quit may take, ms. */
const SESSION_END = { limitMs: 3_500, slackMs: 2_500, quitMs: 5_000 } as const

const SKIPPED = NO_DAEMON ?? (NEEDS_STAND_IN ? 'needs the stand-in' : null)

describe.skipIf(SKIPPED !== null)(`a Linux desktop${SKIPPED === null ? '' : ` (${SKIPPED})`}`, () => {
  let system: PrivateBus
  let session: PrivateBus
  let login: LoginService
  let savers: readonly SaverService[]
  let manager: ManagerService
  let desk: Desk

  async function playDesktop(locked: boolean): Promise<void> {
    login = await playLogin(system.address, { sessions: [{ id: '2', locked }] })
    savers = await Promise.all(
      SAVER_NAMES.map((name) => playSaver(session.address, name, { active: locked })),
    )
    manager = await playSessionManager(session.address)
  }

  function everybodySays(locked: boolean): void {
    login.signal(locked ? 'Lock' : 'Unlock')
    login.hint(locked)
    for (const saver of savers) saver.say(locked)
  }

  async function setBusy(): Promise<void> {
    const known = desk.log().split('"presence write ended"').length
    await desk.press('Busy, in a call')
    await desk.until(() => desk.held().includes('Busy/InACall'), 'the set')
    await desk.until(() => desk.log().split('"presence write ended"').length > known, "the set's answer")
  }

  async function detailsSay(text: RegExp): Promise<void> {
    const page = await desk.app.window()
    const details = page.locator('details', { hasText: 'How a lock is noticed' })
    if ((await details.getAttribute('open')) === null) await details.locator('summary').click()
    await desk.shows(text)
  }

  /** Whether something can be set, which is refused to somebody who is away. */
  async function busy(): Promise<'enabled' | 'disabled'> {
    const button = (await desk.app.window()).getByRole('button', { name: 'Busy, in a call' })
    return (await button.isDisabled()) ? 'disabled' : 'enabled'
  }

  /** When the app last logged an event, ms. */
  function logged(event: string): number {
    const line = desk
      .log()
      .split('\n')
      .findLast((each) => each.includes(`"event":"${event}"`))
    return Date.parse(/"time":"([^"]+)"/.exec(line ?? '')?.[1] ?? '')
  }

  const clears = (): number => desk.kinds().filter((kind) => kind === 'clear').length

  beforeAll(async () => {
    ;[system, session] = await Promise.all([startBus(), startBus()])
    await playDesktop(false)
    desk = await setUpDesk({
      platform: 'linux',
      env: {
        DBUS_SYSTEM_BUS_ADDRESS: system.address,
        DBUS_SESSION_BUS_ADDRESS: session.address,
        XDG_SESSION_ID: '2',
        XDG_CURRENT_DESKTOP: 'KDE',
        DESKTOP_AUTOSTART_ID: 'started-by-the-session',
      },
    })
    await desk.signIn()
    await desk.says(/^On\./)
  })
  afterAll(async () => {
    await desk[Symbol.asyncDispose]()
    await Promise.all([system[Symbol.asyncDispose](), session[Symbol.asyncDispose]()])
  })

  it('says by what a lock is noticed', async () => {
    await detailsSay(/Told by [^.]*GNOME[^.]*, and checked every 15 seconds/)
    expect(manager.clients).toEqual(['clear-presence started-by-the-session'])
  })

  it('clears exactly once for eight reports of one lock', async () => {
    await setBusy()
    everybodySays(true)
    await desk.until(() => desk.held().length === 0, 'the clear')
    await sleep(QUIET_MS)
    expect(desk.kinds()).toEqual(['set', 'clear'])
    await desk.says(/^Cleared .* when you locked/)
    everybodySays(false)
    await desk.until(() => desk.log().includes('"locked":false'), 'the unlock')
  })

  it('clears at once when another user comes to the front', async () => {
    await setBusy()
    const before = clears()
    login.active(false)
    await desk.until(() => desk.held().length === 0, 'the clear')
    await desk.says(/^Cleared /)
    expect(await busy()).toBe('disabled')
    login.active(true)
    await desk.until(async () => (await busy()) === 'enabled', 'the return')
    expect(clears()).toBe(before + 1)
    expect(desk.log()).toContain('"departure":"user-switch"')
  })

  it('changes nothing when both buses die while it is locked, and come back', async () => {
    await setBusy()
    const before = clears()
    everybodySays(true)
    await desk.until(() => clears() === before + 1, 'the clear')
    await Promise.all([system.kill(), session.kill()])
    // Another program's call, set while nobody is there to see: a false unlock, and the lock after it, would end it.
    desk.otherProgramCalls()
    const connected = desk.log().split('"bus connected"').length
    await sleep(200)
    await Promise.all([system.start(), session.start()])
    await playDesktop(true)
    await desk.until(
      () => desk.log().split('"bus connected"').length >= connected + 2,
      'both buses connected',
    )
    await sleep(QUIET_MS)
    expect(clears()).toBe(before + 1)
    expect(desk.held()).toEqual(['Busy/InACall'])
    const unlocks = desk.log().split('"locked":false').length
    everybodySays(false)
    await desk.until(() => desk.log().split('"locked":false').length > unlocks, 'the unlock')
    everybodySays(true)
    await desk.until(() => desk.held().length === 0, 'the clear of the next lock')
    everybodySays(false)
  })

  it('answers the query at once, and the end of the session when its clear is settled', async () => {
    await desk.until(() => manager.clients.length === 1, 'the registration at the new session manager')
    await desk.until(async () => (await busy()) === 'enabled', 'the return')
    await setBusy()
    const before = clears()
    manager.say('QueryEndSession')
    await desk.until(() => manager.answers.length === 1, 'the answer to the query')
    manager.say('CancelEndSession')
    await sleep(QUIET_MS)
    expect(clears()).toBe(before)
    manager.say('QueryEndSession')
    manager.say('EndSession')
    expect(await desk.app.exit).toBe(0)
    expect(manager.answers.map(({ ok }) => ok)).toEqual([true, true, true])
    expect(desk.held()).toEqual([])
    expect(clears()).toBe(before + 1)
    const inOrder = desk.log().match(/"(reported","data":.{9}leaving|clear settled|session end answered)/g)
    expect(inOrder?.slice(-3).map((line) => line.slice(1, 9))).toEqual(['reported', 'clear se', 'session '])
    expect(desk.log()).toContain('"departure":"log-off"')
  })

  it('answers within its time when Graph never does', async () => {
    await desk.start()
    await desk.says(/^(On\.|Cleared )/)
    await desk.until(() => manager.clients.length === 2, 'the registration')
    await setBusy()
    desk.simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'stall' },
      times: 'until-removed',
    })
    const answers = manager.answers.length
    const start = performance.now()
    manager.say('EndSession')
    expect(await desk.app.exit).toBe(0)
    expect(manager.answers).toHaveLength(answers + 1)
    const took = (manager.answers.at(-1)?.at ?? 0) - start
    expect(took).toBeGreaterThan(SESSION_END.limitMs - 500)
    expect(took).toBeLessThan(SESSION_END.limitMs + SESSION_END.slackMs)
    desk.simulator.removeAllFaults()
  })

  it("answers within the session's time, not the quit's, when the user was quitting", async () => {
    await desk.start()
    await desk.says(/^(On\.|Cleared )/)
    await desk.until(() => manager.clients.length === 3, 'the registration')
    await setBusy()
    desk.simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'stall' },
      times: 'until-removed',
    })
    await desk.app.tray.choose('quit').catch(() => undefined)
    await sleep(100)
    const answers = manager.answers.length
    manager.say('EndSession')
    expect(await desk.app.exit).toBe(0)
    expect(manager.answers).toHaveLength(answers + 1)
    // By the app's own clock, which a crowded machine delays as a whole. The order of its timers: test/platform.
    const took = logged('session end answered') - logged('quit begins')
    expect(took).toBeGreaterThan(SESSION_END.limitMs - 500)
    expect(took).toBeLessThan(SESSION_END.quitMs - 300)
    expect(desk.log()).toContain('"departure":"log-off","deadlineMs":3500')
    desk.simulator.removeAllFaults()
  })

  it('starts away while the screen is locked, and comes back at the unlock', async () => {
    everybodySays(true)
    const settled = desk.settlements().length
    await desk.start()
    await desk.until(() => desk.settlements().length > settled, 'the clear of what the last run left')
    expect(desk.held()).toEqual([])
    expect(await busy()).toBe('disabled')
    everybodySays(false)
    await desk.until(async () => (await busy()) === 'enabled', 'the return')
    expect(await desk.app.quit()).toBe(0)
  })

  it('runs without any bus, and says so', async () => {
    await desk.start({ env: NO_BUS })
    await desk.says(/^(On\.|Cleared |Checked )/)
    await detailsSay(/No connection to the desktop \(D-Bus\)\. Checked every 15 seconds/)
    await setBusy()
    await desk.lock() // The poll is the net under all of it.
    await desk.until(() => desk.held().length === 0, 'the clear')
  })
})
