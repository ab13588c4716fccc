/** Builds every part once, in the order in which they need each other. Holds no rule of its own. */
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { PresenceView } from '../shared/snapshot.ts'
import { askRunning } from './control/client.ts'
import { createCommands } from './control/commands.ts'
import { openControl } from './control/server.ts'
import { createApp, type App } from './core/app.ts'
import { createStartAtLogin } from './core/autostart.ts'
import { DEFAULT_ATTENDANCE } from './core/attendance.ts'
import { type ControlReply, exitCodeOf, FOR_RUNNING } from './core/command-line.ts'
import { resolveConfig } from './core/config.ts'
import { createUpdates } from './core/updates.ts'
import { createEngine, type Engine } from './core/engine.ts'
import { PAGE_HOSTS, pageOf } from './core/links.ts'
import { sessionKey, type AccessToken, type Identity, type Route } from './core/model.ts'
import { createHttp } from './graph/http.ts'
import { readPresence } from './graph/read-presence.ts'
import { clouds, createRoutes } from './graph/route.ts'
import { createSender } from './graph/sender.ts'
import { after, createIdentity, NO_TOKENS, NOBODY } from './identity/identity.ts'
import { createClock } from './platform/clock.ts'
import { createIdlePoll } from './platform/departures/idle-poll.ts'
import { watchLinuxDesktop } from './platform/departures/linux-desktop.ts'
import { watchPower } from './platform/departures/power.ts'
import { quitDeparture } from './platform/departures/quit.ts'
import { watchSessionEnd } from './platform/departures/session-end.ts'
import { type Instance, parseFlags } from './platform/instance.ts'
import { createLifecycle } from './platform/lifecycle.ts'
import { createAutostart, openedAtLogin } from './platform/services/autostart.ts'
import { readMachineId } from './platform/services/machine-id.ts'
import { createOpener } from './platform/services/opener.ts'
import { readPolicy } from './platform/services/policy.ts'
import { systemProxy, watchNetwork } from './platform/services/proxy.ts'
import { createSecrets } from './platform/services/secrets.ts'
import { openSettings } from './platform/services/settings-store.ts'
import { createUpdater } from './platform/services/updater.ts'
import { registerScheme } from './platform/shell/app-protocol.ts'
import { createShell, type Shell } from './platform/shell/shell.ts'
import { writeDurable } from './storage/durable-file.ts'
import { createHistoryStore } from './storage/history.ts'
import { createLog } from './storage/log.ts'
import { createRegistryStore } from './storage/registry.ts'

/** How long the start waits for a Linux desktop to tell whether the screen is locked, ms. It usually has by then. */
const DESKTOP_MS = 500

/** How long the command line waits for an app that has just been started to answer, ms. */
const STARTING_MS = 10_000
/** How often it looks, ms. */
const LOOK_MS = 250
/** How long a command waits for a keyring to tell who is signed in, ms. */
const RESTORED_MS = 5_000

/** A process that is not the first: the app that runs does what its command line asks for. */
export async function handOver({ flags, userData, print, leave }: Instance): Promise<void> {
  const [command, other] = flags.commands
  const end = async (reply: ControlReply): Promise<void> => {
    await print(JSON.stringify(reply))
    leave(exitCodeOf(reply))
  }
  if (command === undefined) leave(0)
  else if (other !== undefined) {
    await end({ command: null, result: 'usage', message: `Only one of --${flags.commands.join(', --')}.` })
  } else {
    const forRunning = FOR_RUNNING.includes(command)
    let reply = await askRunning(userData, command)
    // Somebody holds the lock, and may not listen yet.
    const until = performance.now() + STARTING_MS
    while (!forRunning && reply === null && performance.now() < until) {
      await pause(LOOK_MS)
      reply = await askRunning(userData, command)
    }
    await end(
      reply ?? {
        command,
        result: forRunning ? 'not-running' : 'no-answer',
        message: 'Clear Presence is not running.',
      },
    )
  }
}

/** Starts the app in the instance that owns the files. */
export async function startApp(instance: Instance): Promise<void> {
  const { userData: folder, version, flags } = instance
  const [command] = flags.commands
  /** Only clears, and ends: nothing is shown, and the end is no departure. Until somebody starts the app meanwhile. */
  let headless = command === 'clear'
  const { platform, env } = process
  const outFolder = dirname(__dirname)
  registerScheme()

  // Foundations: nothing here talks to the network.
  const clock = createClock()
  const log = createLog({ folder: instance.logs, now: Date.now })
  const lifecycle = createLifecycle({ log })
  const settings = openSettings({ folder, now: Date.now })
  const { config, problems, ignored } = resolveConfig({
    policy: readPolicy({ platform, env, log }),
    flags: flags.hidden ? { hidden: true } : {},
    environment: env,
    settings: settings.values,
  })
  log.info('start', {
    version,
    platform,
    node: process.versions.node,
    electron: process.versions.electron,
  })
  for (const { source, key, why } of ignored) log.warn('setting ignored', { source, key, why })
  const desktop =
    platform === 'linux'
      ? watchLinuxDesktop({ env, pid: process.pid, uid: process.getuid?.() ?? -1, clock, log })
      : null
  await Promise.all([lifecycle.whenReady(), desktop?.known(DESKTOP_MS)])

  // To Microsoft.
  const hosts = clouds[config.cloud]
  const routes = createRoutes({ hosts, env, systemProxy, log })
  const sender = createSender({ workerFile: join(outFolder, 'main', 'sender.worker.js'), log })
  const opener = createOpener({
    hosts: [new URL(hosts.authority).hostname, ...PAGE_HOSTS],
    logFolder: instance.logs,
  })
  const identity =
    config.clientId === null || config.problem !== null
      ? null
      : createIdentity({
          registration: { cloud: config.cloud, tenant: config.tenant, clientId: config.clientId },
          cachePath: join(folder, 'tokens.bin'),
          writeFile: (path, bytes) => writeDurable(path, bytes, 'token-cache-unwritable'),
          secrets: createSecrets({ platform, log }),
          route: (url): Route => routes.current(new URL(url).origin),
          clock,
          log,
          openBrowser: opener.openPage,
          onToken: (who, result) => engine.tokenCame(who, result),
          onDeviceCode: (code) => app.deviceCode(code),
          onProblem: (problem) => engine.addProblem(problem),
          onRestored: signedIn,
        })
  // The way to Microsoft is known before anything asks for it: a proxy may be named by the system only.
  const restoring = routes.refresh().then(() => identity?.restore() ?? NOBODY)

  // The heart.
  const engine: Engine = createEngine(
    {
      clock,
      sender,
      tokens: identity === null ? NO_TOKENS : after(restoring, identity.tokens),
      registry: createRegistryStore({ folder, machineId: readMachineId(), log }),
      history: createHistoryStore({ folder, log }),
      log,
      graphOrigin: (cloud) => clouds[cloud].graph,
      route: () => routes.current(),
    },
    { ...DEFAULT_ATTENDANCE, enabled: config.departures },
  )
  const updates = createUpdates({
    port: config.updates && !headless ? createUpdater({ platform, env, log }) : null,
    clock,
    log,
  })
  const app: App = createApp({
    engine,
    config,
    clock,
    log,
    version,
    lockWatch: desktop?.watch() ?? { kind: 'system-events' },
    startAtLogin: createStartAtLogin({
      port: createAutostart({ platform, env, log }),
      policy: config.startAtLogin,
      answered: config.startAtLoginAnswered,
      keepAnswered: () => settings.save({ startAtLoginAnswered: true }),
      onProblem: engine.addProblem,
    }),
    updates,
    signIn: identity?.signIn ?? null,
    desktop: {
      openLink: (link, verificationUri) => {
        opener
          .openPage(pageOf(link, config, hosts.authority, verificationUri))
          .catch(logged('page not opened'))
      },
      openLogs: () => void opener.openLogs().catch(logged('logs not opened')),
      copy: (text) => void opener.copy(text).catch(logged('not copied')),
      quit: lifecycle.requestQuit,
    },
    readPresence: read,
  })

  // What ends the app: the clear first, then the parts in turn.
  const left = Promise.withResolvers<undefined>()
  const departure = quitDeparture({ report: engine.report, released: engine.released })
  lifecycle.onQuit(async (...how) => {
    if (!headless) await departure(...how)
    left.resolve(undefined)
  })
  desktop?.answerSessionEnd(lifecycle)
  const restored = Promise.withResolvers<undefined>()
  const run = createCommands({
    snapshot: app.snapshot,
    clear: engine.clear,
    released: engine.released,
    signIn() {
      appear({ hidden: false })
      return app.signIn()
    },
    quit() {
      updates.leaveAsItIs()
      lifecycle.requestQuit()
      return left.promise
    },
    restored: Promise.race([restored.promise, pause(RESTORED_MS)]),
    locale: instance.locale,
  })
  const control = openControl({ folder, platform, answer: run, log })
  lifecycle.onQuit(control.close)
  lifecycle.onQuit(async (origin) => {
    engine.stop()
    desktop?.stop()
    updates.stop()
    await Promise.all([sender.close(), identity?.close()])
    // Everything is cleared and closed: an installer may replace the files.
    updates.quitting(origin === 'user')
    log.close()
  })

  // What was there before, and what happens from now on.
  const poll = createIdlePoll({ clock, log, report: engine.report })
  engine.start(poll.readLocked() || desktop?.away() === true)
  // Before the poll looks: it only withdraws its own vote.
  desktop?.begin(engine.report)
  desktop?.onWatch(() => app.lockWatched(desktop.watch()))
  for (const problem of [...settings.problems, ...problems]) {
    if (problem !== config.problem) engine.addProblem(problem)
  }
  const network = watchNetwork({ clock, log, onChange: networkChanged })
  watchPower({
    platform,
    report: engine.report,
    onResume: () => {
      poll.resumed()
      network.check()
      networkChanged()
      updates.resumed()
    },
    endSession: lifecycle.endSession,
  })
  if (platform === 'win32') watchSessionEnd({ report: engine.report, log })
  poll.start()
  updates.start(app.updateReady)
  routes.onChange(engine.networkChanged)

  let shell: Shell | null = null
  function appear({ hidden }: { readonly hidden: boolean }): void {
    headless = false
    shell ??= createShell({ app, log, outFolder, requestQuit: lifecycle.requestQuit })
    if (!hidden) shell.show()
  }
  instance.onSecond((argv) => {
    const later = parseFlags(argv)
    // One with a command asks by the control socket.
    if (later.commands.length === 0) appear(later)
  })
  if (!headless) appear({ hidden: config.hidden || openedAtLogin(platform) })

  // Who is signed in: a keyring may keep us waiting, and all above works meanwhile.
  const { identities, problems: cacheProblems } = await restoring
  for (const problem of cacheProblems) engine.addProblem(problem)
  signedIn(identities)
  restored.resolve(undefined)

  if (command !== undefined) {
    const reply = await run(command)
    await instance.print(JSON.stringify(reply))
    if (headless) lifecycle.quitWith(exitCodeOf(reply))
  }

  function signedIn(accounts: readonly Identity[]): void {
    engine.restored(accounts)
    for (const account of accounts) {
      // A sign-out that aged out meanwhile has just been finished.
      if (engine.state().sessions[sessionKey(account)] !== undefined) identity?.tokens.keep(account)
    }
  }

  function networkChanged(): void {
    engine.networkChanged()
    identity?.tokens.nudge()
    void routes.refresh()
  }

  async function read(who: Identity, { accessToken }: AccessToken): Promise<PresenceView | null> {
    const http = createHttp(routes.current())
    const request = { http, cloud: who.cloud, accessToken, timeoutMs: 10_000, clientRequestId: randomUUID() }
    const reading = await readPresence(request)
    http.close()
    if (reading.type === 'presence') return { ...reading, at: Date.now() }
    log.info('presence not read', { problem: reading.problem.code, detail: reading.problem.detail })
    return null
  }

  function logged(event: string): (error: unknown) => void {
    return (error) => log.warn(event, { error: String(error) })
  }
}
