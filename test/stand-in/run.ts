import { existsSync, readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installClock } from './clock.ts'
import { host, leaveNow, lifecycle } from './host.ts'
import { unpackAsar } from './package/asar.ts'
import { pose } from './pose.ts'
import { provideElectron } from './hooks.ts'

/*
 * Runs one app as Electron's binary would: poses as the platform, offers the `electron` module, loads what `-r` names,
 * then the app, and says `ready` once the app's main file has been evaluated.
 */

interface Manifest {
  name?: string
  productName?: string
  version?: string
  main?: string
}

if (host.commandLine.version) {
  process.stdout.write(`v${host.electronVersion}\n`)
  process.exit(0)
}

installClock()
pose()
const { electronModule, implemented } = await import('./api/index.ts')
const { parts } = await import('./api/parts.ts')
const { operations } = await import('./control.ts')
const { serveControl } = await import('./control-server.ts')
const app = implemented.app
Object.defineProperty(globalThis, '__standIn', { value: operations })
provideElectron(electronModule())
const require = createRequire(import.meta.url)

// Electron's process lives until it quits, whatever the event loop holds.
setInterval(() => undefined, 0x7fffffff)
handleSignals()
process.exit = ((code?: number) => {
  app.exit(Number(code ?? process.exitCode ?? 0))
}) as typeof process.exit
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') > 1) return
  // Electron shows a box and goes on.
  implemented.dialog.showErrorBox(
    'A JavaScript error occurred in the main process',
    error.stack ?? String(error),
  )
})

const appPath = host.packaged ? unpackAsar(join(host.resources, 'app.asar')) : host.commandLine.appPath
if (appPath === undefined) {
  process.stderr.write('stand-in: no app given. Usage: electron [options] <folder or file>\n')
  leaveNow(1)
}
const { main, folder, manifest } = findApp(resolve(appPath))
app._configure({ name: manifest.productName ?? manifest.name, version: manifest.version, path: folder })
for (const file of host.commandLine.requires) {
  const path = resolve(file)
  require(existsSync(path) ? path : file)
}

const driven = host.commandLine.switches.has('remote-debugging-port')
// Playwright waits for Chromium's line right after the start; without Playwright only a window needs Chromium.
if (driven && !host.packaged) startDrivenBrowser()
const gate = readyGate()
await serveControl()
try {
  await import(pathToFileURL(main).href)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  app.exit(1)
}
// A package's main file may shut this door, as in Electron, which opens it once that file has run.
if (host.packaged && app.commandLine.hasSwitch('remote-debugging-port')) startDrivenBrowser()
await gate
setImmediate(() => app._becomeReady())

function startDrivenBrowser(): void {
  parts.startBrowser().catch((error: unknown) => {
    if (lifecycle.exiting) return
    process.stderr.write(`${String(error)}\n`)
    app.exit(1)
  })
}

/**
 * Under Playwright `ready` waits until it is attached to everything, as its own loader arranges it in Electron. It has no
 * loader in a package.
 */
function readyGate(): Promise<void> {
  if (host.packaged) return Promise.resolve()
  const globals = globalThis as { __playwright_run?: () => void }
  const inspected = process.execArgv.some((argument) => argument.startsWith('--inspect'))
  if (!driven || !inspected || globals.__playwright_run !== undefined) return Promise.resolve()
  return new Promise((done) => (globals.__playwright_run = done))
}

function findApp(path: string): { main: string; folder: string; manifest: Manifest } {
  const file = join(path, 'package.json')
  if (existsSync(file)) {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    return { main: resolveMain(join(path, manifest.main ?? 'index.js')), folder: path, manifest }
  }
  return { main: resolveMain(path), folder: dirname(path), manifest: {} }
}

function resolveMain(path: string): string {
  const resolver = Module as unknown as {
    _resolveFilename: (request: string, parent: null, isMain: boolean) => string
  }
  try {
    return resolver._resolveFilename(path, null, true)
  } catch {
    process.stderr.write(`Unable to find Electron app at ${path}\n`)
    leaveNow(1)
  }
}

/** Electron quits on these unless the app listens itself (Node then replaces Chromium's handlers). */
function handleSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const quit = (): void => {
      if (process.listenerCount(signal) === 1) app.quit()
    }
    process.on(signal, quit)
  }
}
