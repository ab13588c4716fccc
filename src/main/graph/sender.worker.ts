/** The sender's thread: makes the attempts on an event loop of its own, so that they go on while main is blocked. */
import { workerData } from 'node:worker_threads'
import {
  ENDED,
  PONG,
  READY,
  ring,
  STATE,
  type FromWorker,
  type ToWorker,
  type WorkerStart,
} from './sender-protocol.ts'
import { createTransport } from './transport.ts'

// Our own main thread is the only one that starts this file; see worker-link.ts.
const { port, signals } = workerData as WorkerStart

const transport = createTransport((attempt) => {
  port.postMessage({ attempt } satisfies FromWorker)
  ring(signals)
})

function obey(message: ToWorker): void {
  switch (message.type) {
    case 'arm':
      transport.arm(message.armament)
      return
    case 'disarm':
      transport.disarm(message.key)
      return
    case 'send':
      transport.send(message.write)
      return
    case 'abort':
      transport.abort(message.id)
      return
    case 'ping':
      Atomics.store(signals, PONG, message.serial)
      ring(signals)
  }
}

process.on('exit', () => {
  Atomics.store(signals, STATE, ENDED)
  ring(signals)
})
Atomics.store(signals, STATE, READY)
ring(signals)
port.on('message', obey)
