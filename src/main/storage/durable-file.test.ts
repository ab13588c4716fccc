import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepAside, keepCopy, readBounded, removeDeadTemps, writeDurable } from './durable-file.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'durable-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = Date.UTC(2026, 0, 31, 12, 0, 0, 123)

describe('writing', () => {
  it('writes the whole file, for this user only, and leaves nothing else behind', () => {
    const path = join(folder, 'deep', 'er', 'a.json')
    const content = 'ä'.repeat(300_000)
    expect(writeDurable(path, content, 'registry-unwritable')).toEqual({ ok: true })
    expect(readFileSync(path, 'utf8')).toBe(content)
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(folder, 'deep', 'er'))).toEqual(['a.json'])
    expect(writeDurable(path, new Uint8Array([1, 2]), 'registry-unwritable')).toEqual({ ok: true })
    expect([...readFileSync(path)]).toEqual([1, 2])
  })

  it('tightens the mode of a file that was open to others', () => {
    const path = join(folder, 'a.json')
    writeFileSync(path, 'old', { mode: 0o644 })
    writeDurable(path, 'new', 'registry-unwritable')
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('reports a folder in the place of the file, leaves it alone and tidies up', () => {
    const path = join(folder, 'a.json')
    mkdirSync(join(path, 'inside'), { recursive: true })
    const result = writeDurable(path, 'x', 'history-unwritable')
    expect(result.ok ? null : result.problem.code).toBe('history-unwritable')
    expect(result.ok ? null : result.problem.detail).toMatch(/^a\.json: E[A-Z]+$/)
    expect(readdirSync(folder)).toEqual(['a.json'])
    expect(existsSync(join(path, 'inside'))).toBe(true)
  })

  it('reports a file in the place of the folder', () => {
    writeFileSync(join(folder, 'not-a-folder'), '')
    const result = writeDurable(join(folder, 'not-a-folder', 'a.json'), 'x', 'registry-unwritable')
    expect(result).toMatchObject({ ok: false, problem: { code: 'registry-unwritable' } })
  })
})

describe('reading', () => {
  it('reads up to the limit and not a byte more', () => {
    const path = join(folder, 'a')
    writeFileSync(path, 'x'.repeat(100))
    expect(readBounded(path, 100)).toEqual({ type: 'bytes', bytes: Buffer.from('x'.repeat(100)) })
    expect(readBounded(path, 99)).toEqual({ type: 'too-big' })
    expect(readBounded(join(folder, 'b'), 99)).toEqual({ type: 'missing' })
    expect(readBounded(folder, 99)).toEqual({ type: 'unreadable', reason: 'EISDIR' })
  })

  it.runIf(process.platform !== 'win32')('does not wait for a named pipe', () => {
    const path = join(folder, 'pipe')
    expect(spawnSync('mkfifo', [path]).status).toBe(0)
    expect(readBounded(path, 99)).toEqual({ type: 'unreadable', reason: 'not a file' })
  })
})

describe('keeping aside', () => {
  it('moves the file to a name that tells when, never over another one', () => {
    const path = join(folder, 'a.json')
    const names = ['one', 'two', 'three'].map((content) => {
      writeFileSync(path, content)
      return keepAside(path, 'corrupt', at)
    })
    expect(names).toEqual([
      'a.json.corrupt-20260131T120000Z',
      'a.json.corrupt-20260131T120000Z-2',
      'a.json.corrupt-20260131T120000Z-3',
    ])
    expect(names.map((name) => readFileSync(join(folder, name ?? ''), 'utf8'))).toEqual([
      'one',
      'two',
      'three',
    ])
    expect(existsSync(path)).toBe(false)
  })

  it('moves a folder as well, and says when there is nothing to move', () => {
    const path = join(folder, 'a.json')
    mkdirSync(join(path, 'inside'), { recursive: true })
    expect(keepAside(path, 'unreadable', at)).toBe('a.json.unreadable-20260131T120000Z')
    expect(existsSync(join(folder, 'a.json.unreadable-20260131T120000Z', 'inside'))).toBe(true)
    expect(keepAside(path, 'unreadable', at)).toBeNull()
  })

  it('copies what was read and leaves the file', () => {
    const path = join(folder, 'a.json')
    writeFileSync(path, 'now')
    expect(keepCopy(path, Buffer.from('as read'), 'corrupt', at)).toBe('a.json.corrupt-20260131T120000Z')
    expect(readFileSync(join(folder, 'a.json.corrupt-20260131T120000Z'), 'utf8')).toBe('as read')
    expect(readFileSync(path, 'utf8')).toBe('now')
  })
})

describe('temporary files', () => {
  it('of dead processes are removed; those of the living and everything else stay', () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    const put = (name: string): void => writeFileSync(join(folder, name), '')
    put(`.a.json.${dead}-0123456789ab.tmp`)
    put(`.a.json.${process.pid}-0123456789ab.tmp`)
    put(`.a.json.${process.ppid}-0123456789ab.tmp`)
    put(`.old.json.${process.ppid}-0123456789ab.tmp`)
    const dayAgo = new Date(Date.now() - 86_400_000)
    utimesSync(join(folder, `.old.json.${process.ppid}-0123456789ab.tmp`), dayAgo, dayAgo)
    put(`a.json.${dead}-0123456789ab.tmp`)
    put(`.a.json.${dead}-0123456789ab.tmp.bak`)
    put('a.json')
    mkdirSync(join(folder, `.dir.${dead}-0123456789ab.tmp`))
    expect(removeDeadTemps(folder, Date.now())).toBe(3)
    expect(readdirSync(folder).sort()).toEqual(
      [
        `.a.json.${process.ppid}-0123456789ab.tmp`,
        `.a.json.${dead}-0123456789ab.tmp.bak`,
        `.dir.${dead}-0123456789ab.tmp`,
        'a.json',
        `a.json.${dead}-0123456789ab.tmp`,
      ].sort(),
    )
  })

  it('are no matter in a folder that is not there', () => {
    expect(removeDeadTemps(join(folder, 'none'), Date.now())).toBe(0)
  })
})
