/** The command line: what it asks of the running app, and what it does where none runs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { demoEnv, signInAsBrowser, type Simulator, startSimulator } from '../simulator/index.ts'
import { type Desk, setUpDesk } from './desk.ts'
import { NO_BUS } from './driver.ts'
import { commandFor } from './subject.ts'

interface Ended {
  readonly code: number | null
  readonly reply: unknown
  readonly ms: number
}

/** Starts the app's program once more with these flags, and waits for its end. */
async function command(
  { simulator, folder }: { readonly simulator: Simulator; readonly folder: string },
  ...flags: readonly string[]
): Promise<Ended> {
  const { executable, args, env } = commandFor({ args: [`--user-data-dir=${folder}`, ...flags] })
  const began = performance.now()
  const child = spawn(executable, args, {
    env: { ...process.env, ...NO_BUS, ...demoEnv(simulator), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, reply: out === '' ? null : JSON.parse(out), ms: performance.now() - began }
}

const at = (desk: Desk) => ({ simulator: desk.simulator, folder: desk.app.userDataDir })

async function signedIn(): Promise<Desk> {
  const desk = await setUpDesk()
  await desk.signIn()
  await desk.says(/^On\./)
  return desk
}

it('says that nothing runs, and starts nothing', async () => {
  const simulator = await startSimulator()
  const folder = mkdtempSync(join(tmpdir(), 'command-'))
  onTestFinished(async () => {
    await simulator.close()
    rmSync(folder, { recursive: true, force: true })
  })
  for (const flag of ['--status', '--quit']) {
    expect(await command({ simulator, folder }, flag)).toMatchObject({
      code: 0,
      reply: { result: 'not-running' },
    })
  }
  expect(existsSync(join(folder, 'registry.json'))).toBe(false)
  expect(await command({ simulator, folder }, '--clear', '--quit')).toMatchObject({
    code: 2,
    reply: { result: 'usage' },
  })
  // Nobody has ever signed in: nothing can be cleared, and the process ends.
  expect(await command({ simulator, folder }, '--clear')).toMatchObject({
    code: 3,
    reply: { result: 'signed-out' },
  })
})

it('signs in, tells how things stand, clears and quits the running app', async () => {
  await using desk = await setUpDesk({ args: ['--hidden'] })
  expect(await command(at(desk), '--status')).toMatchObject({ code: 3, reply: { result: 'signed-out' } })
  expect(await command(at(desk), '--clear')).toMatchObject({ code: 3, reply: { result: 'signed-out' } })

  const signingIn = command(at(desk), '--sign-in')
  await desk.until(async () => (await desk.app.opened()).length > 0, 'the browser')
  await signInAsBrowser(desk.simulator, (await desk.app.opened())[0] ?? '')
  expect(await signingIn).toMatchObject({ code: 0, reply: { result: 'signed-in' } })
  expect(await command(at(desk), '--sign-in')).toMatchObject({ code: 0, reply: { result: 'signed-in' } })
  expect(await command(at(desk), '--status')).toMatchObject({
    code: 0,
    reply: { result: 'on', message: expect.stringMatching(/^Demo|^On/) as string },
  })

  desk.otherProgramCalls()
  expect(await command(at(desk), '--clear')).toMatchObject({ code: 0, reply: { result: 'cleared' } })
  expect(desk.held()).toEqual([])

  desk.otherProgramCalls()
  const { app } = desk
  let ended = false
  void app.exit.then(() => {
    ended = true
  })
  const quit = await command(at(desk), '--quit')
  expect(quit).toMatchObject({ code: 0, reply: { result: 'cleared' } })
  await desk.until(() => ended, 'the end of the app')
  expect(await app.exit).toBe(0)
  expect(desk.held()).toEqual([])
  expect(await command(at(desk), '--status')).toMatchObject({ code: 0, reply: { result: 'not-running' } })
  expect(existsSync(join(desk.app.userDataDir, 'control.json'))).toBe(false)
})

it('is no sign that somebody sits here, and says what is still due', async () => {
  await using desk = await signedIn()
  await desk.lock()
  await desk.until(() => desk.settlements().length === 1, 'the clear of the lock')
  desk.simulator.offline(true)
  const { code, reply } = await command(at(desk), '--clear')
  expect({ code, reply }).toMatchObject({ code: 5, reply: { result: 'due' } })
  desk.otherProgramCalls()
  await desk.online()
  // Still away: what is owed is cleared, as nobody has come back.
  await desk.until(() => desk.held().length === 0, 'the clear')
})

it('clears where no app runs, shows nothing, and ends', async () => {
  await using desk = await signedIn()
  await desk.app.quit()
  desk.otherProgramCalls()
  const before = desk.writes().length
  expect(await command(at(desk), '--clear')).toMatchObject({ code: 0, reply: { result: 'cleared' } })
  expect(desk.held()).toEqual([])
  expect(desk.kinds().slice(before)).toEqual(['clear'])
  expect(await command(at(desk), '--status')).toMatchObject({ reply: { result: 'not-running' } })
})

it('quits with the clear still due when Microsoft can not be reached, and the next start makes it', async () => {
  await using desk = await signedIn()
  desk.otherProgramCalls()
  desk.simulator.offline(true)
  expect(await command(at(desk), '--quit')).toMatchObject({ code: 5, reply: { result: 'due' } })
  expect(desk.held()).toHaveLength(1)
  desk.simulator.offline(false)
  await desk.start({ args: ['--hidden'] })
  await desk.until(() => desk.held().length === 0, 'the clear at the next start')
})
