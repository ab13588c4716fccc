/**
 * `npm start`: runs the built app. With a client id configured, against the real Microsoft; with nothing configured,
 * against the demo tenant, with a page on loopback that shows what Graph holds (and, on the stand-in, the window).
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { startSimulator } from '../test/simulator/index.ts'
import { startAppProcess, type AppProcess } from './lib/app-process.ts'
import { readFlags, readPlatform, readPort, UsageError } from './lib/arguments.ts'
import { ensureBuilt } from './lib/build.ts'
import { demoRoutes, type DemoState } from './lib/demo-page.ts'
import { demoEnv, demoSessions, DEMO_USER_NAME } from './lib/demo-tenant.ts'
import { chooseRunner, hasDisplay, type Platform } from './lib/electron.ts'
import { startLocalServer } from './lib/local-server.ts'
import { connectMachine } from './lib/machine.ts'
import { createRelay } from './lib/relay.ts'
import { makeScratch } from './lib/scratch.ts'
import { onStop } from './lib/stopping.ts'
import { createStory, isPresenceWrite, writeLine, type StoryLine } from './lib/story.ts'
import { bold, complain, dim, green, red, say } from './lib/terminal.ts'

const USAGE = `Usage: npm start [-- FLAGS]

With CLEAR_PRESENCE_CLIENT_ID set (and CLEAR_PRESENCE_TENANT), the app runs against Microsoft.
Without, it runs against a demo tenant that is simulated on this machine.

  --demo         the demo tenant, whatever is set
  --no-demo      the real Microsoft, with what the app's settings say
  --stand-in     demo: don't look for the real Electron
  --platform=P   demo, stand-in: pose as win32, darwin or linux (default: win32)
  --port=N       demo: a fixed port for the page (default: a free one)
  --hidden       start without opening the window`

/** The app's own limit for a quit by signal, and room to close, ms (docs/architecture.md, "Departures"). */
const QUIT_MS = 6_000
const SYSTEM: Record<Platform, string> = { win32: 'Windows', darwin: 'macOS', linux: 'Linux' }

/** What must be done before this process may end. */
let stop = (): Promise<void> => Promise.resolve()

/** The app against Microsoft: nothing but the app. */
async function runForReal(flags: ReadonlyMap<string, string | true>): Promise<number> {
  const runner = await chooseRunner({ wanted: 'real', pose: undefined }, say).catch((error: unknown) => {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\nTo try the app without it: npm start -- --demo`,
    )
  })
  await ensureBuilt(sayDim)
  const app = await startAppProcess({ runner, args: flags.has('hidden') ? ['--hidden'] : [] })
  stop = () => app.quit(QUIT_MS)
  const status = await app.exit
  return typeof status === 'number' ? status : 1
}

/** The app against the simulator. Ends with the app on the real Electron, on the stand-in when the person says so. */
async function runDemo(flags: ReadonlyMap<string, string | true>): Promise<number> {
  const wished = readPlatform(flags)
  const runner = await chooseRunner(
    { wanted: flags.has('stand-in') ? 'stand-in' : 'either', pose: wished },
    sayDim,
  )
  await ensureBuilt(sayDim)
  const platform = wished ?? (runner.kind === 'real' ? thisPlatform() : 'win32')
  const scratch = makeScratch()
  const simulator = await startSimulator()
  let app: AppProcess | undefined
  let finish = (): void => undefined
  const finished = new Promise<void>((done) => (finish = done))
  const browser = hasBrowser()

  const state: DemoState = { machine: null, ended: null, runner: runner.reason, system: SYSTEM[platform] }
  const story = createStory(simulator, sayLine)
  const server = await startLocalServer(readPort(flags), (self) => {
    const relay = createRelay(simulator, (number, to) => self.link('/opened', { n: String(number), to }))
    return demoRoutes({
      ...{ server: self, simulator, relay, story, state },
      actions: {
        opened: (_url, address) => {
          if (!browser) say(`  Open it in a browser: ${address}`)
        },
        again: startApp,
        end: () => finish(),
      },
    })
  })
  stop = async () => {
    await app?.quit(QUIT_MS)
    sayLeft()
    await server.close()
    await simulator.close()
  }

  async function startApp(): Promise<void> {
    if (app !== undefined && state.ended === null) return
    state.ended = null
    const controlFile = join(scratch, `control-${Date.now()}`)
    app = await startAppProcess({
      runner,
      lifeline: true,
      electronArgs: [
        ...['-r', join(import.meta.dirname, 'lib/opener.cjs')],
        `--user-data-dir=${join(scratch, 'user-data')}`,
      ],
      args: flags.has('hidden') ? ['--hidden'] : [],
      env: {
        ...demoEnv(simulator),
        DEMO_OPENER: server.address('/opened'),
        DEMO_BROWSER: browser ? 'yes' : 'no',
        ...(runner.kind === 'stand-in' && {
          STAND_IN_PLATFORM: platform,
          STAND_IN_CONTROL: controlFile,
        }),
      },
    })
    const { exit } = app
    void exit.then((status) => {
      state.ended = status
      state.machine = null
      story.tell('app', status === 0 ? 'The app has ended' : `The app has ended with ${status}`)
    })
    if (runner.kind === 'stand-in') {
      const machine = connectMachine(controlFile, platform, simulator)
      const first = await Promise.race([machine, exit])
      machine.catch(() => undefined) // the app ended before it was ready: `exit` tells
      if (typeof first !== 'object') return
      state.machine = first
    }
    story.tell('app', 'The app has started')
  }

  function sayLeft(): void {
    const left = demoSessions(simulator).length
    say((left === 0 ? green : red)(`sessions left: ${left}`))
  }

  say(bold('Clear Presence on the demo tenant: nothing leaves this machine, no real presence is changed.'))
  say(`  the app     out/main/index.js as built, as on ${SYSTEM[platform]}, run by ${runner.reason}`)
  say(`  the person  ${DEMO_USER_NAME}`)
  say(
    runner.kind === 'stand-in'
      ? '  the window  is on this page, with lock, sleep, network, tray and what Graph holds:'
      : '  what Graph holds is on this page:',
  )
  say()
  say(`    ${bold(server.address('/'))}`)
  say()
  if (!browser) {
    say(dim(`  (browser on another machine? ssh -L ${server.port}:127.0.0.1:${server.port} this-machine)`))
  }
  say(dim('  Ctrl+C quits the app, which clears first, and ends the demo.'))
  say()
  const follow = followWrites()
  await startApp()
  if (browser && runner.kind === 'stand-in') openInBrowser(server.address('/'))
  if (runner.kind === 'real') void app?.exit.then(finish)
  await finished
  follow.stop()
  await stop()
  return 0

  /** Prints each write as soon as it is answered. */
  function followWrites(): { stop: () => void } {
    let seq = 0
    const timer = setInterval(() => {
      for (const record of simulator.journal()) {
        if (record.seq <= seq) continue
        if (isPresenceWrite(record)) {
          if (record.outcome === 'open') return
          sayLine(writeLine(record))
        }
        seq = record.seq
      }
    }, 250)
    timer.unref()
    return { stop: () => clearInterval(timer) }
  }
}

const sayDim = (line: string): void => say(dim(line))

function sayLine({ at, kind, text, answer }: StoryLine): void {
  const time = new Date(at).toTimeString().slice(0, 8)
  const line = kind === 'graph' ? `Graph: ${text} -> ${answer ?? ''}` : text
  say(`  ${dim(time)}  ${line}`)
}

/** Whether the person at this machine has a browser that can be opened for them. */
function hasBrowser(): boolean {
  if (process.platform !== 'linux') return true
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return hasDisplay() && folders.some((folder) => existsSync(join(folder, 'xdg-open')))
}

/** Opens an address of this machine; when that fails the printed address still works. */
function openInBrowser(address: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const child = spawn(opener, [address], { stdio: 'ignore', detached: true })
  child.once('error', (error) => complain(dim(`No browser opened: ${error.message}`)))
  child.unref()
}

function thisPlatform(): Platform {
  const { platform } = process
  return platform === 'win32' || platform === 'darwin' ? platform : 'linux'
}

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2), [
    'demo',
    'no-demo',
    'stand-in',
    'platform=',
    'port=',
    'hidden',
    'help',
  ])
  if (flags.has('help')) {
    say(USAGE)
    return 0
  }
  onStop((why) => {
    say(`\n${why}: the app quits.`)
    return stop()
  }, 0)
  readPlatform(flags)
  readPort(flags)
  const configured = (process.env['CLEAR_PRESENCE_CLIENT_ID'] ?? '') !== '' || flags.has('no-demo')
  return configured && !flags.has('demo') ? runForReal(flags) : runDemo(flags)
}

main().then(
  (code) => process.exit(code),
  async (error: unknown) => {
    const usage = error instanceof UsageError
    complain(
      usage ? `${error.message}\n\n${USAGE}` : red(error instanceof Error ? error.message : String(error)),
    )
    await stop().catch((trouble: unknown) => complain(String(trouble)))
    process.exit(usage ? 2 : 1)
  },
)
