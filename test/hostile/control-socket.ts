/** The surface of the control socket: another program of the same user talks to the app, or poses as it. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findAddress } from '../../src/main/control/address.ts'
import { askRunning } from '../../src/main/control/client.ts'
import { openControl } from '../../src/main/control/server.ts'
import { COMMANDS, exitCodeOf } from '../../src/main/core/command-line.ts'
import { createRandom, type Random, randomText } from './random.ts'
import { createCounter, type Counter, type Surface } from './tally.ts'

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** One line that is no request. */
function hostileLine(random: Random): string {
  const [command] = COMMANDS
  const kinds: readonly (() => string)[] = [
    () => randomText(random, 200),
    () => JSON.stringify(randomText(random, 50)),
    () => JSON.stringify({ command: randomText(random, 20) }),
    () => JSON.stringify({ command: [command] }),
    () => JSON.stringify({ command: { toString: command } }),
    () => `{"__proto__":{"command":"${command}"}}`,
    () => `{"constructor":{"prototype":{"command":"${command}"}}}`,
    () => `{"command":"${command}"`,
    () => `{"command":"${command}\\u0000"}`,
    () => `{"command":" ${command} "}`,
    () => '['.repeat(10_000),
    () => `{"x":"${'y'.repeat(20_000)}"}`,
  ]
  return random.pick(kinds)().replaceAll('\n', ' ')
}

/** What a caller hears back for one line. */
async function heard(path: string, text: string): Promise<string> {
  const socket = connect(path)
  let answer = ''
  socket.on('error', () => undefined)
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  socket.write(text)
  // Not `once` of node:events: that rejects when the other side resets.
  await new Promise((resolve) => socket.on('close', resolve))
  return answer
}

async function attackServer(folder: string, random: Random, times: number, counter: Counter): Promise<void> {
  let asked = 0
  const server = openControl({
    folder,
    platform: process.platform,
    answer: (command) => {
      asked += 1
      return Promise.resolve({ command, result: 'on', message: 'On.' })
    },
    log: SILENT,
  })
  const path = findAddress(folder) ?? ''
  while ((await askRunning(folder, 'status'))?.result !== 'on') await new Promise(setImmediate)
  asked = 0
  for (let index = 0; index < times; index += 1) {
    const line = hostileLine(random)
    const answer = await heard(path, `${line}\n`)
    if (asked > 0) counter.failed(`${line.slice(0, 80)}: done as a command`)
    else if (answer === '' || answer.includes('"usage"')) counter.refused()
    else counter.failed(`${line.slice(0, 80)}: ${answer.slice(0, 80)}`)
    asked = 0
  }
  // More callers than are let in, each silent.
  const silent = Array.from({ length: 50 }, () => connect(path).on('error', () => undefined))
  await Promise.race([
    Promise.all(silent.slice(8).map((socket) => new Promise((resolve) => socket.on('close', resolve)))),
    new Promise((resolve) => setTimeout(resolve, 1_000)),
  ])
  for (const socket of silent) socket.destroy()
  counter.survived(silent.length)
  const reply = await askRunning(folder, 'status')
  if (reply?.result !== 'on') counter.failed('after silent callers nobody is answered')
  await server.close()
}

/** What a program that poses as the app may send. */
function lies(random: Random): readonly ((caller: Socket) => void)[] {
  return [
    (caller) => caller.destroy(),
    (caller) => caller.end('\n'),
    (caller) => caller.end(`${randomText(random, 500)}\n`),
    (caller) => caller.end('{"result":7,"message":"x"}\n'),
    (caller) => caller.end('null\n'),
    (caller) => caller.end('{"__proto__":{"result":"cleared","message":"x"}}\n'),
    (caller) => caller.write('x'.repeat(1_000_000)),
    (caller) => caller.end(`{"result":"${randomText(random, 20)}","message":"x"}`),
  ]
}

async function attackClient(folder: string, random: Random, times: number, counter: Counter): Promise<void> {
  let lie: (caller: Socket) => void = () => undefined
  const path = join(folder, 'posing.sock')
  const liar = createServer((caller) => {
    caller.on('error', () => undefined)
    caller.once('data', () => lie(caller))
  }).listen(path)
  await once(liar, 'listening')
  writeFileSync(join(folder, 'control.json'), JSON.stringify({ path }))
  for (let index = 0; index < times; index += 1) {
    lie = random.pick(lies(random))
    const reply = await askRunning(folder, 'clear')
    // Nothing that is said this way may look like a clear that has been made.
    if (reply !== null && exitCodeOf(reply) === 0) counter.failed(`a lie was believed: ${reply.result}`)
    else counter.refused()
  }
  liar.close()
  for (const text of ['', '{', '[]', '{"path":7}', '{"path":""}', '{"path":"/dev/null"}', '{"path":"/"}']) {
    writeFileSync(join(folder, 'control.json'), text)
    if ((await askRunning(folder, 'status')) === null) counter.refused()
    else counter.failed(`an address was made of ${text}`)
  }
}

/** Attacks both ends. */
export const attackControl: Surface = async ({ seed, long }) => {
  const counter = createCounter('control socket')
  const random = createRandom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'hostile-control-'))
  try {
    await attackServer(folder, random, long ? 5_000 : 300, counter)
    await attackClient(folder, random, long ? 1_000 : 60, counter)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return counter.tally()
}
