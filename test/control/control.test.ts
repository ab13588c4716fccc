/** The control socket: real sockets, both ends, and callers who don't behave. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { findAddress } from '../../src/main/control/address.ts'
import { askRunning } from '../../src/main/control/client.ts'
import { openControl } from '../../src/main/control/server.ts'
import type { ControlCommand, ControlReply } from '../../src/main/core/command-line.ts'

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'control-'))
})

const on = (command: ControlCommand): ControlReply => ({ command, result: 'on', message: 'On.' })

async function open(answer: (command: ControlCommand) => Promise<ControlReply>, at = folder) {
  const server = openControl({ folder: at, platform: 'linux', answer, log: SILENT })
  onTestFinished(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const path = findAddress(at) ?? ''
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 5))
  return { server, path }
}

/** What comes back on a connection of one's own. */
async function say(path: string, text: string | Buffer): Promise<string> {
  const socket = connect(path)
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  socket.on('error', () => undefined)
  socket.write(text)
  // Not `once` of node:events: that rejects when the other side resets.
  await new Promise((resolve) => socket.on('close', resolve))
  return heard
}

describe('the control socket', () => {
  it('answers each command with the reply to it', async () => {
    const asked: ControlCommand[] = []
    await open((command) => {
      asked.push(command)
      return Promise.resolve(on(command))
    })
    expect(await askRunning(folder, 'status')).toEqual(on('status'))
    expect(await askRunning(folder, 'clear')).toEqual(on('clear'))
    expect(asked).toEqual(['status', 'clear'])
  })

  it('is for its user alone, also where the path of the folder is too long for a socket', async () => {
    const deep = join(folder, 'x'.repeat(80), 'y'.repeat(80))
    mkdirSync(deep, { recursive: true })
    const { path, server } = await open((command) => Promise.resolve(on(command)), deep)
    expect(path.length).toBeLessThan(104)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    expect(await askRunning(deep, 'status')).toEqual(on('status'))
    await server.close()
    expect(existsSync(join(path, '..'))).toBe(false)
  })

  it('takes the place of one that a killed process left behind', async () => {
    writeFileSync(join(folder, 'control.sock'), '')
    writeFileSync(join(folder, 'control.json'), 'not JSON')
    await open((command) => Promise.resolve(on(command)))
    expect(await askRunning(folder, 'status')).toEqual(on('status'))
  })

  it('is answered by nobody once it is closed, or was never there', async () => {
    expect(await askRunning(folder, 'status')).toBeNull()
    const { server } = await open((command) => Promise.resolve(on(command)))
    await server.close()
    expect(await askRunning(folder, 'status')).toBeNull()
    writeFileSync(join(folder, 'control.json'), JSON.stringify({ path: join(folder, 'control.sock') }))
    expect(await askRunning(folder, 'status')).toBeNull()
  })

  it.each([
    ['no JSON', 'hello\n'],
    ['another command', '{"command":"format-disk"}\n'],
    ['a prototype key', '{"__proto__":{"command":"quit"}}\n'],
    ['another type', '{"command":["quit"]}\n'],
    ['no bytes of a text', Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
  ])('does nothing for %s', async (_what, text) => {
    const asked: ControlCommand[] = []
    const { path } = await open((command) => {
      asked.push(command)
      return Promise.resolve(on(command))
    })
    expect(JSON.parse(await say(path, text))).toMatchObject({ command: null, result: 'usage' })
    expect(asked).toEqual([])
  })

  it('cuts off who sends without an end, and goes on', async () => {
    const { path } = await open((command) => Promise.resolve(on(command)))
    expect(await say(path, 'x'.repeat(100_000))).toBe('')
    expect(await askRunning(folder, 'status')).toEqual(on('status'))
  })

  it('survives who leaves before the reply', async () => {
    let answer = (): void => undefined
    const { path } = await open(
      (command) =>
        new Promise((resolve) => {
          answer = () => resolve(on(command))
        }),
    )
    const socket = connect(path)
    socket.write('{"command":"clear"}\n')
    await once(socket, 'connect')
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    answer()
    const asking = askRunning(folder, 'status')
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer()
    expect(await asking).toEqual(on('status'))
  })

  it('keeps the caller of a quit until the process ends', async () => {
    const app = await inProcess("Promise.resolve({ command, result: 'on', message: 'On.' })")
    let ended = false
    const asking = askRunning(folder, 'quit').then((reply) => {
      ended = true
      return reply
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(ended).toBe(false)
    app.kill('SIGKILL')
    expect(await asking).toMatchObject({ result: 'on' })
  })

  it('says so when the app dies before it answers, and that it does not run afterwards', async () => {
    const app = await inProcess('new Promise(() => undefined)')
    const asking = askRunning(folder, 'status')
    await new Promise((resolve) => setTimeout(resolve, 200))
    app.kill('SIGKILL')
    expect(await asking).toMatchObject({ result: 'no-answer' })
    if (app.exitCode === null && app.signalCode === null) await once(app, 'exit')
    expect(await askRunning(folder, 'status')).toBeNull()
  })
})

/** The door in a process of its own, which can be killed. */
async function inProcess(answer: string): Promise<ChildProcess> {
  const script = `
    import { openControl } from './server.ts'
    const log = { info() {}, warn() {}, error() {} }
    openControl({ folder: ${JSON.stringify(folder)}, platform: 'linux', answer: (command) => ${answer}, log })
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: join(import.meta.dirname, '../../src/main/control'),
    stdio: 'ignore',
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  while (!existsSync(findAddress(folder) ?? '')) await new Promise((resolve) => setTimeout(resolve, 10))
  return child
}
