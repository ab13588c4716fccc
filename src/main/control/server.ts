/** Answers the command line: each connection asks one thing, and hears its reply. */
import { chmodSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { ControlCommand, ControlReply } from '../core/command-line.ts'
import type { Log } from '../core/model.ts'
import { type Address, makeAddress } from './address.ts'
import { LONGEST_LINE, readRequest } from './line.ts'

/** The open door. */
export interface ControlServer {
  /** Lets out the replies that are ready, and closes the door. What is still waited for hears nothing more. */
  close(): Promise<void>
}

/** More callers than this at once are turned away. */
const MOST_CALLERS = 8
/** A caller has this long to ask, ms. */
const ASK_MS = 5_000
/** What a ready reply gets to reach its caller at the end, ms. */
const FLUSH_MS = 250

/** Opens the door. Never throws: the app works without one. `answer` never rejects. */
export function openControl({
  folder,
  platform,
  answer,
  log,
}: {
  readonly folder: string
  readonly platform: NodeJS.Platform
  readonly answer: (command: ControlCommand) => Promise<ControlReply>
  readonly log: Log
}): ControlServer {
  const callers = new Set<Socket>()
  const server = createServer((caller) => {
    callers.add(caller)
    caller.on('close', () => callers.delete(caller))
    // A caller that goes away needs no answer.
    caller.on('error', () => undefined)
    readLine(caller, (line) => void respond(caller, line))
  })
  server.maxConnections = MOST_CALLERS
  // It must not be what keeps the process alive.
  server.unref()
  server.on('error', (error) => log.warn('control socket failed', { error: String(error) }))

  async function respond(caller: Socket, line: string): Promise<void> {
    const command = readRequest(line)
    log.info('command line', { command: command ?? 'not understood' })
    const reply: ControlReply =
      command === null
        ? { command: null, result: 'usage', message: 'Not a command of this version.' }
        : await answer(command)
    if (caller.writable) caller.write(`${JSON.stringify(reply)}\n`)
    // After a quit the end of the process is what ends the connection, and so tells the caller.
    if (command !== 'quit') caller.end()
  }

  let address: Address | null = null
  try {
    const made = makeAddress(folder, platform)
    address = made
    server.listen(made.path)
    // The folder is the user's alone already; a pipe has its own rules.
    if (platform !== 'win32') chmodSync(made.path, 0o600)
  } catch (error) {
    log.warn('no control socket', { error: String(error) })
  }

  return {
    async close() {
      server.close()
      const open = [...callers].filter(({ destroyed }) => !destroyed)
      const flushed = open.map(
        (caller) =>
          new Promise<void>((resolve) => {
            if (caller.writableLength === 0) resolve()
            else caller.once('drain', resolve).once('close', resolve)
          }),
      )
      await Promise.race([Promise.all(flushed), new Promise((resolve) => setTimeout(resolve, FLUSH_MS))])
      address?.remove()
    },
  }
}

/** Hands over the first line; a caller that sends none in time, or too much, is cut off. */
function readLine(caller: Socket, onLine: (line: string) => void): void {
  let text = ''
  const late = setTimeout(() => caller.destroy(), ASK_MS)
  late.unref()
  caller.on('close', () => clearTimeout(late))
  caller.setEncoding('utf8')
  caller.on('data', function take(chunk: string) {
    text += chunk
    const end = text.indexOf('\n')
    if (end === -1 && text.length <= LONGEST_LINE) return
    caller.off('data', take)
    clearTimeout(late)
    if (end === -1) caller.destroy()
    else {
      caller.resume()
      onLine(text.slice(0, end))
    }
  })
}
