import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogData } from '../core/model.ts'
import { createLog, LOG_FILE } from './log.ts'

let parent = ''
let folder = ''
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'log-'))
  folder = join(parent, 'logs')
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 10, 24, 8, 0, 0, 5)
const open = () => createLog({ folder, now: () => NOW })
const newest = (): string => readFileSync(join(folder, LOG_FILE), 'utf8')
interface Line {
  readonly time: string
  readonly level: string
  readonly event: string
  readonly data?: LogData
}
const lines = (): Line[] =>
  newest()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

const TOKEN = `eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.${Buffer.from('{"upn":"megan@contoso.com"}').toString('base64url')}.c2lnbmF0dXJl`

it('writes one JSON line per event, with time and level', () => {
  const log = open()
  log.info('cleared', {
    requestId: '4d4a9e2b-3c5f-4f0e-9d7a-0a1b2c3d4e5f',
    ms: 41,
    warm: true,
    none: null,
    left: undefined,
  })
  log.warn('slow')
  log.error('worker-died', { code: 'ERR_WORKER_OUT_OF_MEMORY' })
  const time = '2026-11-24T08:00:00.005Z'
  expect(lines()).toEqual([
    {
      time,
      level: 'info',
      event: 'cleared',
      data: { requestId: '4d4a9e2b-3c5f-4f0e-9d7a-0a1b2c3d4e5f', ms: 41, warm: true, none: null },
    },
    { time, level: 'warn', event: 'slow' },
    { time, level: 'error', event: 'worker-died', data: { code: 'ERR_WORKER_OUT_OF_MEMORY' } },
  ])
  if (process.platform !== 'win32') expect(statSync(join(folder, LOG_FILE)).mode & 0o777).toBe(0o600)
})

it('keeps a value with line breaks on its line', () => {
  open().error('failed', { detail: 'one\ntwo\r\n{"level":"info"}\u2028three' })
  expect(lines()).toHaveLength(1)
  expect(lines()[0]?.data?.['detail']).toBe('one\ntwo\r\n{"level":"info"}\u2028three')
})

describe('redaction', () => {
  const places: Record<string, (log: ReturnType<typeof open>) => void> = {
    'as a value': (log) => log.info('x', { detail: TOKEN }),
    'inside a value': (log) => log.warn('x', { detail: `failed with "${TOKEN}" at line 7` }),
    'as a key': (log) => log.info('x', { [TOKEN]: 1 }),
    'as the event': (log) => log.error(TOKEN),
    'inside the event': (log) => log.error(`got ${TOKEN}`),
    'in JSON in a value': (log) => log.info('x', { body: JSON.stringify({ a: { access_token: TOKEN } }) }),
    'in a URL': (log) => log.info('x', { url: `https://login.microsoftonline.com/?code=${TOKEN}` }),
    'behind a limit': (log) => log.info('x', { detail: `${'.'.repeat(1990)}${TOKEN}` }),
  }
  it.each(Object.entries(places))('a token %s', (_name, write) => {
    write(open())
    expect(lines()).toHaveLength(1)
    expect(newest(), 'something stands in its place').toMatch(/redacted|removed|…/)
    for (const part of TOKEN.split('.')) expect(newest()).not.toContain(part.slice(0, 16))
  })

  it('hides any text under the name of a secret, and keeps numbers', () => {
    open().info('x', {
      refreshToken: 'short',
      tokenExpiresAt: 5,
      hasToken: true,
      clientInfo: 'x',
      password: '',
    })
    expect(lines()[0]?.data).toEqual({
      refreshToken: '[redacted]',
      tokenExpiresAt: 5,
      hasToken: true,
      clientInfo: '[redacted]',
      password: '',
    })
  })
})

it('bounds a line', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, 'x y '.repeat(100_000)]))
  open().info('e '.repeat(10_000), many)
  expect(newest().length).toBeLessThan(120_000)
  expect(lines()).toHaveLength(1)
})

describe('warnings without end', () => {
  const refused = (log: ReturnType<typeof open>, times: number): void => {
    for (let n = 0; n < times; n++) log.warn('page refused', { what: 'window', url: `https://x/${n}` })
  }
  const told = () => lines().map(({ event, data }) => [event, data?.['event'], data?.['count']])
  const of = (length: number, event: string) => Array.from({ length }, () => [event, undefined, undefined])

  it('of one name are cut to twenty a second, and the rest is counted', () => {
    let mono = 50
    const log = createLog({ folder, now: () => NOW, mono: () => mono })
    refused(log, 5000)
    log.warn('no token')
    log.info('cleared')
    mono += 999
    refused(log, 10)
    expect(told()).toEqual([
      ...of(20, 'page refused'),
      ['no token', undefined, undefined],
      ['cleared', undefined, undefined],
    ])
    mono += 1
    log.info('cleared')
    refused(log, 1)
    expect(told().slice(22)).toEqual([
      ['warnings-left-out', 'page refused', 4990],
      ['cleared', undefined, undefined],
      ['page refused', undefined, undefined],
    ])
  })

  it('are told when the log ends', () => {
    const log = createLog({ folder, now: () => NOW, mono: () => 0 })
    refused(log, 21)
    log.close()
    expect(told().slice(20)).toEqual([['warnings-left-out', 'page refused', 1]])
  })

  it('of ever new names are cut as well', () => {
    const log = createLog({ folder, now: () => NOW, mono: () => 0 })
    for (let n = 0; n < 5000; n++) log.warn(`refused ${n}`)
    expect(lines()).toHaveLength(50 + 20)
    log.close()
    expect(told().slice(70)).toEqual([['warnings-left-out', '(others)', 4930]])
  })

  it('take no time to speak of, however long what they say', () => {
    const log = open()
    const url = `https://x/${'?%3Fa'.repeat(100_000)}`
    const began = performance.now()
    for (let n = 0; n < 10_000; n++) log.warn('page refused', { what: 'window', url })
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

describe('rotation', () => {
  it('keeps five files of at most 1 MB, the newest lines in them', () => {
    const log = open()
    const rest = 'x y '.repeat(450)
    const count = 4000
    for (let n = 0; n < count; n++) log.info('line', { n, rest })
    const names = readdirSync(folder).sort()
    expect(names).toEqual([
      'clear-presence.1.log',
      'clear-presence.2.log',
      'clear-presence.3.log',
      'clear-presence.4.log',
      LOG_FILE,
    ])
    for (const name of names) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1024 * 1024)
    const all = [4, 3, 2, 1]
      .map((n) => readFileSync(join(folder, `clear-presence.${n}.log`), 'utf8'))
      .concat(newest())
      .join('')
    const numbers = all
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Line).data?.['n'])
    expect(numbers.at(-1)).toBe(count - 1)
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => count - numbers.length + n))
  })

  it('goes on where the last process stopped', () => {
    mkdirSync(folder)
    writeFileSync(join(folder, LOG_FILE), 'x'.repeat(1024 * 1024))
    open().info('new')
    expect(lines()).toHaveLength(1)
    expect(readFileSync(join(folder, 'clear-presence.1.log'), 'utf8')).toHaveLength(1024 * 1024)
  })

  it('that is not possible loses no line', () => {
    mkdirSync(join(folder, 'clear-presence.4.log', 'in-the-way'), { recursive: true })
    writeFileSync(join(folder, LOG_FILE), 'x'.repeat(1024 * 1024) + '\n')
    open().info('still here')
    expect(newest()).toContain('still here')
    expect(readdirSync(folder)).toEqual(['clear-presence.4.log', LOG_FILE])
  })
})

describe('trouble', () => {
  it('a folder that is deleted under it is made again', () => {
    const log = open()
    log.info('one')
    rmSync(folder, { recursive: true })
    log.info('two')
    expect(lines().map((line) => line.event)).toEqual(['two'])
  })

  it.skipIf(process.platform === 'win32')('a pipe in the place of the file is not written to', () => {
    mkdirSync(folder)
    execFileSync('mkfifo', [join(folder, LOG_FILE)])
    // Somebody at the other end, so that a log that writes to the pipe fails this test instead of waiting.
    const reader = openSync(join(folder, LOG_FILE), constants.O_RDWR | constants.O_NONBLOCK)
    const log = open()
    log.info('lost')
    expect(() => readSync(reader, Buffer.alloc(100))).toThrow(/EAGAIN/)
    closeSync(reader)
    rmSync(join(folder, LOG_FILE))
    log.info('back')
    expect(lines().map(({ event }) => event)).toEqual(['log-lines-lost', 'back'])
  })

  it.skipIf(process.platform === 'win32')('a link in the place of the file is kept, not followed', () => {
    mkdirSync(folder)
    const precious = join(parent, 'precious')
    writeFileSync(precious, 'precious')
    const missing = join(parent, 'missing')
    const log = open()
    for (const target of [precious, missing, join(folder, LOG_FILE), '/dev/null']) {
      rmSync(join(folder, LOG_FILE), { force: true })
      symlinkSync(target, join(folder, LOG_FILE))
      log.info('one')
      log.info('two')
      expect(lstatSync(join(folder, LOG_FILE)).isFile(), target).toBe(true)
      expect(lines().map(({ event }) => event)).toEqual(['log-link-set-aside', 'one', 'two'])
      const kept = String(lines()[0]?.data?.['kept'])
      expect(readlinkSync(join(folder, kept))).toBe(target)
    }
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    expect(existsSync(missing)).toBe(false)
  })

  it.skipIf(process.platform === 'win32')(
    'a link in the place of an old file does not stop the rotation',
    () => {
      mkdirSync(folder)
      symlinkSync('clear-presence.1.log', join(folder, 'clear-presence.1.log'))
      writeFileSync(join(folder, LOG_FILE), 'x'.repeat(1024 * 1024))
      open().info('new')
      expect(lines()).toHaveLength(1)
      expect(statSync(join(folder, 'clear-presence.1.log')).size).toBe(1024 * 1024)
    },
  )

  it('lines that could not be written are counted in the first one that could', () => {
    const log = open()
    mkdirSync(join(folder, LOG_FILE, 'in-the-way'), { recursive: true })
    for (let n = 0; n < 3; n++) expect(() => log.error('lost')).not.toThrow()
    rmSync(join(folder, LOG_FILE), { recursive: true })
    log.info('back')
    log.info('again')
    expect(lines().map((line) => [line.event, line.data])).toEqual([
      ['log-lines-lost', { count: 3 }],
      ['back', undefined],
      ['again', undefined],
    ])
  })

  it('a clock that gives no time costs the time, not the line', () => {
    createLog({ folder, now: () => NaN }).info('x')
    expect(lines()[0]?.time).toBe('1970-01-01T00:00:00.000Z')
  })

  it('writes nothing once closed', () => {
    const log = open()
    log.close()
    log.info('x')
    expect(existsSync(folder)).toBe(false)
  })
})
