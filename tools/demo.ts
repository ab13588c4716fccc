/**
 * `npm run demo`: the guided tour without a human. Starts the simulator and the built app, walks through sign-in, sets,
 * departures and quit, prints what Graph held before and after each step, and saves a picture of the window.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { launchApp, type App } from '../test/e2e/driver.ts'
import { startSimulator, type Simulator } from '../test/simulator/index.ts'
import { readFlags, readPlatform, UsageError } from './lib/arguments.ts'
import { ensureBuilt } from './lib/build.ts'
import { demoEnv, demoSessions, DEMO_USER_NAME } from './lib/demo-tenant.ts'
import { chooseRunner, type Platform, type Runner } from './lib/electron.ts'
import { makeScratch } from './lib/scratch.ts'
import { onStop } from './lib/stopping.ts'
import { bold, complain, dim, green, red, say } from './lib/terminal.ts'
import { sayHeads, sayNote } from './lib/timeline.ts'
import { walk } from './lib/tour.ts'

const USAGE = `Usage: npm run demo [-- [--platform=win32|darwin|linux] [--stand-in] [--output=FOLDER]]

  --platform   pose as this operating system (on the stand-in for Electron's binary)
  --stand-in   don't look for the real Electron
  --output     where the pictures go (default: demo-output)`

const SYSTEM: Record<Platform, string> = { win32: 'Windows', darwin: 'macOS', linux: 'Linux' }

const running: { app?: App; simulator?: Simulator; stopped: boolean } = { stopped: false }

/** The app first, then what it talks to. */
async function stop(): Promise<void> {
  await running.app?.dispose()
  await running.simulator?.close()
}

/** Ctrl+C: the app is given the chance to clear and quit, as it would by itself. */
async function stopEarly(why: string): Promise<void> {
  running.stopped = true
  complain(`\n${why}: stopping.`)
  const quit = running.app?.quit(6_000).catch(() => undefined) ?? Promise.resolve()
  await Promise.race([quit, sleep(7_000)])
  await stop()
}

/** An empty folder for the pictures; only pictures of an earlier demo are removed from it. */
function prepareOutput(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) {
    if (/^\d\d-[a-z-]+\.png$/.test(name)) rmSync(join(folder, name))
  }
}

async function main(): Promise<number> {
  const started = performance.now()
  const flags = readFlags(process.argv.slice(2), ['platform=', 'stand-in', 'output=', 'help'])
  if (flags.has('help')) {
    say(USAGE)
    return 0
  }
  const wished = readPlatform(flags)
  const output = join(process.cwd(), String(flags.get('output') ?? 'demo-output'))
  const scratch = makeScratch()
  onStop(stopEarly)
  say(bold('Clear Presence: a guided tour. No person, no Microsoft account and no internet needed.'))
  await ensureBuilt(sayNote)
  const runner: Runner = await chooseRunner(
    { wanted: flags.has('stand-in') ? 'stand-in' : 'either', pose: wished },
    sayNote,
  )
  // Of the systems that the stand-in can pose as, Windows is the one whose lock is seen at once by its own event.
  const platform = wished ?? (runner.kind === 'real' ? thisPlatform() : 'win32')
  process.env['E2E_ELECTRON'] = runner.kind

  const simulator = (running.simulator = await startSimulator())
  say(`  the app     out/main/index.js as built, as on ${SYSTEM[platform]}, run by ${runner.reason}`)
  say('  Microsoft   Entra ID and Graph presence, simulated on this machine over real HTTPS')
  say(`  the person  ${DEMO_USER_NAME}`)
  if (platform === 'linux') {
    say(`  the lock    seen by a look every 15 s${runner.kind === 'real' ? '' : '; the clock is moved on'}`)
  }
  say()
  sayHeads()
  prepareOutput(output)
  let printed = ''
  const { troubles, clears, pictures, orphans } = await walk({
    launch: async () => {
      printed += running.app?.out() ?? ''
      await running.app?.dispose()
      const userDataDir = join(scratch, 'user-data')
      running.app = await launchApp({ platform, userDataDir, env: demoEnv(simulator) })
      return running.app
    },
    simulator,
    output,
    stopped: () => running.stopped,
  })
  if (running.stopped) return stoppedElsewhere()
  const left = demoSessions(simulator).length
  printed += running.app?.out() ?? ''
  await stop()

  say()
  say(dim('A call status that is left behind shows colleagues "Busy" for up to four hours.'))
  say(`Clears answered by Graph: ${clears.length}, taking ${clears.map((ms) => `${ms} ms`).join(', ')}`)
  say(`Left by another program when the app was killed: ${orphans}`)
  say((left === 0 ? green : red)(`sessions left: ${left}`))
  for (const trouble of troubles) complain(red(`failed: ${trouble}`))
  if (troubles.length > 0 && printed.trim() !== '') complain(`The app printed:\n${printed.trimEnd()}`)
  say(`Pictures of the window (${relative(process.cwd(), output) || '.'}):`)
  for (const name of pictures) say(`  ${join(relative(process.cwd(), output), name)}`)
  say(dim(`${((performance.now() - started) / 1000).toFixed(1)} s in all. Try it yourself: npm start`))
  return left === 0 && troubles.length === 0 ? 0 : 1
}

/** Whoever stops the demo early also ends the process. */
function stoppedElsewhere(): Promise<never> {
  return new Promise(() => undefined)
}

function thisPlatform(): Platform {
  const { platform } = process
  if (platform === 'win32' || platform === 'darwin') return platform
  return 'linux'
}

main().then(
  (code) => process.exit(code),
  async (error: unknown) => {
    if (running.stopped) return
    complain(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : red(String(error)))
    await stop().catch((trouble: unknown) => complain(String(trouble)))
    process.exit(error instanceof UsageError ? 2 : 1)
  },
)
