/** The session manager of GNOME and MATE, played on a real message bus: what is answered when, and what is done. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CALL_TIMEOUT_MS } from '../../src/main/platform/dbus/link.ts'
import type { QuitHandler } from '../../src/main/platform/lifecycle.ts'
import { type Listening, listen, WAIT } from './listening.ts'
import { NO_DAEMON, startBus } from './private-bus.ts'
import { type ManagerService, playSessionManager } from './services.ts'

/** Long enough for what must not happen, ms. */
const QUIET_MS = 300

/** The life of a process, as far as the session manager has to do with it. */
interface Life {
  /** Departures that were begun. */
  readonly ended: string[]
  /** The clear has let go: the handlers run. */
  letGo(): Promise<void>
}

function live(listening: Listening): Life {
  const ended: string[] = []
  const handlers: QuitHandler[] = []
  listening.desktop.answerSessionEnd({
    onQuit: (handler) => void handlers.push(handler),
    endSession: (departure) => void ended.push(departure),
  })
  return {
    ended,
    async letGo() {
      for (const handler of handlers) await handler('system', 'log-off')
    },
  }
}

async function registered(manager: ManagerService, times = 1): Promise<void> {
  await expect.poll(() => manager.clients.length, WAIT).toBe(times)
  await sleep(50) // Until the answer, a client path, has arrived.
}

describe.skipIf(NO_DAEMON !== null)(
  `the end of a session${NO_DAEMON === null ? '' : ` (${NO_DAEMON})`}`,
  () => {
    it('answers a query at once, and nothing else comes of it', async () => {
      await using bus = await startBus()
      const manager = await playSessionManager(bus.address)
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      await registered(manager)
      expect(manager.clients).toEqual(['clear-presence '])
      manager.say('QueryEndSession')
      await expect.poll(() => manager.answers.map(({ ok }) => ok), WAIT).toEqual([true])
      manager.say('CancelEndSession')
      await sleep(QUIET_MS)
      expect(life.ended).toEqual([])
      expect(manager.answers).toHaveLength(1)
    })

    it('holds the answer to the end back until the clear has let go', async () => {
      await using bus = await startBus()
      const manager = await playSessionManager(bus.address)
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      await registered(manager)
      // A forced log-off: both in the same millisecond.
      manager.say('QueryEndSession')
      manager.say('EndSession')
      await expect.poll(() => life.ended, WAIT).toEqual(['log-off'])
      await sleep(QUIET_MS)
      expect(manager.answers).toHaveLength(1)
      await life.letGo()
      expect(manager.answers).toHaveLength(2)
    })

    it('answers at once when the app was already ending and its clear has let go', async () => {
      await using bus = await startBus()
      const manager = await playSessionManager(bus.address)
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      await registered(manager)
      await life.letGo()
      expect(manager.answers).toHaveLength(0)
      manager.say('EndSession')
      await expect.poll(() => manager.answers.length, WAIT).toBe(1)
    })

    it('quits at Stop', async () => {
      await using bus = await startBus()
      const manager = await playSessionManager(bus.address)
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      await registered(manager)
      manager.say('Stop')
      await expect.poll(() => life.ended, WAIT).toEqual(['log-off'])
    })

    it('answers a manager that has taken the registration in, but not answered it yet', async () => {
      await using bus = await startBus()
      const manager = await playSessionManager(bus.address, { busy: new Promise(() => undefined) })
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      await registered(manager)
      // Nobody knows yet whom this is for.
      manager.shout('EndSession')
      manager.say('QueryEndSession')
      await expect.poll(() => manager.answers.map(({ ok }) => ok), WAIT).toEqual([true])
      expect(life.ended).toEqual([])
      manager.say('EndSession')
      await expect.poll(() => life.ended, WAIT).toEqual(['log-off'])
      await life.letGo()
      expect(manager.answers).toHaveLength(2)
    })

    it('waits long for a manager that is busy at the log-in', async () => {
      await using bus = await startBus()
      const manager = await playSessionManager(bus.address, { busy: sleep(CALL_TIMEOUT_MS + 500) })
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      await registered(manager)
      await expect.poll(listening.log, WAIT).toMatch(/session manager (knows us|refused)/)
      expect(listening.log()).toContain(
        'session manager knows us {"client":"/org/gnome/SessionManager/Client1"}',
      )
      // Known by its path from now on, and nothing else is meant for us.
      manager.shout('EndSession')
      manager.say('QueryEndSession')
      await expect.poll(() => manager.answers.length, WAIT).toBe(1)
      expect(life.ended).toEqual([])
    })

    it('registers with a manager that comes later, restarts, or comes back with its bus', async () => {
      await using bus = await startBus()
      using listening = await listen({ DBUS_SESSION_BUS_ADDRESS: bus.address })
      const life = live(listening)
      const first = await playSessionManager(bus.address)
      await registered(first)
      await first.leave()
      const second = await playSessionManager(bus.address)
      await registered(second)
      await bus.kill()
      await bus.start()
      const third = await playSessionManager(bus.address)
      await registered(third)
      third.say('EndSession')
      await expect.poll(() => life.ended, WAIT).toEqual(['log-off'])
    })
  },
)
