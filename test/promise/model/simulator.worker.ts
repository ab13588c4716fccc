/** The simulator on a thread of its own. Its clock is set by messages, so that hours cost no requests. */
import { parentPort } from 'node:worker_threads'
import { startSimulator } from '../../simulator/index.ts'

/** What the thread is told: the simulator's time, ms since the epoch, or to end. */
export type ToSimulator = { readonly wall: number } | 'close'

const simulator = await startSimulator()
const { proxyUrl, caPem, controlUrl } = simulator
parentPort!.on('message', (message: ToSimulator) => {
  if (message !== 'close') {
    simulator.setTime(message.wall)
    return
  }
  simulator.close().then(
    () => parentPort!.close(),
    (error: unknown) => {
      throw error
    },
  )
})
parentPort!.postMessage({ proxyUrl, caPem, controlUrl })
