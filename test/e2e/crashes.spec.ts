/** What crashes or is killed around the sender costs no clear: the app goes on, and what is owed goes out all the same. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ControlClient } from '../stand-in/control-client.ts'
import { type Desk, NEEDS_STAND_IN as REAL, setUpDesk } from './desk.ts'

/** On the stand-in a Mac, the one system with both an event for the lock and signals; on real Electron what is there. */
const PLATFORM = REAL ? {} : { platform: 'darwin' as const }
/** Real Electron on Linux has no event for the lock; the sleep goes the same way. */
const BY_SLEEP = REAL && process.platform === 'linux'
/** The poll looks every 2 s after a wake, ms. */
const SEEN_AFTER_WAKE_MS = 5_000

async function signedIn(env: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const desk = await setUpDesk({ ...PLATFORM, env })
  await desk.signIn()
  await desk.says(/^On\./)
  return desk
}

const count = (desk: Desk, event: string): number => desk.log().split(`"event":"${event}"`).length - 1
const registry = (desk: Desk): string => readFileSync(join(desk.app.userDataDir, 'registry.json'), 'utf8')

function stallClears(desk: Desk): void {
  desk.simulator.inject({
    match: { path: 'clearPresence' },
    fault: { type: 'stall' },
    times: 'until-removed',
  })
}

describe('with the app still running', () => {
  const folder = mkdtempSync(join(tmpdir(), 'presence-crashes-'))
  /** The stand-in's control, for when Playwright has lost its browser. */
  const controlFile = join(folder, 'control')
  let desk: Desk
  let power = (event: string): Promise<unknown> => desk.app.power(event)
  beforeAll(async () => {
    desk = await signedIn({ STAND_IN_CONTROL: controlFile })
  })
  afterAll(async () => {
    await desk[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const leave = (): Promise<unknown> => power(BY_SLEEP ? 'suspend' : 'lock-screen')

  /** The user leaves in the middle of another program's call, and comes back: one clear goes out, and is answered. */
  async function leaveACall(): Promise<void> {
    desk.otherProgramCalls()
    const before = desk.writes().length
    await leave()
    await desk.until(() => desk.held().length === 0, 'the clear')
    expect(desk.kinds().slice(before)).toEqual(['clear'])
    // The session ends a moment before its answer is on the way.
    await desk.until(() => desk.writes().at(-1)?.outcome === 'answered', 'the answer')
    expect(desk.writes().at(-1)).toMatchObject({ status: 200 })
    await power(BY_SLEEP ? 'resume' : 'unlock-screen')
    if (!BY_SLEEP) return
    await desk.app.setIdle({ seconds: 0 })
    await sleep(SEEN_AFTER_WAKE_MS)
  }

  /** As a second start of the app does it. */
  async function openWindow(): Promise<void> {
    await desk.app.electron.evaluate(({ app }) => {
      app.emit('second-instance', {}, [], '', { argv: [] })
    })
    await desk.says(/^(On|Cleared|Checked)/)
  }

  it('clears without a window, and so without a renderer', async () => {
    await desk.app.electron.evaluate(({ BrowserWindow }) => {
      for (const window of BrowserWindow.getAllWindows()) window.close()
    })
    await desk.until(async () => (await desk.app.windows()).count === 0, 'the end of the window')
    await leaveACall()
    await openWindow()
  })

  it('survives a crash of the renderer: clears, and opens the window anew', async () => {
    await desk.app.electron.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer()
    })
    await desk.until(() => count(desk, 'renderer gone') === 1, 'the crash')
    await desk.until(async () => (await desk.app.windows()).count === 0, 'the end of the blank window')
    await leaveACall()
    await openWindow()
  })

  it('survives an exception that nobody caught and a rejection that nobody handled', async () => {
    await desk.app.electron.evaluate(() => {
      setTimeout(() => {
        throw new Error('planted exception')
      })
      void Promise.reject(new Error('planted rejection'))
    })
    await desk.until(() => count(desk, 'uncaught exception') === 1, 'the exception')
    await desk.until(() => count(desk, 'unhandled rejection') === 1, 'the rejection')
    await leaveACall()
  })

  it("survives the death of the sender's thread: a new one sends what is owed at that moment", async () => {
    await endWorker(desk)
    await leaveACall()
    expect(count(desk, 'sender-worker-ended')).toBe(1)
    expect(count(desk, 'sender-without-worker')).toBe(0)
  })

  // On real Electron those of the GPU, the network and the page; on the stand-in, where they are one, all of
  // Chromium: nothing can be seen of the page afterwards.
  it('survives the death of every helper process', async () => {
    if (!REAL) {
      const control = await ControlClient.connect(controlFile)
      power = (event) => control.call('power', { event })
    }
    await killHelpers(desk)
    await leaveACall()
  })

  it('kill -9 in the middle of a clear: sent by the next start, which finds the screen locked', async () => {
    desk.otherProgramCalls()
    stallClears(desk)
    const before = desk.kinds().length
    await leave()
    await desk.until(() => desk.kinds().length > before, 'the clear')
    await desk.restart({ env: { SPEC_IDLE_STATE: 'locked', STAND_IN_CONTROL: join(folder, 'control-2') } })
    desk.simulator.removeAllFaults()
    await desk.until(() => desk.held().length === 0, 'the clear of the next start')
  })
})

/** Ends the one worker of the main process as a fault in it would, and does not wait for the end. */
async function endWorker(desk: Desk): Promise<void> {
  await desk.app.electron.evaluate(() => {
    const { Session } = process.getBuiltinModule('node:inspector')
    const session = new Session()
    session.connect()
    session.once('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
      const message = { id: 1, method: 'Runtime.evaluate', params: { expression: 'process.exit(7)' } }
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(message) })
    })
    session.once('NodeWorker.detachedFromWorker', () => session.disconnect())
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  })
}

async function killHelpers(desk: Desk): Promise<void> {
  const pids = REAL
    ? await desk.app.electron.evaluate(({ app }) =>
        app
          .getAppMetrics()
          .flatMap(({ type, pid }) => (['GPU', 'Utility', 'Tab'].includes(type) ? [pid] : [])),
      )
    : childrenOf(desk.app.pid).flatMap(childrenOf)
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

/** The stand-in's child is a shell, whose child is Chromium; it runs on Linux. */
function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
}

function parentOf(pid: string): number | null {
  try {
    const [, ppid] = /\) \S (\d+) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return Number(ppid)
  } catch {
    return null // ended meanwhile
  }
}

// Windows has neither a terminal that hangs up nor a Ctrl+C for an app with windows.
describe.runIf(!REAL || process.platform !== 'win32')('a terminal that goes away, and Ctrl+C', () => {
  it('SIGHUP and one SIGINT wait for the clear, two do not and leave it to the next start', async () => {
    await using desk = await signedIn()
    const send = (signal: NodeJS.Signals): void => void process.kill(desk.app.pid, signal)

    for (const signal of ['SIGHUP', 'SIGINT'] as const) {
      await setBusy(desk)
      const before = desk.kinds().length
      desk.simulator.inject({
        match: { path: 'clearPresence' },
        fault: { type: 'latency', ms: 700 },
        times: 1,
      })
      send(signal)
      expect(await desk.app.exit).toBe(0)
      expect(desk.kinds().slice(before)).toEqual(['clear'])
      expect(desk.held()).toEqual([])
      expect(count(desk, 'clear settled')).toBe(signal === 'SIGHUP' ? 1 : 2)
      await desk.start()
    }

    await setBusy(desk)
    stallClears(desk)
    const before = desk.kinds().length
    send('SIGINT')
    await desk.until(() => desk.kinds().length > before, 'the clear')
    const start = Date.now()
    send('SIGINT')
    expect(await desk.app.exit).toBe(130)
    expect(Date.now() - start).toBeLessThan(2_500) // A single one waits 3.5 s.
    expect(registry(desk)).toContain('"departure": "quit"')
    expect(desk.held()).toEqual(['Busy/InACall'])
    desk.simulator.removeAllFaults()
    await desk.start()
    await desk.until(() => desk.held().length === 0, 'the clear of the next start')
  })
})

async function setBusy(desk: Desk): Promise<void> {
  await desk.says(/^(On|Cleared)/)
  const known = count(desk, 'presence write ended')
  await desk.press('Busy, in a call')
  await desk.until(() => desk.held().length === 1, 'the set')
  await desk.until(() => count(desk, 'presence write ended') > known, "the set's answer")
}
