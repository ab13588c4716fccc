import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { launchApp, type App } from '../e2e/driver.ts'
import { eventually } from './eventually.ts'
import { FIXTURE } from './fixture-app.ts'

/* Moved time: main and worker go together, due timers fire once and in order, sockets stay. */

const MINUTE = 60_000
let app: App

beforeEach(async () => {
  app = await launchApp({ appDir: FIXTURE, args: ['--hidden'] })
})

afterEach(async () => {
  await app.dispose()
})

/** Runs code in the app's main process. `builtin` answers Node's modules. */
function inMain<T>(body: string): Promise<T> {
  return app.electron.evaluate((_e, source) => {
    const code = `(async (builtin) => { ${source} })`
    const run = process.getBuiltinModule('node:vm').runInThisContext(code) as (b: unknown) => Promise<unknown>
    return run((name: string) => process.getBuiltinModule(name))
  }, body) as Promise<T>
}

test('Date, monotonic clocks and timers of the main thread move together', async () => {
  await inMain(`
    globalThis.start = { date: Date.now(), now: performance.now(), hr: process.hrtime.bigint(), made: new Date().getTime() }
    globalThis.fired = []
    setTimeout(() => fired.push('4 min'), 240000)
    setTimeout(() => fired.push('1 min'), 60000)
    setTimeout(() => fired.push('10 min'), 600000)
    globalThis.ticks = 0
    globalThis.interval = setInterval(() => ticks++, 15000)
    globalThis.cancelled = setTimeout(() => fired.push('cancelled'), 60000)
    clearTimeout(cancelled)
    builtin('node:timers/promises').setTimeout(60000).then(() => fired.push('promised'))
    AbortSignal.timeout(120000).addEventListener('abort', () => fired.push('aborted'))
  `)
  await app.advanceTime(5 * MINUTE)
  const after = await inMain<{
    date: number
    now: number
    hr: number
    made: number
    fired: string[]
    ticks: number
  }>(`
    return { date: Date.now() - start.date, now: performance.now() - start.now, made: new Date() - start.made,
      hr: Number(process.hrtime.bigint() - start.hr) / 1e6, fired, ticks }
  `)
  for (const moved of [after.date, after.now, after.hr, after.made]) {
    expect(moved).toBeGreaterThanOrEqual(5 * MINUTE)
    expect(moved).toBeLessThan(6 * MINUTE)
  }
  expect(after.fired).toEqual(['1 min', 'promised', 'aborted', '4 min'])
  expect(after.ticks).toBe(1)
  // An interval goes on with its own length; what is left of the long timer is five minutes.
  await app.advanceTime(MINUTE, { stepMs: 15_000 })
  expect(await inMain('return ticks')).toBe(5)
  await app.advanceTime(5 * MINUTE)
  expect(await inMain('return fired.at(-1)')).toBe('10 min')
})

test('a worker follows, also one that was started after a jump', async () => {
  await app.advanceTime(MINUTE)
  await inMain(`
    const { Worker } = builtin('node:worker_threads')
    globalThis.heard = []
    globalThis.worker = new Worker(\`
      const { parentPort } = require('node:worker_threads')
      const start = { date: Date.now(), now: performance.now() }
      setTimeout(() => parentPort.postMessage(['fired', Date.now() - start.date, performance.now() - start.now]), 240000)
      parentPort.postMessage(['started', start.date])
    \`, { eval: true })
    worker.on('message', (message) => heard.push(message))
  `)
  await eventually(() => inMain('return heard.length')).toBe(1)
  const [, workerDate] = await inMain<[string, number]>('return heard[0]')
  expect(workerDate - Date.now()).toBeGreaterThan(MINUTE / 2)
  await app.advanceTime(4 * MINUTE)
  await eventually(() => inMain('return heard.length')).toBe(2)
  const [word, date, now] = await inMain<[string, number, number]>('return heard[1]')
  expect(word).toBe('fired')
  expect(date).toBeGreaterThanOrEqual(4 * MINUTE)
  expect(now).toBeGreaterThanOrEqual(4 * MINUTE)
})

test('a keep-alive connection survives a jump', async () => {
  const ports = new Set<number | undefined>()
  const server = createServer((request, response) => {
    ports.add(request.socket.remotePort)
    response.end('ok')
  })
  server.keepAliveTimeout = 60_000
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const get = `
    globalThis.agent ??= new (builtin('node:http').Agent)({ keepAlive: true })
    return new Promise((done, fail) => builtin('node:http').get({ port: ${port}, agent }, (r) => { r.resume(); r.on('end', () => done(r.statusCode)) }).on('error', fail))
  `
  expect(await inMain(get)).toBe(200)
  await app.advanceTime(60 * MINUTE)
  expect(await inMain(get)).toBe(200)
  expect(ports.size).toBe(1)
  await inMain('agent.destroy()')
  server.close()
})

test('the wall clock alone can be set, also back', async () => {
  await inMain('globalThis.start = { date: Date.now(), now: performance.now() }')
  await app.advanceTime(-60 * MINUTE, { wallOnly: true })
  const after = await inMain<{ date: number; now: number }>(
    'return { date: Date.now() - start.date, now: performance.now() - start.now }',
  )
  expect(after.date).toBeLessThan(-50 * MINUTE)
  expect(after.now).toBeGreaterThan(0)
  expect(after.now).toBeLessThan(MINUTE)
})

test("the page's Date follows", async () => {
  await app.tray.choose('open')
  const page = await app.window()
  await app.advanceTime(60 * MINUTE)
  await eventually(async () => Number(await page.evaluate('Date.now()')) - Date.now()).toBeGreaterThan(
    50 * MINUTE,
  )
})
