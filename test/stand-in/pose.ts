import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import { host } from './host.ts'

/** Builtins that look at `process.platform` once, while they load: they must do so before it is changed. */
const LOAD_FIRST = [
  'path',
  'fs',
  'fs/promises',
  'url',
  'os',
  'net',
  'tls',
  'http',
  'https',
  'http2',
  'child_process',
  'worker_threads',
  'stream',
  'stream/web',
  'dns',
  'dgram',
  'crypto',
  'zlib',
  'readline',
  'util',
  'module',
  'async_hooks',
  'timers/promises',
]

/** Makes the process look like Electron's on the chosen platform. Paths, sockets and signals stay those of this machine. */
export function pose(): void {
  const require = createRequire(import.meta.url)
  for (const name of LOAD_FIRST) require(`node:${name}`)
  // Node loads its fetch on first use.
  Reflect.construct(Request, ['http://first-use.invalid'])

  const define = (name: string, value: unknown): void => {
    Object.defineProperty(process, name, { value, enumerable: true, configurable: true, writable: true })
  }
  define('platform', host.platform)
  define('type', 'browser')
  define('resourcesPath', host.resources)
  if (!host.packaged) define('defaultApp', true)
  define('execPath', host.executable)
  process.argv.splice(0, process.argv.length, host.executable, ...host.args)
  Object.defineProperty(process, 'versions', {
    value: { ...process.versions, electron: host.electronVersion, chrome: host.chromeVersion },
    enumerable: true,
  })
  if (host.platform === 'linux') return
  const kernel = host.platform === 'win32' ? 'Windows_NT' : 'Darwin'
  Object.assign(os, { platform: () => host.platform, type: () => kernel })
  if (host.platform === 'win32') carryNamedPipes()
  syncBuiltinESMExports()
}

/** `\\.\pipe\name` becomes an abstract Unix socket: like a pipe it has no file and vanishes with its process. */
function carryNamedPipes(): void {
  const translate = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/^\\\\[.?]\\pipe\\/i, '\0stand-in-pipe-')
    if (typeof value === 'object' && value !== null && 'path' in value)
      return { ...value, path: translate(value.path) }
    return value
  }
  const wrap = (prototype: object, name: string): void => {
    const original = Reflect.get(prototype, name) as (...args: unknown[]) => unknown
    Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
      // `net.connect` passes its normalised arguments as one marked array.
      const [first, ...rest] = args
      if (Array.isArray(first)) first[0] = translate(first[0])
      return original.call(this, Array.isArray(first) ? first : translate(first), ...rest)
    })
  }
  wrap(net.Server.prototype, 'listen')
  wrap(net.Socket.prototype, 'connect')
}
