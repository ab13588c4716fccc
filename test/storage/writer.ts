/**
 * A process of its own that writes the real registry or log until it is stopped by force or by what its surroundings
 * allow. Prints one line of JSON per step. Usage: writer.ts <task> <folder>
 */
import { writeSync } from 'node:fs'
import { createHistoryStore } from '../../src/main/storage/history.ts'
import { createLog } from '../../src/main/storage/log.ts'
import { createRegistryStore } from '../../src/main/storage/registry.ts'
import { registryOf } from './sample.ts'

const [task = '', folder = ''] = process.argv.slice(2)

// Root passes every permission check: become nobody, as whom the modes mean something.
if (task.endsWith('-unprivileged') && process.getuid?.() === 0) process.setuid?.(65534)

function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}

switch (task.replace('-unprivileged', '')) {
  case 'for-ever': {
    const store = createRegistryStore({ folder, machineId: 'here' })
    for (let absence = store.load().data.absence + 1; ; absence++) {
      const result = store.save(registryOf(absence))
      if (!result.ok) throw new Error(result.problem.detail ?? '')
      say(absence)
    }
  }
  case 'save': {
    const store = createRegistryStore({ folder, machineId: 'here' })
    const { data, problems } = store.load()
    say({ absence: data.absence, problems, result: store.save(registryOf(60, 60)) })
    break
  }
  case 'history': {
    const store = createHistoryStore({ folder })
    store.load()
    let result = store.add({ at: 1, departure: 'lock', settlement: 'cleared', tookMs: 1 })
    for (let n = 0; n < 199 && result.ok; n++) {
      result = store.add({
        at: n,
        departure: 'lock',
        settlement: 'not-confirmed',
        tookMs: null,
        problem: { code: 'not-reached', detail: 'x'.repeat(500) },
      })
    }
    say({ result })
    break
  }
  case 'log': {
    const log = createLog({ folder, now: Date.now })
    for (let n = 0; n < 2000; n++) log.info('line', { n, text: 'x y '.repeat(20) })
    say('survived')
    break
  }
  case 'log-and-die': {
    const log = createLog({ folder, now: Date.now })
    for (let n = 0; n < 100; n++) log.info('line', { n })
    process.kill(process.pid, 'SIGKILL')
    break
  }
  default:
    throw new Error(`no task ${task}`)
}
