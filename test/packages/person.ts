/** An ordinary user of this machine who is logged in: made for a test, with a desktop that is played, and removed after it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBus } from '../dbus/private-bus.ts'
import { playLogin } from '../dbus/services.ts'
import {
  DEMO_CLIENT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  demoEnv,
  signInAsBrowser,
  type Simulator,
  startSimulator,
} from '../simulator/index.ts'
import { ControlClient } from '../stand-in/control-client.ts'
import { systemStore, WITH_SBIN } from '../e2e/system-store.ts'

/** Longest wait for something that should come at once, ms. */
const PATIENCE_MS = 20_000

/** A program that the person runs. */
export interface Running {
  readonly child: ChildProcess
  /** What it has printed on both streams. */
  out(): string
  /** Its exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>
}

/** What one command of the app's command line answered. */
export interface Answered {
  readonly code: number | null
  readonly result: string
}

/** The person. */
export interface Person extends AsyncDisposable {
  readonly name: string
  readonly home: string
  /** `~/.config/Clear Presence`. */
  readonly data: string
  readonly autostartEntry: string
  readonly simulator: Simulator
  /** Runs a program with the person's rights and environment. */
  run(program: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Running
  /** Runs the app with one of its commands, and reads the one line that it prints. `program` is the installed one by default. */
  command(flag: string, program?: string): Promise<Answered>
  /** Starts the app by hand, and leaves it running. */
  start(args?: readonly string[], env?: Readonly<Record<string, string>>, program?: string): Running
  /** Logs in to the desktop: runs what starts by itself then, the person's own and the machine's, by Debian's `dex`. */
  logIn(): Running
  /** What a person sees of the app that `start` or `logIn` started last: its window and tray. */
  screen(): Promise<ControlClient>
  /** Answers the sign-in page that the app opens in the browser while `ask` goes on. */
  inBrowser(ask: () => Promise<unknown>): Promise<void>
  /** Signs in by the command line and the browser. */
  signIn(program?: string): Promise<void>
  /** Another program with the same registration sets a call. */
  otherProgramCalls(): void
  held(): readonly string[]
  /** Kinds of the presence writes that reached Graph. */
  writes(): readonly string[]
  lock(): void
  unlock(): void
  until(check: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** The text of a file; '' while there is none. */
  reads(path: string): string
  /** Ids of the app's main processes that the person runs. */
  copies(): readonly number[]
}

/** How the app is started by hand: by the link in the PATH. */
const PROGRAM = '/usr/bin/clear-presence'

/** Makes the person. Needs root, and puts the simulator's CA into the system's store. */
export async function createPerson(): Promise<Person> {
  process.env['SYSTEM_CA_STORE'] = '1'
  const name = `presence-test-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'presence-person-'))
  chmodSync(folder, 0o755)
  const home = join(folder, 'home')
  execFileSync('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/sh', name], {
    env: WITH_SBIN,
  })
  const [uid = 0, gid = 0] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8' })),
  )
  const runtime = `/run/user/${String(uid)}`
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  chownSync(runtime, uid, gid)
  const store = systemStore()
  const simulator = await startSimulator({ autoApprove: true })
  store.add(simulator.caPem)
  const [system, session] = await Promise.all([startBus(), startBus()])
  const login = await playLogin(system.address, { sessions: [{ id: '2', uid }] })

  // Takes the place of the browser.
  const opened = join(home, 'opened')
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" >>'${opened}'\n`, { mode: 0o755 })
  chmodSync(join(bin, 'xdg-open'), 0o755)
  const demo = Object.entries(demoEnv(simulator)).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[0] !== 'NODE_EXTRA_CA_CERTS',
  )
  let screens = 0
  const screenFile = (): string => join(home, `screen-${String(screens)}`)
  const newScreen = (): { STAND_IN_CONTROL: string } => {
    screens += 1
    return { STAND_IN_CONTROL: screenFile() }
  }
  const environment = (): Record<string, string> => ({
    ...{ HOME: home, USER: name, LOGNAME: name, PATH: `${bin}:/usr/bin:/bin`, LANG: 'C.UTF-8' },
    ...{ XDG_RUNTIME_DIR: runtime, XDG_SESSION_ID: '2', XDG_CURRENT_DESKTOP: 'KDE' },
    ...{ DBUS_SYSTEM_BUS_ADDRESS: system.address, DBUS_SESSION_BUS_ADDRESS: session.address },
    ...Object.fromEntries(demo),
  })

  const run: Person['run'] = (program, args = [], env = {}) => {
    const child = spawn(program, args, {
      ...{ uid, gid, cwd: home, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...environment(), ...env },
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    }
    const exit = once(child, 'exit').then(([code]) => code as number | null)
    exit.catch(() => undefined) // told to whoever waits for it
    return { child, out: () => text, exit }
  }

  const until: Person['until'] = async (check, what) => {
    const end = performance.now() + PATIENCE_MS
    while (!(await check())) {
      if (performance.now() > end) throw new Error(`${what} did not happen. The app's log ends:\n${logEnd()}`)
      await sleep(50)
    }
  }
  const data = join(home, '.config/Clear Presence')
  const logEnd = (): string => reads(join(data, 'logs/clear-presence.log')).slice(-2_000)

  const command: Person['command'] = async (flag, program = PROGRAM) => {
    const { child, exit } = run(program, [flag])
    let line = ''
    child.stdout?.on('data', (chunk: string) => (line += chunk))
    // A command that hangs must not keep the whole run.
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    const code = await exit
    clearTimeout(late)
    const { result } = JSON.parse(line === '' ? '{"result":"nothing"}' : line) as { result: string }
    return { code, result }
  }

  const inBrowser: Person['inBrowser'] = async (ask) => {
    rmSync(opened, { force: true })
    const asked = ask()
    await until(() => existsSync(opened), 'the browser')
    await signInAsBrowser(simulator, reads(opened).trim())
    await asked
  }

  return {
    ...{ name, home, data, simulator, run, until, command },
    start: (args = [], env = {}, program = PROGRAM) => run(program, args, { ...newScreen(), ...env }),
    logIn: () =>
      run(
        'dex',
        ['-a', '-e', 'KDE', '-s', `${join(home, '.config/autostart')}:/etc/xdg/autostart`],
        newScreen(),
      ),
    autostartEntry: join(home, '.config/autostart/clear-presence.desktop'),
    screen: () => ControlClient.connect(screenFile()),
    inBrowser,
    signIn: (program) =>
      inBrowser(async () => {
        const { result } = await command('--sign-in', program)
        if (result !== 'signed-in') throw new Error(`--sign-in answered ${result}`)
      }),
    otherProgramCalls: () =>
      void simulator.setSession({
        ...{ user: DEMO_USER_NAME, clientId: DEMO_CLIENT_ID, availability: 'Busy', activity: 'InACall' },
        expirationMs: 4 * 3_600_000,
      }),
    held: () =>
      simulator
        .listSessions()
        .filter(({ userId }) => userId === DEMO_USER_ID)
        .map(({ availability, activity }) => `${availability}/${activity}`),
    writes: () =>
      simulator
        .journal()
        .filter(({ kind, method }) => kind === 'graph' && method === 'POST')
        .map(({ path }) => (path.endsWith('/clearPresence') ? 'clear' : 'set')),
    lock() {
      login.signal('Lock')
      login.hint(true)
    },
    unlock() {
      login.signal('Unlock')
      login.hint(false)
    },
    reads,
    copies: () => processes(uid).filter(isMain),
    async [Symbol.asyncDispose]() {
      for (const pid of processes(uid)) killHard(pid)
      await login.leave()
      await Promise.all([system, session].map((bus) => bus[Symbol.asyncDispose]()))
      await simulator.close()
      store[Symbol.dispose]()
      execFileSync('userdel', ['--force', name], { env: WITH_SBIN, stdio: 'ignore' })
      for (const path of [folder, runtime]) rmSync(path, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

function reads(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // not there yet
  }
}

function processes(uid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid === uid)
    .map(Number)
}

/** Whether a process is one of the app's, and no helper of one. */
function isMain(pid: number): boolean {
  try {
    const [first, ...others] = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')
    return first?.endsWith('/clear-presence') === true && !others.some((each) => each.startsWith('--type='))
  } catch {
    return false // it has ended meanwhile
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended meanwhile
  }
}
