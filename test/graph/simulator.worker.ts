/** The simulator on a thread of its own, so that it answers while the test's thread is blocked. */
import { parentPort } from 'node:worker_threads'
import { startSimulator } from '../simulator/index.ts'

const simulator = await startSimulator()
const { proxyUrl, caPem, controlUrl } = simulator
parentPort!.postMessage({ proxyUrl, caPem, controlUrl })
parentPort!.once('message', () => {
  simulator.close().then(
    () => parentPort!.close(),
    (error: unknown) => {
      throw error
    },
  )
})
