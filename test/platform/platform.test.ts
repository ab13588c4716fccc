import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findElectron } from '../stand-in/locate.ts'

/* The platform's parts in a process of their own: quitting, signals, power events, keyring, settings. */

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'platform-'))
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join(import.meta.dirname, 'scenes.ts'),
      outDir: folder,
      rolldownOptions: { external: ['electron'], output: { format: 'cjs', entryFileNames: 'main.cjs' } },
    },
  })
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Played {
  readonly lines: string[]
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly ms: number
}

/** Plays a scene to the end of its process; one that hangs is killed after 30 s and shows it by its signal. */
async function play(
  scene: string,
  env: Readonly<Record<string, string>> = {},
  userData?: string,
): Promise<Played> {
  const own = userData ?? (await mkdtemp(join(folder, 'user-')))
  const { executable } = findElectron('stand-in')
  const child = spawn(executable, [`--user-data-dir=${own}`, join(folder, 'main.cjs')], {
    env: { ...process.env, ...env, SCENE: scene },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const guard = setTimeout(() => child.kill('SIGKILL'), 30_000)
  let out = ''
  let begun = Date.now()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (out === '') begun = Date.now()
    out += text
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (...how) => resolve(how))
  })
  clearTimeout(guard)
  return { lines: out.trim().split('\n').slice(1), code, signal, ms: Date.now() - begun }
}

const SLOW = 60_000

describe.concurrent('quitting', () => {
  it('runs the handlers once and in order, whoever asks again meanwhile', { timeout: SLOW }, async () => {
    const { lines, code } = await play('asked twice')
    expect(lines).toEqual(['first user quit', 'returned', 'second user quit'])
    expect(code).toBe(0)
  })

  it('by a signal is a departure with the shorter limit', { timeout: SLOW }, async () => {
    const { lines, code } = await play('signal')
    expect(lines).toEqual(['report {"type":"leaving","departure":"quit","deadlineMs":3500}'])
    expect(code).toBe(0)
  })

  it('goes on when a handler fails', { timeout: SLOW }, async () => {
    const { lines, code } = await play('handler rejects')
    expect(lines).toEqual(['log quit handler failed', 'second system quit'])
    expect(code).toBe(0)
  })

  it('does not wait for a handler that hangs', { timeout: SLOW }, async () => {
    const { lines, code, ms } = await play('handler hangs')
    expect(lines).toEqual(['log quit handlers took too long'])
    expect(code).toBe(0)
    expect(ms).toBeGreaterThan(3_000)
  })

  // One process's timers fire in their order however late it is: no limit here is a time of this machine's.
  it(
    "gets no more than the system's time when the session ends during a quit",
    { timeout: SLOW },
    async () => {
      const { lines, code } = await play('session end meanwhile')
      expect(lines).toEqual([
        'report {"type":"leaving","departure":"quit","deadlineMs":5000}',
        'report {"type":"leaving","departure":"log-off","deadlineMs":3500}',
        'let go log-off',
        'second system log-off',
      ])
      expect(code).toBe(0)
    },
  )

  it.each([
    'session end meanwhile, handler hangs',
    'signal meanwhile, handler hangs',
    'session end late in a quit',
  ])('does not wait longer for a handler that hangs: %s', { timeout: SLOW }, async (scene) => {
    const { lines, code } = await play(scene)
    expect(lines).toEqual(['log quit handlers took too long'])
    expect(code).toBe(0)
  })

  it('ends by force when even quitting hangs', { timeout: SLOW }, async () => {
    const { lines, code } = await play('quit hangs')
    expect(lines).toEqual(['log quit hangs; ending'])
    expect(code).toBe(1)
  })

  it('ends at once at the second Ctrl+C', { timeout: SLOW }, async () => {
    const { lines, code } = await play('impatient')
    expect(lines).toEqual(['handler'])
    expect(code).toBe(130)
  })
})

describe('the process', () => {
  it('survives what nobody caught', { timeout: SLOW }, async () => {
    const { lines, code } = await play('trouble')
    expect(lines).toEqual(['log unhandled rejection', 'log uncaught exception', 'alive'])
    expect(code).toBe(0)
  })
})

describe.concurrent('power events', () => {
  const lock = (locked: boolean): string =>
    `report {"type":"lock","source":"system-events","locked":${locked}}`
  const polled = 'report {"type":"poll","state":"active","idleSeconds":0}'

  it('on Linux: a held sleep, no lock, a shutdown that waits for us', { timeout: SLOW }, async () => {
    const { lines, code } = await play('power', { STAND_IN_PLATFORM: 'linux' })
    expect(lines).toEqual([
      'report {"type":"suspend","holdMs":3000}',
      'report {"type":"resume"}',
      polled,
      'prevented shutdown',
      'quit system shutdown',
      'first listened to suspend',
    ])
    expect(code).toBe(0)
  })

  it('on macOS: sleep, lock, user switch and shutdown', { timeout: SLOW }, async () => {
    const { lines, code } = await play('power', { STAND_IN_PLATFORM: 'darwin' })
    expect(lines).toEqual([
      'report {"type":"suspend"}',
      'report {"type":"resume"}',
      polled,
      lock(true),
      lock(false),
      'report {"type":"switched","away":true}',
      'report {"type":"switched","away":false}',
      'prevented shutdown',
      'quit system shutdown',
      'first listened to suspend',
    ])
    expect(code).toBe(0)
  })

  it('on Windows: sleep and lock; its shutdown comes another way', { timeout: SLOW }, async () => {
    const { lines } = await play('power', { STAND_IN_PLATFORM: 'win32' })
    expect(lines).toEqual([
      'report {"type":"suspend"}',
      'report {"type":"resume"}',
      polled,
      lock(true),
      lock(false),
      'first listened to suspend',
      'quit system quit',
    ])
  })
})

describe.concurrent('the keyring', () => {
  it.each([
    ['linux', 'gnome_libsecret', ['available', 'a secret']],
    ['linux', 'basic_text', ['missing', 'refused']],
    ['linux', 'unavailable', ['locked', 'refused']],
    ['darwin', 'gnome_libsecret', ['available', 'a secret']],
    ['win32', 'unavailable', ['missing', 'refused']],
  ])('on %s with %s', { timeout: SLOW }, async (platform, keyring, lines) => {
    const played = await play('secrets', { STAND_IN_PLATFORM: platform, STAND_IN_KEYRING: keyring })
    expect(played.lines).toEqual(lines)
  })
})

describe('the settings', () => {
  it('are kept, also after a file that was damaged', { timeout: SLOW }, async () => {
    const userData = await mkdtemp(join(folder, 'user-'))
    await writeFile(join(userData, 'settings.json'), '{"tenant":')
    const { lines } = await play('settings', {}, userData)
    expect(lines[0]).toMatch(/^\{\} \[\{"code":"settings-corrupt"/)
    expect(lines.slice(1)).toEqual(['{"ok":true}', '{"ok":true}', '{"tenant":"contoso.com","hidden":true}'])
    const kept = (await readdir(userData)).filter((name) => name.startsWith('settings.json'))
    expect(kept).toHaveLength(2)
  })
})
