import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerIn, armamentOf, CLEAR, createRig, startRemote, type Remote } from './rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'clear-presence-worker-'))
let remote: Remote
beforeAll(async () => {
  await build({ configFile: 'worker.vite.config.mts', logLevel: 'warn', build: { outDir: folder } })
  remote = await startRemote()
})
afterAll(async () => {
  await remote.close()
  rmSync(folder, { recursive: true, force: true })
})

it('is one CommonJS file that needs nothing but Node', () => {
  expect(readdirSync(folder)).toEqual(['sender.worker.js'])
  const code = readFileSync(join(folder, 'sender.worker.js'), 'utf8')
  const required = [...code.matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g)].map((match) => match[1] ?? '')
  expect(required).toContain('node:worker_threads')
  expect(required.filter((name) => !isBuiltin(name))).toEqual([])
})

it('writes like its sources', async () => {
  const rig = createRig({ workerFile: join(folder, 'sender.worker.js') })
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
