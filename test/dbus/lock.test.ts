/** The lock of a Linux desktop, heard on a real message bus from played services. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Listening, listen, WAIT } from './listening.ts'
import { NO_DAEMON, type PrivateBus, startBus } from './private-bus.ts'
import { join, playLogin, playSaver, playShell, SAVER_NAMES, type Way } from './services.ts'

/** Long enough for a wrong report to have come: the rule's own 300 ms, and some, ms. */
const QUIET_MS = 500

const TITLE = `a Linux desktop on a real bus${NO_DAEMON === null ? '' : ` (${NO_DAEMON})`}`

interface Buses extends AsyncDisposable {
  readonly system: PrivateBus
  readonly session: PrivateBus
  readonly env: Readonly<Record<string, string>>
}

async function startBuses(): Promise<Buses> {
  const [system, session] = await Promise.all([startBus(), startBus()])
  return {
    ...{ system, session },
    env: { DBUS_SYSTEM_BUS_ADDRESS: system.address, DBUS_SESSION_BUS_ADDRESS: session.address },
    async [Symbol.asyncDispose]() {
      await Promise.all([system[Symbol.asyncDispose](), session[Symbol.asyncDispose]()])
    },
  }
}

async function hears(listening: Listening, all: readonly string[]): Promise<void> {
  await expect.poll(() => listening.heard, { ...WAIT, message: listening.log() }).toEqual(all)
}

/** Waits for reports that must not come. */
async function staysAt(listening: Listening, all: readonly string[]): Promise<void> {
  await sleep(QUIET_MS)
  expect(listening.heard).toEqual(all)
}

describe.skipIf(NO_DAEMON !== null)(TITLE, () => {
  it('hears eight reports of one lock as one, three times over', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    const savers = await Promise.all(SAVER_NAMES.map((name) => playSaver(buses.session.address, name)))
    using listening = await listen(buses.env)
    expect(listening.desktop.watch()).toEqual({
      kind: 'desktop',
      watchers: expect.arrayContaining(['gnome', 'cinnamon', 'mate', 'xfce']) as unknown,
    })
    const all: string[] = []
    for (let round = 0; round < 3; round += 1) {
      login.signal('Lock')
      login.hint(true)
      for (const saver of savers) saver.say(true) // Six signals: one of them lives at two paths.
      all.push('locked')
      await hears(listening, all)
      // The unlock is spread, and each of them is only a part of it.
      login.signal('Unlock')
      login.hint(false)
      for (const saver of savers) {
        await sleep(40)
        saver.say(false)
      }
      all.push('unlocked')
      await hears(listening, all)
    }
    await staysAt(listening, all)
  })

  it('takes the blank screen of GNOME for no lock once the session has set its hint', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    const gnome = await playSaver(buses.session.address, 'org.gnome.ScreenSaver')
    const proxy = await playSaver(buses.session.address, 'org.freedesktop.ScreenSaver', { refuses: true })
    using listening = await listen(buses.env)
    expect(listening.desktop.watch()).toEqual({ kind: 'desktop', watchers: ['gnome'] })
    gnome.say(true) // Just before the hint.
    login.hint(true)
    await hears(listening, ['locked'])
    login.hint(false)
    gnome.say(false)
    await hears(listening, ['locked', 'unlocked'])
    gnome.say(true)
    proxy.say(true) // One that can't be asked is no source.
    await staysAt(listening, ['locked', 'unlocked'])
    login.hint(true)
    await hears(listening, ['locked', 'unlocked', 'locked'])
  })

  it('knows from the start that GNOME Shell sets the hint, so that its blank screen never was a lock', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    await playShell(buses.session.address)
    const gnome = await playSaver(buses.session.address, 'org.gnome.ScreenSaver')
    using listening = await listen(buses.env)
    gnome.say(true)
    await staysAt(listening, [])
    login.hint(true)
    await hears(listening, ['locked'])
  })

  it('takes the blank screen of GNOME for no lock when login1 restarts, or GNOME Shell ends', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    const shell = await playShell(buses.session.address)
    const gnome = await playSaver(buses.session.address, 'org.gnome.ScreenSaver')
    using listening = await listen(buses.env)
    gnome.say(true)
    await login.leave()
    await staysAt(listening, [])
    const again = await playLogin(buses.system.address)
    await shell.leave()
    await staysAt(listening, [])
    again.hint(true)
    await hears(listening, ['locked'])
  })

  it('keeps the lock while both buses die and come back, and hears the unlock after that', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    await playSaver(buses.session.address, 'org.cinnamon.ScreenSaver')
    using listening = await listen(buses.env)
    login.hint(true)
    await hears(listening, ['locked'])
    await Promise.all([buses.system.kill(), buses.session.kill()])
    await sleep(100)
    await Promise.all([buses.system.start(), buses.session.start()])
    const again = await playLogin(buses.system.address, { sessions: [{ id: '2', locked: true }] })
    const saver = await playSaver(buses.session.address, 'org.cinnamon.ScreenSaver', { active: true })
    await expect.poll(() => listening.log().match(/bus connected/g)?.length, WAIT).toBe(4)
    await staysAt(listening, ['locked'])
    expect(saver.asked()).toBeGreaterThan(0)
    const watchers = ['cinnamon', 'login-service']
    expect(listening.desktop.watch()).toEqual({ kind: 'desktop', watchers })
    again.hint(false)
    await staysAt(listening, ['locked'])
    saver.say(false)
    await hears(listening, ['locked', 'unlocked'])
  })

  it('asks again after a lost bus: what was unlocked meanwhile is unlocked', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    using listening = await listen(buses.env)
    login.hint(true)
    await hears(listening, ['locked'])
    await buses.system.kill()
    await staysAt(listening, ['locked'])
    await buses.system.start()
    await playLogin(buses.system.address)
    await hears(listening, ['locked', 'unlocked'])
  })

  it('waits for a desktop service that restarts while locked', async () => {
    await using buses = await startBuses()
    const first = await playSaver(buses.session.address, 'org.mate.ScreenSaver')
    using listening = await listen(buses.env)
    first.say(true)
    await hears(listening, ['locked'])
    await first.leave()
    await staysAt(listening, ['locked'])
    const second = await playSaver(buses.session.address, 'org.mate.ScreenSaver', { active: true })
    await staysAt(listening, ['locked'])
    second.say(false)
    await hears(listening, ['locked', 'unlocked'])
  })

  it('finds buses and services that come later', async () => {
    await using buses = await startBuses()
    await Promise.all([buses.system.kill(), buses.session.kill()])
    using listening = await listen(buses.env)
    expect(listening.desktop.watch()).toEqual({ kind: 'poll', why: 'no-session-bus' })
    await Promise.all([buses.system.start(), buses.session.start()])
    await expect
      .poll(() => listening.desktop.watch(), WAIT)
      .toEqual({ kind: 'poll', why: 'no-lock-reported' })
    const xfce = await playSaver(buses.session.address, 'org.xfce.ScreenSaver')
    await expect.poll(() => listening.desktop.watch(), WAIT).toEqual({ kind: 'desktop', watchers: ['xfce'] })
    xfce.say(true)
    await hears(listening, ['locked'])
    xfce.say(false)
    await hears(listening, ['locked', 'unlocked'])
    const login = await playLogin(buses.system.address, { sessions: [] })
    login.addSession({ id: '7', locked: true })
    // The only session, but not what any of the ways leads to at first: found in the list.
    await hears(listening, ['locked', 'unlocked', 'found locked'])
    await xfce.leave()
    await expect
      .poll(() => listening.desktop.watch(), WAIT)
      .toEqual({ kind: 'desktop', watchers: ['login-service'] })
  })

  it.each<readonly Way[]>([['id'], ['auto'], ['pid'], ['display'], ['list']])(
    'finds its login session by %s alone',
    async (way) => {
      await using buses = await startBuses()
      const other = { id: '1', uid: 12_345, locked: true, active: false }
      const greeter = { id: '5', kind: 'greeter', locked: true }
      const login = await playLogin(buses.system.address, {
        sessions: [{ id: '2' }, other, greeter],
        ways: [way],
      })
      using listening = await listen({ ...buses.env, XDG_SESSION_ID: '2' })
      // Everybody is told of everybody's sessions.
      login.hint(false, '1')
      login.hint(true, '1')
      login.signal('Lock', '1')
      login.active(true, '1')
      login.active(false, '1')
      login.signal('Lock', '5')
      await staysAt(listening, [])
      login.hint(true)
      await hears(listening, ['locked'])
    },
  )

  it('takes no session of another user for its own, whatever the environment says', async () => {
    await using buses = await startBuses()
    const other = { id: '1', uid: 12_345, locked: true }
    // A service manager's own session is ours, but nobody sits in front of it.
    const manager = { id: '9', kind: 'manager', locked: true }
    await playLogin(buses.system.address, { sessions: [{ id: '2' }, other, manager] })
    for (const { id } of [other, manager]) {
      using listening = await listen({ ...buses.env, XDG_SESSION_ID: id })
      expect(listening.log()).toContain('/session/_32')
      expect(listening.heard).toEqual([])
    }
  })

  it.each([
    ['a terminal', { type: 'tty', active: false }],
    ['a closing desktop', { state: 'closing', active: false }],
  ])("takes its desktop's session before that of %s which the environment names", async (_, wrong) => {
    await using buses = await startBuses()
    const ways: readonly (readonly Way[] | undefined)[] = [undefined, ['id', 'list']]
    for (const some of ways) {
      const login = await playLogin(buses.system.address, {
        sessions: [{ id: '2' }, { id: '9', ...wrong }],
        ...(some === undefined ? {} : { ways: some }),
      })
      using listening = await listen({ ...buses.env, XDG_SESSION_ID: '9' })
      expect(listening.desktop.away()).toBe(false)
      login.hint(true)
      await hears(listening, ['locked'])
      await login.leave()
    }
  })

  it.each(['tty', 'wayland'])(
    "takes a %s session that comes after a terminal's for better, if it is",
    async (type) => {
      await using buses = await startBuses()
      const login = await playLogin(buses.system.address, { sessions: [{ id: '9', type: 'tty' }] })
      using listening = await listen({ ...buses.env, XDG_SESSION_ID: '9' })
      login.addSession({ id: '2', type })
      await staysAt(listening, [])
      login.hint(true, type === 'tty' ? '9' : '2')
      await hears(listening, ['locked'])
    },
  )

  it('believes only the service itself, also when a forged signal is sent straight to us', async () => {
    await using buses = await startBuses()
    await playLogin(buses.system.address)
    const mate = await playSaver(buses.session.address, 'org.mate.ScreenSaver')
    using listening = await listen(buses.env)
    const forger = await join(buses.session.address)
    const everybody = (await forger.listNames()).filter((name) => name.startsWith(':'))
    for (const destination of everybody) {
      forger.connection.message({
        ...{ type: 4, serial: forger.serial++, destination, path: '/org/mate/ScreenSaver' },
        ...{ interface: 'org.mate.ScreenSaver', member: 'ActiveChanged', signature: 'b', body: [true] },
      })
    }
    await staysAt(listening, [])
    mate.say(true)
    await hears(listening, ['locked'])
    await forger.close()
  })

  it('hears light-locker by the greeter that comes in front', async () => {
    await using buses = await startBuses()
    const login = await playLogin(buses.system.address)
    using listening = await listen(buses.env)
    login.signal('Lock')
    login.active(false)
    await hears(listening, ['lock-requested', 'switched'])
    login.active(true)
    await hears(listening, ['lock-requested', 'switched', 'back', 'used'])
  })

  it('knows at once that the app starts while the screen is locked', async () => {
    await using buses = await startBuses()
    await playLogin(buses.system.address, { sessions: [{ id: '2', locked: true }] })
    using listening = await listen(buses.env)
    expect(listening.desktop.away()).toBe(true)
    expect(listening.heard).toEqual(['found locked'])
  })

  it('takes what login1 tells late for what stood before', async () => {
    await using buses = await startBuses()
    using listening = await listen(buses.env)
    expect(listening.desktop.away()).toBe(false)
    await playLogin(buses.system.address, { sessions: [{ id: '2', locked: true, active: false }] })
    await hears(listening, ['found locked', 'found switched'])
  })

  it('takes the lock of a short outage for one, and that of a saver which starts in order to lock', async () => {
    await using buses = await startBuses()
    await playLogin(buses.system.address)
    using listening = await listen(buses.env)
    await buses.system.kill()
    await buses.system.start()
    const login = await playLogin(buses.system.address, { sessions: [{ id: '2', locked: true }] })
    await hears(listening, ['locked'])
    login.hint(false)
    await hears(listening, ['locked', 'unlocked'])
    await playSaver(buses.session.address, 'org.cinnamon.ScreenSaver', { active: true })
    await hears(listening, ['locked', 'unlocked', 'locked'])
  })

  it('starts no service by asking for it', async () => {
    await using buses = await startBuses()
    const { system, session, env } = buses
    const started = [
      ...SAVER_NAMES.map((name) => session.activatable(name)),
      ...['org.gnome.SessionManager', 'org.gnome.Shell'].map((name) => session.activatable(name)),
      system.activatable('org.freedesktop.login1'),
    ]
    const trap = session.activatable('org.example.Trap')
    using listening = await listen(env)
    const lifecycle = { onQuit: () => undefined, endSession: () => undefined }
    listening.desktop.answerSessionEnd(lifecycle)
    // The trap works: a bus starts what is called.
    const caller = await join(session.address)
    await caller.invokeDbus({ member: 'ReloadConfig' })
    const starting = caller.startServiceByName('org.example.Trap', 0).catch(() => undefined)
    await expect.poll(trap, WAIT).toBe(true)
    caller.connection.stream.destroy() // The bus would answer after 25 s only.
    await starting
    expect(started.map((has) => has())).toEqual(started.map(() => false))
    expect(listening.desktop.watch()).toEqual({ kind: 'poll', why: 'no-lock-reported' })
  })
})

describe('without any bus', () => {
  it('says so at once', async () => {
    using listening = await listen({ DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' })
    expect(listening.desktop.watch()).toEqual({ kind: 'poll', why: 'no-session-bus' })
    expect(listening.desktop.away()).toBe(false)
    expect(listening.heard).toEqual([])
  })
})
