/** What main and the sender's worker tell each other: messages, and the shared numbers that work while main is blocked. */
import type { MessagePort } from 'node:worker_threads'
import type { Armament, Attempt, PresenceWrite, SessionKey } from '../core/model.ts'

/** What main tells the worker. Tokens travel only in these messages, never in argv, environment or workerData. */
export type ToWorker =
  | { readonly type: 'arm'; readonly armament: Armament }
  | { readonly type: 'disarm'; readonly key: SessionKey }
  | { readonly type: 'send'; readonly write: PresenceWrite }
  | { readonly type: 'abort'; readonly id: number }
  /** The worker stores `serial` in PONG: a blocked main can tell that it is alive. */
  | { readonly type: 'ping'; readonly serial: number }

/** What the worker tells main. */
export interface FromWorker {
  readonly attempt: Attempt
}

/** What the worker is started with. */
export interface WorkerStart {
  readonly port: MessagePort
  /** Shared; see the indexes below. */
  readonly signals: Int32Array
}

/** Index of a number that grows, and wakes who waits on it, with every report, pong and the end of the worker. */
export const BELL = 0
/** Index of the serial of the last ping that was answered. */
export const PONG = 1
/** Index of the worker's state: 0 starting, READY, ENDED. */
export const STATE = 2
/** It listens: what it was sent may have been done. */
export const READY = 1
/** It has ended by itself. */
export const ENDED = 2

/** New shared numbers. */
export function createSignals(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT))
}

/** Rings the bell. */
export function ring(signals: Int32Array): void {
  Atomics.add(signals, BELL, 1)
  Atomics.notify(signals, BELL)
}
