/** The guided tour itself, as `npm run demo` runs it. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { demoEnv, demoSessions } from '../../tools/lib/demo-tenant.ts'
import { walk } from '../../tools/lib/tour.ts'
import { type App, launchApp } from '../e2e/driver.ts'
import { startSimulator } from '../simulator/index.ts'

const ROOT = resolve(import.meta.dirname, '../..')
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'presence-tools-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs the demo with its temporary files and pictures in the test's folder. */
function demo(...args: string[]): {
  interrupt: () => void
  printed: (text: RegExp) => Promise<void>
  ended: Promise<{ code: number | null; text: string }>
} {
  const child = spawn(process.execPath, [join(ROOT, 'tools/demo.ts'), '--stand-in', ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder },
  })
  let text = ''
  const watchers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (const look of watchers) look()
    })
  }
  return {
    interrupt: () => child.kill('SIGINT'),
    printed: (wanted) =>
      new Promise((done) => {
        const look = (): void => {
          if (wanted.test(text)) done()
        }
        watchers.add(look)
        look()
      }),
    ended: new Promise((done) => {
      child.once('close', (code) => {
        done({ code, text })
      })
    }),
  }
}

test(
  'clears after every departure, leaves nothing behind, and saves pictures',
  { timeout: 180_000 },
  async () => {
    const { code, text } = await demo().ended
    expect(code, text).toBe(0)
    expect(text).toContain('sessions left: 0')
    expect(text).toMatch(/Lock the screen +Busy\/InACall +- +\d+ ms/)
    expect(text).toMatch(/Lock again +Busy\/InACall +- +\d+ ms/)
    expect(text).toMatch(/The computer sleeps +Busy\/InACall +- +\d+ ms/)
    expect(text).toMatch(/Quit +Available\/Available +- +\d+ ms/)
    expect(text).toMatch(/Windows ends the session +Busy\/InACall +- +\d+ ms/)
    expect(text).toMatch(/16 minutes later +Busy\/InACall +-/)
    expect(text).toContain('Left by another program when the app was killed: 1')
    expect(text).not.toContain('\u001b') // not a terminal: no colours
    // Nothing but the pictures is left: no user data, no simulator's files, no scratch folders.
    expect(await readdir(folder)).toEqual(['demo-output'])
    const pictures = (await readdir(join(folder, 'demo-output'))).sort()
    expect(pictures[0]).toBe('01-started.png')
    expect(pictures).toHaveLength(16)
    const bytes = await Promise.all(pictures.map((name) => readFile(join(folder, 'demo-output', name))))
    for (const png of bytes) expect(png.subarray(1, 4).toString()).toBe('PNG')
    // The window before and after the lock don't look the same.
    expect(bytes[2]?.equals(bytes[3] ?? Buffer.alloc(0))).toBe(false)
  },
)

test('fails when Graph does not clear', { timeout: 180_000 }, async () => {
  const simulator = await startSimulator()
  const apps: App[] = []
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'captive-portal' },
      times: 'until-removed',
    })
    const { troubles, clears } = await walk({
      launch: async () => {
        const app = await launchApp({ platform: 'win32', env: demoEnv(simulator) })
        apps.push(app)
        return app
      },
      ...{ simulator, output: folder, clearLimitMs: 500, short: true },
      stopped: () => false,
    })
    expect(clears).toEqual([])
    for (const step of ['Lock the screen', 'Lock again', 'The computer sleeps', 'Quit']) {
      expect(troubles.join('\n')).toContain(`${step}: The clear`)
    }
    expect(demoSessions(simulator)).toHaveLength(1)
  } finally {
    printed.mockRestore()
    for (const app of apps) await app.dispose()
    await simulator.close()
  }
})

test('Ctrl+C ends it with 130 and leaves nothing behind', { timeout: 120_000 }, async () => {
  const run = demo()
  await run.printed(/Sign in as Alex Demo/)
  run.interrupt()
  const { code, text } = await run.ended
  expect(code, text).toBe(130)
  expect((await readdir(folder)).filter((name) => name !== 'demo-output')).toEqual([])
})

test('says how it is used', async () => {
  const { code, text } = await demo('--nonsense').ended
  expect(code).toBe(2)
  expect(text).toContain('Usage: npm run demo')
})
