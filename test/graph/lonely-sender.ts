/** A process that clears once, holds for the answer, and then has nothing left to do. Run by sender.test.ts. */
import type { Armament } from '../../src/main/core/model.ts'
import { createSender } from '../../src/main/graph/sender.ts'
import { captureLog, WORKER_FILE } from './rig.ts'

const armament = JSON.parse(process.env['ARMAMENT'] ?? '') as Armament
const sender = createSender({ workerFile: WORKER_FILE, log: captureLog() })
sender.arm(armament)
sender.send({ id: 1, key: armament.key, body: { kind: 'clear' }, timeoutMs: 10_000 })
for (const { result } of sender.hold([1], 20_000))
  console.log(result.type === 'answer' ? result.status : result.stage)
