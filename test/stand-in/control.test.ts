import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ControlClient } from './control-client.ts'
import { eventually } from './eventually.ts'
import { FIXTURE } from './fixture-app.ts'
import { findElectron } from './locate.ts'

/* The stand-in without Playwright, as `npm start` uses it: one app, steered over the control. */

const scratch = mkdtempSync(join(tmpdir(), 'stand-in-control-'))
const address = join(scratch, 'control')
let child: ChildProcess
let control: ControlClient
let printed = ''

beforeAll(async () => {
  const opener = join(scratch, 'xdg-open')
  writeFileSync(opener, `#!/bin/sh\necho "$1" >> ${join(scratch, 'opened')}\n`)
  chmodSync(opener, 0o755)
  const { executable } = findElectron('stand-in')
  child = spawn(executable, [`--user-data-dir=${join(scratch, 'data')}`, FIXTURE, '--hidden'], {
    env: {
      ...process.env,
      STAND_IN_CONTROL: address,
      STAND_IN_PLATFORM: 'win32',
      PATH: `${scratch}:${process.env['PATH'] ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  control = await ControlClient.connect(address)
})

afterAll(() => {
  child.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

test('the address is for the user only, and nothing answers without its word', async () => {
  expect(statSync(address).mode & 0o077).toBe(0)
  const { origin } = new URL(readFileSync(address, 'utf8').trim())
  expect((await fetch(`${origin}/guess/state`, { method: 'POST', body: '{}' })).status).toBe(404)
})

test('an app without a window has no browser', async () => {
  await eventually(() => printed).toContain('ready')
  expect(existsSync(join(scratch, 'data', `stand-in-chromium-${String(child.pid)}`))).toBe(false)
})

test('a picture that is asked for while the window opens is answered', async () => {
  for (let round = 0; round < 4; round++) {
    await control.call('trayChoose', { item: 'Open' })
    const asked = Array.from({ length: 5 }, () => control.screenshot())
    for (const picture of await Promise.all(asked)) expect(picture.subarray(1, 4).toString()).toBe('PNG')
    await control.call('closeWindow')
    await eventually(async () => (await control.call('windows')).length).toBe(0)
  }
})

test('the tray opens the window, which is seen, clicked and read', async () => {
  const before = await control.call('tray')
  expect(before).toMatchObject({ exists: true, toolTip: 'Fixture is on' })
  expect(Buffer.from(before.image, 'base64').subarray(1, 4).toString()).toBe('PNG')
  await control.call('trayChoose', { item: 'Open' })
  await control.waitForText('Hello')
  expect((await control.screenshot()).subarray(1, 4).toString()).toBe('PNG')
  await control.call('click', { role: 'button', name: 'Ask main' })
  await control.waitForText('from the page')
  await expect(control.call('click', { name: 'Not there', timeoutMs: 100 })).rejects.toThrow('no element')
  expect(await control.call('windows')).toMatchObject([
    { visible: true, focused: true, url: 'app://bundle/index.html' },
  ])
})

test('the machine speaks', async () => {
  await control.call('power', { event: 'lock-screen' })
  await control.waitForText('lock-screen')
  await expect(control.call('power', { event: 'user-did-resign-active' })).rejects.toThrow('never sends')
})

test("openExternal starts the system's opener", async () => {
  await control.call('script', { code: 'window.fixture.open("https://login.example/?a=b&c=d")' })
  await eventually(() => control.call('opened')).toEqual(['https://login.example/?a=b&c=d'])
  await eventually(() =>
    existsSync(join(scratch, 'opened')) ? readFileSync(join(scratch, 'opened'), 'utf8') : '',
  ).toBe('https://login.example/?a=b&c=d\n')
})

test('time moves', async () => {
  await control.call('advanceTime', { ms: 60_000 })
  const { value } = await control.call('script', { code: 'window.fixture.ticks()' })
  expect(value).toBe(1)
})

test('quit ends it all', async () => {
  const ended = once(child, 'exit')
  await control.call('quit')
  expect(await ended).toEqual([0, null])
  expect(printed).toMatch(/before-quit[\s\S]*will-quit/)
})
