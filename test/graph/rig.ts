/** What the tests of graph/ stand on: the simulator on its own thread, and a sender with a real worker. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type {
  Armament,
  Attempt,
  AttemptResult,
  Log,
  PresenceWrite,
  Route,
  Sender,
} from '../../src/main/core/model.ts'
import { createSender, type SenderOptions } from '../../src/main/graph/sender.ts'
import { connectControl, type ControlClient } from '../simulator/index.ts'
import { DEMO_CLIENT_ID, DEMO_USER_ID, DEMO_USER_NAME } from '../simulator/directory.ts'

export const KEY = 'session-under-test'
export const WORKER_FILE = new URL('../../src/main/graph/sender.worker.ts', import.meta.url)

/** A simulator that answers while the test's own thread is blocked. */
export interface Remote {
  readonly control: ControlClient
  readonly route: Route
  readonly proxyUrl: string
  close(): Promise<void>
}

/** Starts it. */
export async function startRemote(): Promise<Remote> {
  const thread = new Worker(new URL('./simulator.worker.ts', import.meta.url))
  const [started] = (await once(thread, 'message')) as [
    { proxyUrl: string; caPem: string; controlUrl: string },
  ]
  return {
    control: connectControl(started.controlUrl),
    route: { proxyUrl: started.proxyUrl, ca: [started.caPem] },
    proxyUrl: started.proxyUrl,
    close: async () => {
      const exit = once(thread, 'exit')
      thread.postMessage('close')
      await exit
    },
  }
}

/** Everything logged, as one text a test can search for secrets. */
export interface CapturedLog extends Log {
  readonly lines: string[]
}

export function captureLog(): CapturedLog {
  const lines: string[] = []
  const line =
    (level: string) =>
    (event: string, data?: unknown): void => {
      lines.push(`${level} ${event} ${JSON.stringify(data ?? {})}`)
    }
  return { lines, info: line('info'), warn: line('warn'), error: line('error') }
}

/** A sender whose worker and attempts the test can get at. */
export interface Rig {
  readonly sender: Sender
  readonly log: CapturedLog
  /** The runs of the worker, oldest first. */
  readonly workers: Worker[]
  /** Every attempt delivered to the listener. */
  readonly delivered: Attempt[]
  /** The next write's id. */
  write(body: PresenceWrite['body'], timeoutMs?: number): PresenceWrite
  /** Sends and resolves with the attempt when it is delivered. */
  attempt(body: PresenceWrite['body'], timeoutMs?: number): Promise<Attempt>
  delivery(id: number, timeoutMs?: number): Promise<Attempt>
  /** Kills the running worker and resolves when it is gone. */
  kill(): Promise<void>
}

let lastId = 0

export function createRig(options: Partial<SenderOptions> = {}): Rig {
  const log = captureLog()
  const workers: Worker[] = []
  const delivered: Attempt[] = []
  const waiting = new Set<(attempt: Attempt) => void>()
  const sender = createSender({
    workerFile: WORKER_FILE,
    log,
    startWorker: (file, workerOptions) => {
      const worker = new Worker(file, workerOptions)
      workers.push(worker)
      return worker
    },
    ...options,
  })
  sender.onAttempt((attempt) => {
    delivered.push(attempt)
    for (const wake of waiting) wake(attempt)
  })
  const delivery = (id: number, timeoutMs = 20_000): Promise<Attempt> =>
    new Promise((resolve, reject) => {
      const found = delivered.find((attempt) => attempt.id === id)
      if (found !== undefined) {
        resolve(found)
        return
      }
      const timer = setTimeout(() => {
        waiting.delete(wake)
        reject(new Error(`attempt ${id} was not delivered within ${timeoutMs} ms:\n${log.lines.join('\n')}`))
      }, timeoutMs)
      const wake = (attempt: Attempt): void => {
        if (attempt.id !== id) return
        clearTimeout(timer)
        waiting.delete(wake)
        resolve(attempt)
      }
      waiting.add(wake)
    })
  const write = (body: PresenceWrite['body'], timeoutMs = 10_000): PresenceWrite => ({
    id: (lastId += 1),
    key: KEY,
    body,
    timeoutMs,
  })
  return {
    sender,
    log,
    workers,
    delivered,
    write,
    attempt: (body, timeoutMs) => {
      const next = write(body, timeoutMs)
      sender.send(next)
      return delivery(next.id)
    },
    delivery,
    kill: async () => {
      await workers.at(-1)!.terminate()
    },
  }
}

export const CLEAR: PresenceWrite['body'] = { kind: 'clear' }
export const SET: PresenceWrite['body'] = { kind: 'set', pair: 'Busy/InACall', leaseMs: 15 * 60_000 }

/** What the engine would arm for the demo user. */
export async function armamentOf(remote: Remote, changes: Partial<Armament> = {}): Promise<Armament> {
  return {
    key: KEY,
    graphOrigin: 'https://graph.microsoft.com',
    userId: DEMO_USER_ID,
    clientId: DEMO_CLIENT_ID,
    accessToken: await remote.control.issueToken({ user: DEMO_USER_NAME, clientId: DEMO_CLIENT_ID }),
    route: remote.route,
    ...changes,
  }
}

/** The answer in a result; a failure fails the test with what it was. */
export function answerIn(result: AttemptResult): Extract<AttemptResult, { type: 'answer' }> {
  if (result.type === 'answer') return result
  throw new Error(`expected an answer, got ${JSON.stringify(result)}`)
}

/** Resolves once `condition` holds; rejects after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${String(condition)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Waits until the worker has a connection open ahead of need. */
export async function untilWarm(remote: Remote): Promise<void> {
  await until(async () => (await remote.control.connections()) > 0)
  // The tunnel stands a moment before the handshake through it is done.
  await new Promise((resolve) => setTimeout(resolve, 200))
}
