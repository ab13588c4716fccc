/**
 * The main file of the tests beside it: the platform's own parts on Electron (or its stand-in), without the rest of
 * the app. Plays the scene that SCENE names and prints what happens, one line each.
 */
import { app, powerMonitor } from 'electron'
import type { Log } from '../../src/main/core/model.ts'
import { createClock } from '../../src/main/platform/clock.ts'
import { createIdlePoll } from '../../src/main/platform/departures/idle-poll.ts'
import { watchPower } from '../../src/main/platform/departures/power.ts'
import { quitDeparture } from '../../src/main/platform/departures/quit.ts'
import { claimInstance } from '../../src/main/platform/instance.ts'
import { createLifecycle } from '../../src/main/platform/lifecycle.ts'
import { createSecrets } from '../../src/main/platform/services/secrets.ts'
import { openSettings } from '../../src/main/platform/services/settings-store.ts'

const say = (...words: unknown[]): void => {
  process.stdout.write(
    `${words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' ')}\n`,
  )
}
const logged = (event: string): void => say('log', event)
const log: Log = { info: () => undefined, warn: logged, error: logged }
const kill = (signal: NodeJS.Signals): void => void process.kill(process.pid, signal)
/** A quit handler that only says that it was called. */
const saying =
  (...words: unknown[]) =>
  (...why: unknown[]): Promise<void> => {
    say(...words, ...why)
    return Promise.resolve()
  }
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const instance = claimInstance({ argv: process.argv, env: process.env })
const lifecycle = createLifecycle({ log })
const report = (event: object): void => say('report', event)
const poll = createIdlePoll({ clock: createClock(), log, report })

/** The user quits, and so much later the session ends. */
async function quitThenEnd(ms: number): Promise<void> {
  lifecycle.requestQuit()
  await pause(ms)
  lifecycle.endSession('log-off')
}

/** Plays what the platform's own events do; `emit` is the operating system. */
function power(...events: string[]): void {
  watchPower({
    platform: process.platform,
    report,
    onResume: () => poll.resumed(),
    endSession: lifecycle.endSession,
  })
  for (const event of events) powerMonitor.emit(event, { preventDefault: () => say('prevented', event) })
}

const SCENES: Record<string, () => unknown> = {
  'asked twice': () => {
    lifecycle.onQuit(async (...why) => {
      say('first', ...why)
      lifecycle.requestQuit()
      app.quit()
      await pause(200)
    })
    lifecycle.onQuit(saying('second'))
    lifecycle.requestQuit()
    say('returned')
  },
  signal: () => {
    lifecycle.onQuit(quitDeparture({ report, released: () => pause(50) }))
    kill('SIGTERM')
  },
  'handler rejects': () => {
    lifecycle.onQuit(() => Promise.reject(new Error('on purpose')))
    lifecycle.onQuit(saying('second'))
    app.quit()
  },
  'handler hangs': () => {
    lifecycle.onQuit(() => new Promise(() => undefined))
    app.quit()
  },
  'session end meanwhile': async () => {
    let deadlineMs = 0
    lifecycle.onQuit(
      quitDeparture({
        report: (event) => {
          report(event)
          if (event.type === 'leaving') deadlineMs = event.deadlineMs
        },
        // As the engine: at the departure's own deadline when nothing is answered.
        released: async (departure) => {
          await pause(deadlineMs)
          say('let go', departure)
        },
      }),
    )
    lifecycle.onQuit(saying('second'))
    await quitThenEnd(100)
    // 3.5 s after the session's end, which is before the quit's own 5.
    await pause(4_200)
    say('too late')
  },
  'session end meanwhile, handler hangs': async () => {
    lifecycle.onQuit(() => new Promise(() => undefined))
    await quitThenEnd(100)
    // 4 s after the session's end, which is before the quit's own 5.5.
    await pause(4_700)
    say('too late')
  },
  'signal meanwhile, handler hangs': async () => {
    lifecycle.onQuit(() => new Promise(() => undefined))
    lifecycle.requestQuit()
    await pause(100)
    kill('SIGTERM')
    await pause(4_700)
    say('too late')
  },
  'session end late in a quit': async () => {
    lifecycle.onQuit(() => new Promise(() => undefined))
    await quitThenEnd(3_000)
    // The quit's own 5.5 s, which are before 4 after the session's end.
    await pause(3_250)
    say('too late')
  },
  'quit hangs': () => {
    app.on('will-quit', (event) => event.preventDefault())
    app.quit()
  },
  impatient: async () => {
    lifecycle.onQuit(() => new Promise(() => say('handler')))
    kill('SIGINT')
    await pause(200)
    kill('SIGINT')
  },
  trouble: async () => {
    void Promise.reject(new Error('on purpose'))
    setTimeout(() => {
      throw new Error('on purpose')
    }, 1)
    await pause(300)
    say('alive')
    app.quit()
  },
  power: () => {
    const shared = ['suspend', 'resume']
    const own = {
      linux: ['lock-screen', 'shutdown'],
      darwin: [
        'lock-screen',
        'unlock-screen',
        'user-did-resign-active',
        'user-did-become-active',
        'shutdown',
      ],
      win32: ['lock-screen', 'unlock-screen', 'user-did-resign-active', 'shutdown'],
    }[process.platform as 'linux' | 'darwin' | 'win32']
    lifecycle.onQuit(saying('quit'))
    power(...shared, ...own)
    say(
      'first listened to',
      String(powerMonitor.eventNames().find((name) => !String(name).endsWith('Listener'))),
    )
    if (process.platform === 'win32') app.quit()
  },
  secrets: async () => {
    const secrets = createSecrets({ platform: process.platform, log })
    say(await secrets.status())
    const sealed = await secrets.encrypt('a secret').catch(() => null)
    say(sealed === null ? 'refused' : await secrets.decrypt(sealed))
    app.quit()
  },
  settings: () => {
    const open = (): ReturnType<typeof openSettings> =>
      openSettings({ folder: instance.userData, now: Date.now })
    const first = open()
    say(first.values, first.problems)
    say(first.save({ tenant: 'contoso.com', 'a.b': 1 }))
    say(first.save({ 'a.b': undefined, hidden: true }))
    say(open().values)
    app.quit()
  },
}

say('first', instance.first)
void lifecycle.whenReady().then(() => SCENES[process.env['SCENE'] ?? '']?.())
