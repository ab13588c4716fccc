import { readFileSync, readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerIn, armamentOf, CLEAR, createRig, startRemote, type Remote } from './rig.ts'
import { buildWorker, type WorkerBundle } from './worker-bundle.ts'

let bundle: WorkerBundle
let remote: Remote
beforeAll(async () => {
  bundle = await buildWorker()
  remote = await startRemote()
})
afterAll(async () => {
  await remote.close()
  bundle.remove()
})

it('is one CommonJS file that needs nothing but Node', () => {
  expect(readdirSync(bundle.folder).filter((name) => name.endsWith('.js'))).toEqual(['sender.worker.js'])
  const code = readFileSync(bundle.file, 'utf8')
  const required = [...code.matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g)].map((match) => match[1] ?? '')
  expect(required).toContain('node:worker_threads')
  expect(required.filter((name) => !isBuiltin(name))).toEqual([])
})

it('writes like its sources', async () => {
  const rig = createRig({ workerFile: bundle.file })
  try {
    rig.sender.arm(await armamentOf(remote))
    const write = rig.write(CLEAR)
    rig.sender.send(write)
    expect(answerIn(rig.sender.hold([write.id], 20_000)[0]!.result).status).toBe(404)
    expect(rig.log.lines).toEqual([])
  } finally {
    await rig.sender.close()
  }
})
