import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const STORAGE = resolve(import.meta.dirname, '../../src/main/storage')

/** Runs in a process of its own: what hangs in a system call can't be ended from within. */
async function said(script: string): Promise<string> {
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: STORAGE, timeout: 20_000 })
  return stdout
}

// As an automounter's root does, /proc answers ENOENT to mkdir, although it is there.
it.runIf(process.platform === 'linux')(
  'a folder that can be neither made nor found is a named problem, not a hang',
  async () => {
    const written = await said(`
      import { writeDurable } from './durable-file.ts'
      console.log(JSON.stringify(writeDurable('/proc/x/y/registry.json', 'x', 'registry-unwritable')))`)
    expect(JSON.parse(written)).toEqual({
      ok: false,
      problem: { code: 'registry-unwritable', detail: 'registry.json: ENOENT' },
    })
    const logged = await said(`
      import { createLog } from './log.ts'
      createLog({ folder: '/proc/x/logs', now: Date.now }).info('line')
      console.log('went on')`)
    expect(logged).toBe('went on\n')
  },
)
