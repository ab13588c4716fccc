import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { launchApp, type App, type LaunchOptions } from '../e2e/driver.ts'
import { eventually } from './eventually.ts'
import { FIXTURE } from './fixture-app.ts'

/* Every way out of the process, in Electron's order; and nothing stays behind. */

const running: App[] = []

async function launch(options: LaunchOptions = {}): Promise<App> {
  const app = await launchApp({ appDir: FIXTURE, ...options })
  running.push(app)
  return app
}

afterEach(async () => {
  for (const app of running.splice(0)) await app.dispose()
})

function events(app: App): string[] {
  const known = ['before-quit', 'close', 'closed', 'window-all-closed', 'will-quit', 'quit']
  return [...app.out().matchAll(/^fixture: ([\w-]+)$/gm)]
    .map((match) => match[1] ?? '')
    .filter((e) => known.includes(e))
}

/** Command lines of the browser's processes that belong to one app process. */
function chromiumOf(pid: number): string[] {
  return commandLines().filter((line) => line.includes(`stand-in-chromium-${pid}`))
}

function commandLines(): string[] {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-axo', 'args'], { encoding: 'utf8' }).split('\n')
  // A bare machine has no `ps`.
  return readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readFileSync(`/proc/${name}/cmdline`, 'utf8')] : []
    } catch {
      return [] // it ended while we looked
    }
  })
}

test('quit asks, closes, and says so in order', async () => {
  const app = await launch()
  await app.window()
  expect(await app.quit()).toBe(0)
  expect(events(app)).toEqual(['before-quit', 'closed', 'will-quit', 'quit'])
})

test('a prevented quit is cancelled at each step, and a later one succeeds', async () => {
  const app = await launch()
  await app.window()
  const preventOnce = (emitter: string, event: string): Promise<void> =>
    app.electron.evaluate(
      ({ app: a, BrowserWindow }, [where, name]) => {
        const target = where === 'app' ? a : BrowserWindow.getAllWindows()[0]
        ;(target as NodeJS.EventEmitter).once(name, (e: { preventDefault: () => void }) => {
          e.preventDefault()
        })
        a.quit()
      },
      [emitter, event] as [string, string],
    )
  await preventOnce('app', 'before-quit')
  await preventOnce('window', 'close')
  expect((await app.windows()).count).toBe(1)
  await preventOnce('app', 'will-quit')
  expect(app.electron.windows().length).toBeLessThanOrEqual(1)
  expect(await app.quit()).toBe(0)
  expect(events(app).at(-1)).toBe('quit')
})

test('app.exit skips the questions, and process.exit means the same', async () => {
  const first = await launch()
  await first.window()
  first.electron
    .evaluate(({ app }) => {
      setImmediate(() => app.exit(3))
    })
    .catch(() => undefined)
  expect(await first.exit).toBe(3)
  expect(events(first)).toEqual(['closed', 'quit'])
  const second = await launch({ args: ['--hidden'] })
  second.electron
    .evaluate(() => {
      setImmediate(() => process.exit(4))
    })
    .catch(() => undefined)
  expect(await second.exit).toBe(4)
})

test('closing the last window leaves the app running while it listens', async () => {
  const app = await launch()
  await app.window()
  await app.control('closeWindow', {})
  await eventually(() => events(app)).toEqual(['closed', 'window-all-closed'])
  await app.tray.choose('open')
  expect(await (await app.window()).textContent('h1')).toBe('Hello')
})

test('SIGTERM quits', async () => {
  const app = await launch({ args: ['--hidden'] })
  process.kill(app.pid, 'SIGTERM')
  expect(await app.exit).toBe(0)
  expect(events(app)).toEqual(['before-quit', 'will-quit', 'quit'])
})

test('a Windows session end asks, tells, and kills when the handler returns', async () => {
  const app = await launch({ platform: 'win32', args: ['--hidden'] })
  await app.electron.evaluate(({ BaseWindow }) => {
    const window = new BaseWindow({ show: false })
    Object.assign(globalThis, { keep: window })
    const listen = window.on.bind(window) as (
      event: string,
      listener: (e: { reasons: string[] }) => void,
    ) => void
    listen('query-session-end', ({ reasons }) => console.log('fixture: query', reasons.join()))
    listen('session-end', () => {
      queueMicrotask(() => console.log('fixture: microtask ran'))
      setTimeout(() => console.log('fixture: timer ran'), 0)
      const end = Date.now() + 300
      while (Date.now() < end); // what is held here, the process lives through
      console.log('fixture: held')
    })
  })
  expect(await app.queryEndSession(['logoff'])).toBe(true)
  expect(app.out()).toContain('query logoff')
  expect(await app.endSession()).toBe('SIGKILL')
  expect(app.out()).toContain('held')
  expect(app.out()).toContain('microtask ran')
  expect(app.out()).not.toContain('timer ran')
  expect(events(app)).toEqual([])
})

test('no browser and no profile stay behind, even after a kill', async () => {
  const quitting = await launch()
  await quitting.window()
  expect(chromiumOf(quitting.pid).length).toBeGreaterThan(0)
  await quitting.quit()
  await eventually(() => chromiumOf(quitting.pid)).toEqual([])
  await eventually(() =>
    readdirSync(quitting.userDataDir).filter((name) => name.startsWith('stand-in-')),
  ).toEqual([])

  const killed = await launch({ userDataDir: quitting.userDataDir })
  await killed.window()
  process.kill(killed.pid, 'SIGKILL')
  await killed.exit
  await eventually(() => chromiumOf(killed.pid)).toEqual([])
  await eventually(() => existsSync(join(quitting.userDataDir, `stand-in-chromium-${killed.pid}`))).toBe(
    false,
  )
})

test('shutdown on Linux: the lock is taken only if something else was listened to first', async () => {
  const app = await launch({ args: ['--hidden'] })
  expect(await app.control('state', {})).toMatchObject({ delaysShutdown: true })
  const ended = once(app.electron.process(), 'exit')
  expect(await app.control('shutdown', {})).toEqual({ prevented: false })
  await ended
  expect(app.out()).toContain('power shutdown')
  expect(events(app)).toEqual(['before-quit', 'will-quit', 'quit'])
})
