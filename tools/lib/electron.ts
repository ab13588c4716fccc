/** Decides what runs the app: the real Electron if it is there or can be had, else the stand-in. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findElectron, type FoundElectron } from '../../test/stand-in/locate.ts'

/** The platforms the app knows. */
export type Platform = 'win32' | 'darwin' | 'linux'

/** What runs the app, and one line for people that says why. */
export interface Runner {
  readonly kind: 'real' | 'stand-in'
  readonly executable: string
  readonly reason: string
}

/** What the person asked for. */
export interface RunnerWish {
  /** `real`: nothing else will do. `stand-in`: don't look for the real one. */
  readonly wanted: 'either' | 'real' | 'stand-in'
  /** To pose as this platform. Another one than this machine's is possible on the stand-in only. */
  readonly pose: Platform | undefined
}

/** How long the download of Electron's binary (about 110 MB) may take, ms. */
const DOWNLOAD_MS = 180_000
/** How long GitHub may take to show that a download is possible at all, ms. */
const REACH_MS = 4_000
/** How long the binary may take to print its version, ms. */
const PROBE_MS = 15_000

/**
 * Finds what runs the app; `say` is told before anything that takes time.
 * @throws Error saying what to do when the wish can't be fulfilled on this machine.
 */
export async function chooseRunner(wish: RunnerWish, say: (line: string) => void): Promise<Runner> {
  const against = wish.wanted === 'stand-in' ? 'asked for' : await whyNotReal(wish.pose, say)
  if (against === null) return findElectron('real')
  if (wish.wanted === 'real') throw new Error(`The real Electron is needed here, but: ${against}.`)
  if (process.platform === 'win32') {
    throw new Error(`The stand-in for Electron's binary runs on Linux and macOS only, and: ${against}.`)
  }
  return { ...findElectron('stand-in'), reason: `a stand-in for Electron's binary (${against})` }
}

/** Null when the real Electron can run here; fetches its binary if that is possible. */
async function whyNotReal(pose: Platform | undefined, say: (line: string) => void): Promise<string | null> {
  if (pose !== undefined && pose !== process.platform) return `only it can pose as ${pose}`
  if (process.platform === 'linux' && !hasDisplay()) return 'this machine has no display'
  let found = findElectron('either')
  if (found.kind !== 'real') {
    if (!(await canDownload())) {
      return "Electron's binary is not installed and can't be downloaded now; npx install-electron does it"
    }
    say("Downloading Electron's binary (about 110 MB, once) ...")
    const { ok, text } = await run(process.execPath, [electronFile('install.js')], DOWNLOAD_MS)
    found = findElectron('either')
    if (!ok || found.kind !== 'real') {
      return `the download of Electron's binary failed (${lastLine(text)}); npx install-electron tries again`
    }
  }
  return whyNotRunning(found)
}

/** On Linux the binary needs system libraries that a bare machine lacks. */
async function whyNotRunning(found: FoundElectron): Promise<string | null> {
  const { ok, text } = await run(found.executable, ['-p', 'process.versions.electron'], PROBE_MS, {
    ELECTRON_RUN_AS_NODE: '1',
  })
  return ok ? null : `Electron's binary does not start here (${lastLine(text)})`
}

/** Whether this machine can show windows. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true
  return ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (process.env[name] ?? '') !== '')
}

function electronFile(name: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), name)
}

/**
 * Whether Electron's binary could be downloaded now. Offline its installer may take long to notice, so one request asks
 * first. Behind a proxy it can't tell: try.
 */
export async function canDownload(): Promise<boolean> {
  const mirrored = Object.keys(process.env).some((name) => /electron_mirror|^https?_proxy$/i.test(name))
  if (mirrored || process.platform === 'win32') return true
  try {
    await fetch('https://github.com', { method: 'HEAD', signal: AbortSignal.timeout(REACH_MS) })
    return true
  } catch {
    return false // offline: the caller says what that means
  }
}

/** Runs a program to its end, at most `ms`; never rejects. */
function run(
  command: string,
  args: readonly string[],
  ms: number,
  env: Readonly<Record<string, string>> = {},
): Promise<{ ok: boolean; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      timeout: ms,
      killSignal: 'SIGKILL',
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    }
    child.once('error', (error) => {
      resolve({ ok: false, text: error.message })
    })
    child.once('close', (code, signal) => {
      resolve({ ok: code === 0, text: signal === null ? text : `no end within ${ms / 1000} s` })
    })
  })
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
