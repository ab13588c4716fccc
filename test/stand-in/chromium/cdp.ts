import type { Readable, Writable } from 'node:stream'
import type { Protocol } from './protocol.ts'

type Commands = Protocol.CommandParameters
type Answers = Protocol.CommandReturnValues
type Events = Protocol.EventMap
/** A command of the DevTools protocol. */
export type Command = keyof Commands & keyof Answers

interface Message {
  id?: number
  method?: string
  params?: unknown
  result?: unknown
  error?: { message: string }
  sessionId?: string
}

interface Waiting {
  resolve: (value: never) => void
  reject: (error: Error) => void
  method: string
}

/** One session of the protocol: the browser itself (empty id) or one attached page. */
export class CdpSession {
  readonly id: string
  private readonly connection: CdpConnection
  private readonly handlers = new Map<string, Set<(params: never) => void>>()

  constructor(connection: CdpConnection, id: string) {
    this.connection = connection
    this.id = id
  }

  /** Sends a command; rejects with Chromium's message, or when the browser or the page is gone. */
  send<M extends Command>(method: M, params?: Commands[M]): Promise<Answers[M]> {
    return this.connection.send(this.id, method, params)
  }

  /** Calls `handler` at each event of that name in this session. */
  on<E extends keyof Events>(event: E, handler: (params: Events[E][0]) => void): void {
    const set = this.handlers.get(event) ?? new Set()
    set.add(handler)
    this.handlers.set(event, set)
  }

  /** Hands one event to the handlers. Used by the connection. */
  dispatch(event: string, params: unknown): void {
    for (const handler of this.handlers.get(event) ?? []) handler(params as never)
  }
}

/** Speaks the DevTools protocol over Chromium's `--remote-debugging-pipe` (messages end with a NUL). */
export class CdpConnection {
  readonly root: CdpSession
  private readonly writer: Writable
  private readonly sessions = new Map<string, CdpSession>()
  private readonly waiting = new Map<number, Waiting & { sessionId: string }>()
  private lastId = 0
  closed = false
  /** Called once when the other end is gone. */
  onClose: () => void = () => undefined

  constructor(writer: Writable, reader: Readable) {
    this.writer = writer
    this.root = this.session('')
    let chunks: Buffer[] = []
    reader.on('data', (chunk: Buffer) => {
      let start = 0
      for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
        chunks.push(chunk.subarray(start, end))
        this.receive(Buffer.concat(chunks).toString('utf8'))
        chunks = []
        start = end + 1
      }
      if (start < chunk.length) chunks.push(chunk.subarray(start))
    })
    reader.on('close', () => {
      this.close()
    })
    const ignore = (): void => undefined // a broken pipe is reported by the reader's close
    writer.on('error', ignore)
    reader.on('error', ignore)
  }

  /** The session with that id, made on first use. */
  session(id: string): CdpSession {
    const known = this.sessions.get(id)
    if (known !== undefined) return known
    const made = new CdpSession(this, id)
    this.sessions.set(id, made)
    return made
  }

  /** Forgets a session and rejects what it still waits for. */
  drop(id: string): void {
    this.sessions.delete(id)
    for (const [key, entry] of this.waiting) {
      if (entry.sessionId !== id) continue
      this.waiting.delete(key)
      entry.reject(new Error(`${entry.method}: the page is gone`))
    }
  }

  /** Sends one command in one session. */
  send<M extends Command>(sessionId: string, method: M, params?: Commands[M]): Promise<Answers[M]> {
    if (this.closed) return Promise.reject(new Error(`${method}: the browser is gone`))
    const id = ++this.lastId
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, method, sessionId })
      this.writer.write(JSON.stringify({ id, method, params, ...(sessionId !== '' && { sessionId }) }) + '\0')
    })
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as Message
    if (message.id === undefined) {
      if (message.method !== undefined) {
        this.sessions.get(message.sessionId ?? '')?.dispatch(message.method, message.params)
      }
      return
    }
    const entry = this.waiting.get(message.id)
    if (entry === undefined) return
    this.waiting.delete(message.id)
    if (message.error === undefined) entry.resolve(message.result as never)
    else entry.reject(new Error(`${entry.method}: ${message.error.message}`))
  }

  private close(): void {
    if (this.closed) return
    this.closed = true
    for (const entry of this.waiting.values()) entry.reject(new Error(`${entry.method}: the browser is gone`))
    this.waiting.clear()
    this.onClose()
  }
}
