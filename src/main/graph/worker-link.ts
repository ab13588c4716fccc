/** One run of the sender's worker as main sees it: posts to it, takes its reports, waits for its bell. */
import { MessageChannel, receiveMessageOnPort, Worker, type WorkerOptions } from 'node:worker_threads'
import type { Attempt } from '../core/model.ts'
import {
  BELL,
  createSignals,
  ENDED,
  PONG,
  READY,
  STATE,
  type FromWorker,
  type ToWorker,
} from './sender-protocol.ts'

/** Starts a thread; tests replace it to get at the thread. */
export type StartWorker = (file: string | URL, options: WorkerOptions) => Worker

/** One run of the worker. */
export interface WorkerLink {
  post(message: ToWorker): void
  /** Takes the reports that have arrived and have not been delivered; works while this thread's loop is blocked. */
  take(): readonly Attempt[]
  /** Whether it ever began to listen; before that it has surely sent nothing. */
  wasReady(): boolean
  /** It has ended by itself; known without the event loop. */
  hasEnded(): boolean
  /** Asks for a sign of life and returns its serial. */
  ping(): number
  /** Whether that ping was answered. */
  answered(serial: number): boolean
  /** The bell's number: read it before looking for reports. */
  bell(): number
  /** Blocks until the bell's number differs from `seen`, at most `ms`. */
  waitForBell(seen: number, ms: number): void
  /** Ends the thread. Resolves when it has ended. */
  end(): Promise<void>
}

/** What a link tells its owner. */
export interface LinkEvents {
  onAttempt(attempt: Attempt): void
  /** The thread has ended, by whatever cause; `code` is for the log. */
  onEnd(code: string): void
}

/**
 * Starts a worker and links to it. Neither keeps the process alive.
 * @throws whatever `start` throws when no thread can be made.
 */
export function startWorkerLink(file: string | URL, start: StartWorker, events: LinkEvents): WorkerLink {
  const { port1: port, port2 } = new MessageChannel()
  const signals = createSignals()
  let serial = 0
  let cause = ''
  let worker: Worker
  try {
    worker = start(file, { name: 'sender', workerData: { port: port2, signals }, transferList: [port2] })
  } catch (error) {
    port.close()
    throw error
  }
  worker.on('error', (error) => {
    // The message may quote what the worker was handling: only the name and code go on.
    cause = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown'
  })
  worker.once('exit', (code) => {
    events.onEnd(cause === '' ? `exit ${code}` : cause)
    port.close()
  })
  port.on('message', (message: FromWorker) => events.onAttempt(message.attempt))
  port.unref()
  worker.unref()

  return {
    post: (message) => port.postMessage(message),
    take: () => {
      const attempts: Attempt[] = []
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        attempts.push((next.message as FromWorker).attempt)
      }
      return attempts
    },
    wasReady: () => Atomics.load(signals, STATE) >= READY,
    hasEnded: () => Atomics.load(signals, STATE) === ENDED,
    ping: () => {
      serial += 1
      port.postMessage({ type: 'ping', serial } satisfies ToWorker)
      return serial
    },
    answered: (asked) => Atomics.load(signals, PONG) >= asked,
    bell: () => Atomics.load(signals, BELL),
    waitForBell: (seen, ms) => waitForBell(signals, seen, ms),
    end: async () => {
      await worker.terminate()
    },
  }
}

/** Sleeps where the platform lets this thread sleep, else spins: both end at the bell or after `ms`. */
function waitForBell(signals: Int32Array, seen: number, ms: number): void {
  const until = performance.now() + ms
  try {
    Atomics.wait(signals, BELL, seen, ms)
  } catch {
    while (Atomics.load(signals, BELL) === seen && performance.now() < until);
  }
}

/** Starts a real thread. */
export const startThread: StartWorker = (file, options) => new Worker(file, options)
