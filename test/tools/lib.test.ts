/** The tools' parts, each by itself. */
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readFlags, readPlatform, UsageError } from '../../tools/lib/arguments.ts'
import { needsBuild } from '../../tools/lib/build.ts'
import { createRelay } from '../../tools/lib/relay.ts'
import { timelineLine } from '../../tools/lib/timeline.ts'
import { DEMO_CLIENT_ID, DEMO_TENANT_ID, startSimulator, type Simulator } from '../simulator/index.ts'

let folder: string
let simulator: Simulator | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'presence-tools-'))
})
afterEach(async () => {
  await simulator?.close()
  simulator = undefined
  await rm(folder, { recursive: true, force: true })
})

/** A file last changed at `second`. */
async function file(name: string, second: number): Promise<void> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, '')
  await utimes(path, second, second)
}

test('builds when an output is missing or a bundled source is newer', async () => {
  await file('src/main/index.ts', 100)
  expect(needsBuild(folder)).toBe(true)
  for (const name of ['main/index.js', 'main/sender.worker.js', 'preload/index.js', 'renderer/index.html']) {
    await file(`out/${name}`, 200)
  }
  expect(needsBuild(folder)).toBe(false)
  await file('src/main/core/planner.test.ts', 300)
  expect(needsBuild(folder)).toBe(false)
  await file('src/main/core/planner.ts', 300)
  expect(needsBuild(folder)).toBe(true)
})

test('flags are a closed list', () => {
  const flags = readFlags(['--demo', '--platform=linux'], ['demo', 'platform='])
  expect([...flags]).toEqual([
    ['demo', true],
    ['platform', 'linux'],
  ])
  expect(readPlatform(flags)).toBe('linux')
  expect(() => readFlags(['--platform'], ['platform='])).toThrow(UsageError)
  expect(() => readFlags(['--else'], ['demo'])).toThrow(UsageError)
  expect(() => readPlatform(new Map([['platform', 'beos']]))).toThrow(UsageError)
})

test('the timeline is aligned', () => {
  const lines = [
    timelineLine(1, { name: 'Lock', before: 'Busy/InACall', after: '-', clearedMs: 8 }),
    timelineLine(12, { name: 'Quit', before: 'Available/Available', after: '-', clearedMs: 123 }),
  ]
  expect(lines[0]?.indexOf('- ')).toBe(lines[1]?.indexOf('- '))
  expect(lines[0]?.length).toBe(lines[1]?.length)
})

test('the relay shows simulated pages, and goes nowhere else', async () => {
  simulator = await startSimulator()
  const relay = createRelay(simulator, (number, to) => `/opened?n=${number}&to=${encodeURIComponent(to)}`)
  const query = new URLSearchParams({
    client_id: DEMO_CLIENT_ID,
    response_type: 'code',
    redirect_uri: 'http://localhost:9',
    response_mode: 'form_post',
    scope: 'https://graph.microsoft.com/Presence.ReadWrite',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  })
  const page = relay.open(
    `https://login.microsoftonline.com/${DEMO_TENANT_ID}/oauth2/v2.0/authorize?${query.toString()}`,
  )
  expect(page).toMatchObject({ number: 1, simulated: true, done: false })
  const { status, body } = await relay.show(1)
  expect(status).toBe(200)
  expect(body).toContain(
    'action="/opened?n=1&#38;to=https%3A%2F%2Flogin.microsoftonline.com%2Fsimulator%2Fsign-in"',
  )
  const form = (to: string) => relay.show(1, { to, body: '' })
  for (const to of [
    'http://localhost:1/',
    'http://127.0.0.1:9/',
    'https://graph.microsoft.com/',
    'file:///etc/passwd',
  ]) {
    expect(await form(to), to).toMatchObject({ status: 403 })
  }
  // The redirect URI of this page is allowed; nobody listens there.
  expect(await form('http://localhost:9/')).toMatchObject({ status: 502 })
  expect(relay.open('https://learn.microsoft.com/')).toMatchObject({ simulated: false })
  expect(await relay.show(2)).toMatchObject({ status: 404 })
})
