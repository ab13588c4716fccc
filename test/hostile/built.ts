/** The surfaces of the built app: one app that runs and is signed in is attacked from its page, its frames and beside it. */
import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { setUpDesk, type Desk } from '../e2e/desk.ts'
import { NO_BUS } from '../e2e/driver.ts'
import { findElectron } from '../stand-in/locate.ts'
import { addressesForChromium, hostileRequests } from './addresses.ts'
import { askProtocol, hammerIpc, hammerSecond, openInChromium } from './app-attacks.ts'
import { randomArgv, randomHandover } from './argv.ts'
import { filesBelow, leaksIn, type Places } from './leaks.ts'
import { places } from './maladies.ts'
import { createRandom } from './random.ts'
import { createCounter, type Attack, type Tally } from './tally.ts'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const PLANTED = 'planted-secret'

/** An app that is attacked, and the folder that it was copied to. */
export interface Target extends AsyncDisposable {
  readonly desk: Desk
  readonly appDir: string
}

/** Copies the built app, plants files beside its page that must never be served, starts it and signs in. */
export async function startTarget(): Promise<Target> {
  const appDir = mkdtempSync(join(tmpdir(), 'hostile-app-'))
  const renderer = join(appDir, 'out', 'renderer')
  cpSync(join(REPOSITORY, 'out'), join(appDir, 'out'), { recursive: true })
  cpSync(join(REPOSITORY, 'package.json'), join(appDir, 'package.json'))
  const index = join(renderer, 'index.html')
  cpSync(join(import.meta.dirname, 'hostile-page.js'), join(renderer, 'assets', 'hostile.js'))
  const tag = '<script src="./assets/hostile.js"></script>'
  writeFileSync(index, readFileSync(index, 'utf8').replace('</body>', `${tag}</body>`))
  writeFileSync(join(appDir, 'secret.html'), PLANTED)
  writeFileSync(join(renderer, '.env'), PLANTED)
  writeFileSync(join(renderer, 'index.js.map'), PLANTED)
  symlinkSync(join(appDir, 'secret.html'), join(renderer, 'link.html'))
  mkdirSync(join(appDir, 'elsewhere'))
  writeFileSync(join(appDir, 'elsewhere', 'inside.html'), PLANTED)
  symlinkSync(join(appDir, 'elsewhere'), join(renderer, 'folder'))
  const desk = await setUpDesk({
    platform: 'linux',
    appDir,
    args: [
      '--hidden=1',
      '--user-data-dir=',
      '--__proto__=1',
      'clear-presence://app/../x',
      'x'.repeat(50_000),
    ],
  })
  await desk.signIn()
  await desk.says(/^On\./)
  // Everything that main pushes to the page from here on is looked through in the end.
  await desk.app.electron.evaluate(({ BrowserWindow }) => {
    const pushed: string[] = []
    Object.assign(globalThis, { __pushed: pushed })
    for (const { webContents } of BrowserWindow.getAllWindows()) {
      const send = webContents.send.bind(webContents)
      webContents.send = (channel, ...args: unknown[]) => {
        pushed.push(JSON.stringify(args))
        send(channel, ...args)
      }
    }
  })
  return {
    desk,
    appDir,
    [Symbol.asyncDispose]: async () => {
      await desk[Symbol.asyncDispose]()
      rmSync(appDir, { recursive: true, force: true })
    },
  }
}

/** Main answers, its window is the only one, and nothing was opened, asked or set on the way. */
async function aliveAndUnchanged({ desk }: Target): Promise<string | null> {
  const { count } = await desk.app.windows()
  if (count !== 1) return `${count} windows are open`
  const opened = await desk.app.opened()
  // The first is the sign-in's own.
  if (opened.length !== 1) return `opened ${opened.slice(1).join()}`
  const dialogs = await desk.app.dialogs()
  if (dialogs.length > 0) return `showed the dialog ${JSON.stringify(dialogs[0])}`
  if (!/^(On|Cleared|Checked)\b/.test(await desk.sentence())) return `says: ${await desk.sentence()}`
  if (desk.held().length > 0) return `set ${desk.held().join()}`
  const trouble = /"event":"(uncaught exception|unhandled rejection|renderer gone)".*/.exec(desk.log())
  return trouble === null ? null : trouble[0].slice(0, 300)
}

/** Messages on every channel. */
export async function attackIpc(target: Target, { seed, long }: Attack): Promise<Tally> {
  const counter = createCounter('messages between page and main')
  const rounds = long ? 20 : 2
  for (let round = 0; round < rounds; round += 1) {
    const done = await hammerIpc(target.desk.app, seed + round, long ? 2_500 : 5_000)
    counter.refused(done.refused)
    counter.survived(done.survived)
    for (const failure of done.failures) counter.failed(failure)
  }
  await closing(target, counter)
  return counter.tally()
}

/** A hostile script in our page. */
export async function attackFromPage(target: Target, { seed, long }: Attack): Promise<Tally> {
  const counter = createCounter('hostile page')
  const page = await target.desk.app.window()
  const { tried, done } = await page.evaluate(
    (patienceMs) =>
      (
        globalThis as unknown as {
          hostilePage(patienceMs: number): Promise<{ tried: number; done: string[] }>
        }
      ).hostilePage(patienceMs),
    long ? 300 : 100,
  )
  for (const what of done) counter.failed(`the page could do this: ${what}`)
  counter.refused(tried - done.length)
  await leave(page, long ? ELSEWHERE : ELSEWHERE.filter((_, n) => n % 3 === seed % 3), counter)
  await refusesDownloads(target, counter)
  await page.reload()
  await target.desk.says(/^(On|Cleared|Checked)\b/)
  await closing(target, counter)
  return counter.tally()
}

/** Every way of asking for a file ends in this event; the stand-in's Chromium has no downloads, so it is sent here. */
async function refusesDownloads({ desk }: Target, counter: ReturnType<typeof createCounter>): Promise<void> {
  const [refusals, listeners] = await desk.app.electron.evaluate(({ session }) => {
    let prevented = 0
    const event = { preventDefault: () => (prevented += 1) }
    session.defaultSession.emit('will-download', event, {}, {})
    return [prevented, session.defaultSession.listenerCount('will-download')] as const
  })
  if (refusals === 1 && listeners === 1) counter.refused()
  else counter.failed(`a download was refused ${refusals} times by ${listeners} listeners`)
}

/** Where a page may want to go. Not to about:blank, for which the stand-in's Chromium asks nobody. */
const ELSEWHERE: readonly string[] = [
  'https://evil.example/',
  'http://127.0.0.1:9/',
  'file:///etc/passwd',
  'data:text/html,x',
  'javascript:document.body.remove()',
  'chrome://settings',
  'devtools://devtools/bundled/inspector.html',
  'blob:null/x',
  'view-source:file:///etc/passwd',
  'clear-presence://app.evil.example/',
]
/** The address of what is open, and whether the bridge is there. */
function where(page: Page): Promise<string> {
  return page
    .evaluate(() => {
      const { location } = globalThis as unknown as { location: { href: string } }
      return `${location.href} ${'clearPresence' in globalThis}`
    })
    .catch(() => 'gone')
}

/** The page stays ours whatever its script does to leave it. */
async function leave(
  page: Page,
  addresses: readonly string[],
  counter: ReturnType<typeof createCounter>,
): Promise<void> {
  const ways = await page.evaluate(() =>
    Object.keys((globalThis as unknown as { hostileWays: object }).hostileWays),
  )
  const home = await where(page)
  for (const url of addresses) {
    for (const name of ways) {
      await page
        .evaluate(
          ([by, to]) => {
            const { hostileWays } = globalThis as unknown as {
              hostileWays: Record<string, (url: string) => void>
            }
            hostileWays[by]?.(to)
          },
          [name, url] as const,
        )
        .catch(() => undefined) // Refused by the browser itself.
      await sleep(20)
      const here = await where(page)
      if (here === home) counter.refused()
      else counter.failed(`the page went to ${url} by ${name}: ${here}`)
    }
  }
}

/** Addresses of our scheme, at the handler itself and through Chromium. */
export async function attackProtocol(target: Target, { seed, long }: Attack): Promise<Tally> {
  const counter = createCounter('app protocol')
  const folder = join(target.appDir, 'out', 'renderer')
  const allowed = new Set(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(html|js|css|svg|png|woff2)$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('base64')),
  )
  const requests = hostileRequests(createRandom(seed), long ? 20_000 : 1_500)
  for (const answer of await askProtocol(target.desk.app, requests)) {
    if (typeof answer === 'string') counter.failed(answer)
    else if (answer.status === 404 && answer.body === '') counter.refused()
    else if (answer.status === 200 && answer.method === 'GET' && allowed.has(answer.body)) counter.survived()
    else
      counter.failed(
        `${answer.method} ${answer.url.slice(0, 100)}: ${answer.status} with ${answer.body.length} bytes`,
      )
  }
  const urls = addressesForChromium().filter((_, n) => long || n % 4 === seed % 4)
  for (const { url, shown } of await openInChromium(target.desk.app, urls)) {
    if (shown.includes(PLANTED) || shown.includes('root:'))
      counter.failed(`Chromium at ${url}: ${shown.slice(0, 100)}`)
    else if (shown.includes('id="root"')) counter.survived()
    else counter.refused()
  }
  await closing(target, counter)
  return counter.tally()
}

/** Later starts: their messages by the thousand, and some of them as processes. */
export async function attackSecond(target: Target, { seed, long }: Attack): Promise<Tally> {
  const counter = createCounter('second start')
  const random = createRandom(seed)
  const rounds = long ? 20 : 2
  for (let round = 0; round < rounds; round += 1) {
    const vectors = Array.from({ length: 250 }, () => randomHandover(random))
    const failures = await hammerSecond(target.desk.app, vectors)
    for (const failure of failures) counter.failed(failure)
    counter.survived(vectors.length - failures.length)
  }
  const folder = target.desk.app.userDataDir
  for (let n = 0; n < (long ? 15 : 1); n += 1) {
    const argv = randomArgv(random).filter(
      (each) => !each.includes('\0') && !/^(-|--user-data-dir)/.test(each),
    )
    const status = await startedBeside([`--user-data-dir=${folder}`, target.appDir, '--hidden', ...argv])
    if (status === 0) counter.survived()
    else
      counter.failed(
        `a second process with ${JSON.stringify(argv).slice(0, 200)} ended with ${String(status)}`,
      )
  }
  // The first start of another folder, which can't be made: it says so and ends.
  // /proc answers ENOENT to mkdir, although it is there: Node's own recursive mkdir never comes back from it.
  const bad = ['/proc/x/y', '/dev/null/x', '/dev/null', '/proc/x', join(target.appDir, 'package.json')]
  for (const each of bad.slice(0, long ? bad.length : 1)) {
    const status = await startedBeside([`--user-data-dir=${each}`, target.appDir])
    if (status === 1) counter.refused()
    else counter.failed(`a first process with ${each} ended with ${String(status)}`)
  }
  await closing(target, counter)
  return counter.tally()
}

/** Starts a process that is expected to end by itself; one that doesn't is ended after 30 s. */
function startedBeside(args: readonly string[]): Promise<number | string> {
  const { executable } = findElectron('stand-in')
  const env = { ...process.env, ...NO_BUS, STAND_IN_PLATFORM: 'linux' }
  const child = spawn(executable, args, { env, stdio: 'ignore' })
  const guard = setTimeout(() => child.kill('SIGKILL'), 30_000)
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('exit', (code, signal) => {
      clearTimeout(guard)
      done(code ?? signal ?? 'unknown')
    })
  })
}

async function closing(target: Target, counter: ReturnType<typeof createCounter>): Promise<void> {
  const damage = await aliveAndUnchanged(target)
  if (damage !== null) counter.failed(`afterwards the app ${damage}`)
}

/** Everything that the attacked app has left anywhere; ends the app. */
export async function searchLeaks({ desk }: Target): Promise<Tally> {
  const counter = createCounter('secrets left behind')
  const page = await desk.app.window()
  const pushed = await desk.app.electron.evaluate(() =>
    (globalThis as unknown as { __pushed: string[] }).__pushed.join('\n'),
  )
  const snapshot = await page.evaluate(async () => {
    const { clearPresence } = globalThis as unknown as { clearPresence: { snapshot(): Promise<unknown> } }
    return JSON.stringify(await clearPresence.snapshot())
  })
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const commandLines = children.flatMap((pid): string[] => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
    } catch {
      return [] // It has ended meanwhile.
    }
  })
  const live: Places = [
    ['messages to the page', pushed],
    ['the snapshot', snapshot],
    ['the page', await page.content()],
    ['the command lines of all processes', commandLines.join('\n')],
  ]
  const { userDataDir } = desk.app
  const status = await desk.app.quit()
  if (status !== 0) counter.failed(`main ended with ${String(status)}`)
  await desk.until(
    () => !readdirSync(userDataDir).some((name) => name.startsWith('stand-in-chromium')),
    "the browser's end",
  )
  const all: Places = [...live, ['stdout and stderr', desk.app.out()], ...filesBelow(userDataDir)]
  const secrets = desk.simulator.issuedTokens()
  if (secrets.length === 0) throw new Error('no token was issued: there was nothing to find')
  for (const place of leaksIn(all, secrets)) counter.failed(`a secret is in ${place}`)
  counter.survived(all.length)
  return counter.tally()
}

/** Starts the app with something hostile in the place of every file at once: it starts, says so, and clears. */
export async function attackStart({ seed, long }: Attack): Promise<Tally> {
  const counter = createCounter('start with hostile files')
  const files = ['registry.json', 'settings.json', 'history.json', 'tokens.bin', 'logs/clear-presence.log']
  const all = places()
  for (let round = 0; round < (long ? all.length : 1); round += 1) {
    const put = files.map((file, n) => [file, all[(seed + round + n) % all.length]] as const)
    const what = put.map(([file, malady]) => `${file}: ${malady?.name ?? ''}`).join(', ')
    try {
      await using desk = await setUpDesk({
        platform: 'linux',
        beforeStart: (_simulator, folder) => {
          mkdirSync(join(folder, 'logs'))
          for (const [file, malady] of put) malady?.make(join(folder, file))
        },
      })
      await desk.signIn()
      await desk.says(/^On\./)
      desk.otherProgramCalls()
      await desk.press('Clear my call status')
      await desk.until(() => desk.held().length === 0, 'the clear')
      counter.refused(put.length)
    } catch (error) {
      counter.failed(`${what}: ${String(error).slice(0, 400)}`)
    }
  }
  return counter.tally()
}
