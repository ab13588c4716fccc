/** `npm start` with nothing configured, used by a person in a browser. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { locateChromium } from '../stand-in/chromium/locate.ts'
import { NO_BUS } from '../e2e/driver.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const WAIT = { timeout: 60_000 }
let folder: string
let browser: Browser | undefined
let child: ChildProcess | undefined
let text = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'presence-tools-'))
  text = ''
})
afterEach(async () => {
  await browser?.close()
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

/** Starts it and gives back the page's address as it was printed. */
async function start(...args: string[]): Promise<string> {
  const process_ = spawn(process.execPath, [join(ROOT, 'tools/start.ts'), '--stand-in', ...args], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      TMPDIR: folder,
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      CLEAR_PRESENCE_CLIENT_ID: '',
      ...NO_BUS,
    },
  })
  child = process_
  for (const stream of [process_.stdout, process_.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  }
  await expect.poll(() => text, WAIT).toContain('The app has started')
  return /http:\/\/127\.0\.0\.1:\d+\/\?key=\w+/.exec(text)?.[0] ?? ''
}

async function open(address: string): Promise<Page> {
  const { executable, env } = await locateChromium()
  browser = await chromium.launch({
    executablePath: executable,
    env: { ...process.env, ...env },
    args: ['--no-sandbox'],
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(address)
  return page
}

/** Where the wide primary button is in the window's picture: the first row with much of the brand colour. */
const FIND_PRIMARY = `(() => {
  const picture = document.querySelector('#picture')
  const canvas = Object.assign(document.createElement('canvas'), { width: picture.naturalWidth, height: picture.naturalHeight })
  const draw = canvas.getContext('2d')
  draw.drawImage(picture, 0, 0)
  const { data, width, height } = draw.getImageData(0, 0, canvas.width, canvas.height)
  for (let y = 0; y < height; y++) {
    let blue = 0
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      if (data[at] < 40 && data[at + 1] > 80 && data[at + 1] < 130 && data[at + 2] > 160) blue++
    }
    if (blue > width / 2) return { x: width / 2, y: y + 8 }
  }
  return null
})()`

test(
  'a person signs in, sets, locks, unlocks and quits, and sees what Graph holds',
  { timeout: 240_000 },
  async () => {
    const page = await open(await start())
    const sessions = page.locator('#sessions')
    const click = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click(WAIT)

    // The window's own Sign in button, by a click into its picture.
    await page.locator('#picture').waitFor({ state: 'visible', ...WAIT })
    await expect.poll(() => page.evaluate(FIND_PRIMARY), WAIT).not.toBeNull()
    const where = await page.evaluate<{ x: number; y: number }>(FIND_PRIMARY)
    await page.locator('#picture').click({ position: where })
    const link = page.locator('#opened-link')
    await link.waitFor({ state: 'visible', ...WAIT })
    const [signIn] = await Promise.all([page.waitForEvent('popup'), link.click()])
    await signIn.getByRole('button', { name: /Alex Demo/ }).click(WAIT)
    await signIn.getByText('Back to Clear Presence').waitFor(WAIT)
    await signIn.close()
    await page.locator('#tray-tip', { hasText: 'On.' }).waitFor(WAIT)

    await page.getByText('Set until I leave').click()
    await click('Busy, in a call')
    await sessions.getByText('Busy/InACall').waitFor(WAIT)
    await click('Lock')
    await sessions.getByText('No presence session').waitFor(WAIT)
    expect(await page.locator('#story').textContent()).toContain('clearPresence')
    await click('Unlock')
    await click('Another program sets a call')
    await sessions.getByText('set by another program').waitFor(WAIT)
    await click('Quit the app')
    await page.getByText('The app has ended. Sessions left in Graph: 0.').waitFor(WAIT)

    const ended = once(child!, 'exit') // started above
    await click('End the demo')
    expect(await ended).toEqual([0, null])
    expect(text).toContain('sessions left: 0')
    expect(await readdir(folder)).toEqual([])
  },
)

test('the page is for who has its key; Ctrl+C quits the app', { timeout: 120_000 }, async () => {
  const address = new URL(await start('--hidden'))
  const status = (path: string, host: string = address.host): Promise<number> =>
    new Promise((done, fail) => {
      const { hostname, port } = address
      request({ hostname, port, path, headers: { host } }, (answer) => {
        answer.resume()
        expect(answer.headers['access-control-allow-origin']).toBeUndefined()
        done(answer.statusCode ?? 0)
      })
        .on('error', fail)
        .end()
    })
  const key = address.search
  expect(await status(`/${key}`)).toBe(200)
  expect(await status('/')).toBe(403)
  expect(await status('/?key=00000000000000000000000000000000')).toBe(403)
  expect(await status('/state')).toBe(403)
  expect(await status(`/state${key}`)).toBe(200)
  // A foreign name that was rebound to this machine.
  expect(await status(`/state${key}`, `rebound.example:${address.port}`)).toBe(403)
  // Forwarded by SSH under another port.
  expect(await status(`/state${key}`, 'localhost:8080')).toBe(200)

  const ended = once(child!, 'exit') // started above
  child!.kill('SIGINT') // started above
  expect(await ended).toEqual([0, null])
  expect(text).toContain('sessions left: 0')
  expect(await readdir(folder)).toEqual([])
})
