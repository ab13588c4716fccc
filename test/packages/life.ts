/** A package's life on this machine, with a person who runs the app meanwhile: installed, used, replaced, removed. */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Person } from './person.ts'
import type { Report } from './table.ts'

/** How a kind of package is installed and removed. */
export interface Manager {
  readonly artifact: string
  /** Installs this file, also over an older or newer one. */
  install(file: string): Promise<string>
  remove(): Promise<string>
  /** Takes the configuration away, too; absent where removing does. */
  readonly purge?: () => Promise<string>
}

/** Where the package puts the app. */
export const FOLDER = '/opt/Clear Presence'
export const PROGRAM = join(FOLDER, 'clear-presence')
const LINK = '/usr/bin/clear-presence'
const SWITCH = '/etc/clear-presence/start-at-login'
const MACHINE_WIDE = '/etc/xdg/autostart/clear-presence.desktop'
/** Long enough for a request that must not be made, ms. */
const QUIET_MS = 1_500

/** A person's files that no package may touch but by removing. */
const KEPT = ['registry.json', 'settings.json', 'tokens.bin']

/** Fails with what it should have been. */
export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** Runs a package manager; resolves with what it printed. @throws Error with that when it fails. */
export function runManager(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: {
        ...process.env,
        DEBIAN_FRONTEND: 'noninteractive',
        PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    }
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(text)
      else reject(new Error(`${command} ${args.join(' ')} failed (${String(code)}):\n${text}`))
    })
  })
}

/** A digest of what the person keeps, and of when it was last written. */
function keptBy(person: Person): string {
  const hash = createHash('sha256')
  for (const name of KEPT) {
    const path = join(person.data, name)
    if (existsSync(path)) hash.update(`${name} ${String(statSync(path).mtimeMs)} `).update(readFileSync(path))
  }
  return hash.digest('hex')
}

/** Asks until the app that runs answers like this. */
export async function answers(person: Person, results: readonly string[], program?: string): Promise<void> {
  const fits = async (): Promise<boolean> =>
    results.includes((await person.command('--status', program)).result)
  await person.until(fits, `the status ${results.join(' or ')}`)
}

/** Asks until the app that runs covers its user. */
export const covers = (person: Person, program?: string): Promise<void> =>
  answers(person, ['on', 'cleared'], program)

/** Lives the whole life of one kind of package. `older` and `newer` are two versions of it. */
export async function live(
  report: Report,
  manager: Manager,
  { older, newer }: { readonly older: string; readonly newer: string },
  person: Person,
): Promise<void> {
  const { artifact } = manager
  const check = (name: string, work: () => unknown): Promise<boolean> => report.check(artifact, name, work)

  await check('first install', async () => {
    expect(!existsSync(person.data), 'the person has data already')
    await manager.install(older)
    expect(readlinkSync(LINK) !== '' && existsSync(LINK), `${LINK} leads to nothing`)
    expect(!existsSync(person.data), 'the installation made data for the person')
    expect(person.copies().length === 0, 'the installation started the app')
    expect((await person.command('--status')).result === 'not-running', 'something runs')
  })

  await check('used by an ordinary user', async () => {
    person.start()
    await answers(person, ['signed-out'])
    await person.signIn()
    await covers(person)
    const screen = await person.screen()
    await screen.waitForText('Start with the computer?')
    await screen.call('click', { role: 'button', name: 'Start with the computer' })
    await person.until(() => existsSync(person.autostartEntry), 'the entry for the login')
    execFileSync('desktop-file-validate', [person.autostartEntry])
    person.otherProgramCalls()
    person.lock()
    await person.until(() => person.held().length === 0, 'the clear of the lock')
    person.unlock()
    person.otherProgramCalls()
    expect((await person.command('--clear')).result === 'cleared', '--clear did not clear')
    person.otherProgramCalls()
    expect((await person.command('--quit')).result === 'cleared', '--quit did not clear')
    expect(person.copies().length === 0, 'the app still runs')
    expect(person.held().length === 0, 'the session stands')
    expect(
      JSON.stringify(person.writes()) === '["clear","clear","clear"]',
      `not three clears: ${person.writes().join()}`,
    )
    return 'signed in, locked, cleared, quit: three clears'
  })

  await check('refuses debuggers and foreign CAs', () => doors(person, 'shut'))

  await check('login from the entry', async () => {
    const count = person.writes().length
    person.logIn()
    await covers(person)
    const screen = await person.screen()
    const { windowsShown } = await screen.call('state')
    expect(windowsShown === 0, `${String(windowsShown)} windows came into sight`)
    expect((await screen.call('tray')).exists, 'no icon in the tray')
    person.otherProgramCalls()
    person.lock()
    await person.until(() => person.held().length === 0, 'the clear of the lock')
    await sleep(QUIET_MS)
    expect(person.writes().length === count + 1, 'more than one clear')
    const after = await screen.call('state')
    expect(after['windowsShown'] === 0, 'a window came into sight later')
    person.unlock()
    return 'hidden, no window shown, cleared at the lock'
  })

  const replace = (what: string, file: string): Promise<boolean> =>
    check(what, async () => {
      await covers(person)
      const [pid] = person.copies()
      person.otherProgramCalls()
      const [before, writes] = [keptBy(person), person.writes().length]
      await manager.install(file)
      await sleep(QUIET_MS)
      expect(person.writes().length === writes && person.held().length === 1, 'something was sent')
      expect(person.copies()[0] === pid && pid !== undefined, 'the running app did not stay')
      expect(keptBy(person) === before, "the person's files were changed")
      expect(existsSync(person.autostartEntry), 'the entry for the login is gone')
      expect(existsSync(LINK) && existsSync(PROGRAM), `${LINK} leads to nothing`)
      expect(
        (await person.command('--clear')).result === 'cleared',
        'the app that runs does not clear any more',
      )
      return 'nothing sent, the app stays'
    })
  await replace('upgrade', newer)
  await replace('downgrade', older)

  await check('removal clears', async () => {
    await covers(person)
    return removeWhileBusy(person, manager.remove)
  })
  await check('removal takes its things along', () => {
    expect(
      !existsSync(FOLDER),
      `${FOLDER} is still there: ${existsSync(FOLDER) ? readdirSync(FOLDER).join() : ''}`,
    )
    expect(!existsSync(LINK), `${LINK} is still there`)
    expect(!existsSync(person.autostartEntry), 'the entry for the login is still there')
    expect(!existsSync(join(person.data, 'tokens.bin')), 'the tokens are still there')
    expect(existsSync(join(person.data, 'settings.json')), 'the settings are gone without being asked for')
  })

  await check('machine-wide login entry', async () => {
    await manager.install(newer)
    person.logIn()
    await sleep(QUIET_MS)
    expect(person.copies().length === 0, 'it starts although nobody has switched it on')
    mkdirSync('/etc/clear-presence', { recursive: true })
    symlinkSync(PROGRAM, SWITCH)
    try {
      person.logIn()
      await answers(person, ['signed-out'])
      const { windowsShown } = await (await person.screen()).call('state')
      expect(windowsShown === 0, 'a window came into sight')
      await person.signIn()
      await covers(person)
      await switchOff(person)
      // A reinstalled app whose user is back: its removal clears once more.
      const told = await removeWhileBusy(person, manager.purge ?? manager.remove)
      expect(!existsSync(MACHINE_WIDE), `${MACHINE_WIDE} is still there`)
      if (manager.purge !== undefined) expect(!existsSync(person.data), `${person.data} is still there`)
      return told
    } finally {
      rmSync('/etc/clear-presence', { recursive: true, force: true })
    }
  })
}

/**
 * Starts the app with everything that opens it to a debugger or to foreign code, and says what came of it.
 * @throws Error when a door isn't as it should be.
 */
export async function doors(person: Person, wanted: 'shut' | 'open'): Promise<string> {
  const trace = join(person.home, 'trace')
  const script = join(person.home, 'foreign.cjs')
  writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(trace)}, '')\n`)
  const { out, exit } = person.start(['--hidden', '--inspect=0', '--remote-debugging-port=0'], {
    NODE_OPTIONS: `--require=${script}`,
    NODE_EXTRA_CA_CERTS: '/nonexistent',
  })
  if (wanted === 'open') await person.until(() => /^DevTools listening/m.test(out()), "Chromium's debugger")
  await answers(person, ['on', 'cleared', 'signed-out'])
  const open = {
    "Node's debugger": /^Debugger listening on ws/m.test(out()),
    "Chromium's debugger": /^DevTools listening on ws/m.test(out()),
    NODE_EXTRA_CA_CERTS: out().includes('extra certs'),
  }
  // Never, whatever the fuse says: Electron takes next to nothing of it in a package.
  expect(!existsSync(trace), 'NODE_OPTIONS loads foreign code')
  for (const [door, isOpen] of Object.entries(open)) {
    expect(isOpen === (wanted === 'open'), `${door} is ${isOpen ? 'open' : 'shut'}`)
  }
  const asNode = person.run(PROGRAM, ['--status'], { ELECTRON_RUN_AS_NODE: '1' })
  await asNode.exit
  expect(asNode.out().includes('"command":"status"'), 'ELECTRON_RUN_AS_NODE makes it a Node')
  await person.command('--quit')
  await Promise.race([exit, person.until(() => person.copies().length === 0, 'the end')])
  return Object.keys(open).join(', ')
}

/** Switches the start at login off in the app's window, and logs in again: nothing may start then. Starts it by hand at the end. */
async function switchOff(person: Person): Promise<void> {
  const screen = await person.screen()
  person.run(LINK)
  await screen.waitForText('Settings')
  await screen.call('script', {
    code: "for (const each of document.querySelectorAll('details')) each.open = true",
  })
  await screen.call('click', { role: 'switch', name: 'Start when I sign in to this computer' })
  await person.until(
    () => person.reads(person.autostartEntry).includes('Hidden=true'),
    'an entry that hides the other',
  )
  await person.command('--quit')
  person.logIn()
  await sleep(QUIET_MS)
  expect(person.copies().length === 0, 'it starts although the person has switched it off')
  person.start(['--hidden'])
  await covers(person)
}

/** Removes the package while a session stands; answers how long the app took to clear it. */
async function removeWhileBusy(person: Person, remove: () => Promise<string>): Promise<string> {
  person.otherProgramCalls()
  const count = person.writes().length
  const began = performance.now()
  const removed = remove()
  let clearedMs = 0
  await Promise.race([
    removed.then(() => sleep(0)),
    person.until(() => person.held().length === 0, 'the clear'),
  ])
  clearedMs = performance.now() - began
  const filesThere = existsSync(PROGRAM)
  await removed
  expect(person.held().length === 0, 'the session stands')
  expect(filesThere, 'the files were gone before the clear')
  expect(person.writes().length === count + 1, 'not exactly one clear')
  expect(person.copies().length === 0, 'the app still runs')
  return `cleared ${(clearedMs / 1_000).toFixed(1)} s after the command, files still there`
}
