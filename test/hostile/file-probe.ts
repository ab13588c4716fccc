/**
 * A process of its own that opens the product's files in folders that the test prepared: what hangs or dies there costs
 * only this process. Reads `<file> <folder>` lines from stdin; prints one line of JSON as each begins and as it ends.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Log } from '../../src/main/core/model.ts'
import { createTokenCache } from '../../src/main/identity/token-cache.ts'
import { openSettingsFile } from '../../src/main/platform/services/settings-file.ts'
import { createHistoryStore } from '../../src/main/storage/history.ts'
import { createLog } from '../../src/main/storage/log.ts'
import { writeDurable } from '../../src/main/storage/durable-file.ts'
import { createRegistryStore } from '../../src/main/storage/registry.ts'
import type { Problem } from '../../src/shared/problem.ts'
import { registryOf } from '../storage/sample.ts'
import { createKeyring } from './keyring.ts'

/** What opening, writing and opening again came to. */
export interface Probed {
  /** Codes of the problems that the first opening named. */
  readonly problems: readonly string[]
  /** Whether writing worked, or the code of why not. */
  readonly saved: string
  /** Codes of the problems of a second opening, after the write. */
  readonly again: readonly string[]
  readonly ms: number
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const codes = (problems: readonly Problem[]): readonly string[] => problems.map(({ code }) => code)
const said = (result: { readonly ok: boolean; readonly problem?: Problem }): string =>
  result.ok ? 'ok' : (result.problem?.code ?? 'no reason')

type Opened = Omit<Probed, 'ms'>

function registry(folder: string): Opened {
  const open = () => createRegistryStore({ folder, machineId: 'here' })
  const store = open()
  const problems = codes(store.load().problems)
  const saved = said(store.save(registryOf(7, 2)))
  return { problems, saved, again: codes(open().load().problems) }
}

function history(folder: string): Opened {
  const open = () => createHistoryStore({ folder })
  const store = open()
  const problems = codes(store.load().problems)
  const saved = said(store.add({ at: 1, departure: 'lock', settlement: 'cleared', tookMs: 1 }))
  return { problems, saved, again: codes(open().load().problems) }
}

function settings(folder: string): Opened {
  const found = openSettingsFile(folder, Date.now())
  const again = openSettingsFile(folder, Date.now())
  return {
    problems: codes(found.problems),
    saved: found.usable ? 'ok' : 'not usable',
    again: codes(again.problems),
  }
}

async function tokens(folder: string): Promise<Opened> {
  const clock = {
    now: () => ({ wall: Date.now(), mono: performance.now(), jitter: 0.5 }),
    after: (ms: number, callback: () => void) => {
      const timer = setTimeout(callback, ms)
      return () => clearTimeout(timer)
    },
  }
  const late: Problem[] = []
  const open = () =>
    createTokenCache({
      path: `${folder}/tokens.bin`,
      secrets: createKeyring('hostile'),
      writeFile: (path, bytes) => writeDurable(path, bytes, 'token-cache-unwritable'),
      clock,
      log: silent,
      onProblem: (problem) => late.push(problem),
      onLate: () => undefined,
    })
  const cache = open()
  const problems = codes(await cache.load())
  const identity = {
    cloud: 'global',
    tenantId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
    userId: 'fa8bf3dc-eca7-46b7-bad1-000000000000',
    clientId: '22553876-f5ab-4529-bffb-cfe50aa89f87',
    homeAccountId: 'home',
    username: 'megan@contoso.com',
    name: 'Megan Bowen',
  } as const
  cache.remember({ identity, tenant: 'organizations', brokered: false })
  await cache.flush()
  cache.close()
  const second = open()
  const again = codes(await second.load())
  second.close()
  return { problems, saved: late[0]?.code ?? 'ok', again }
}

function log(folder: string): Opened {
  const file = createLog({ folder: `${folder}/logs`, now: Date.now })
  for (let n = 0; n < 3; n += 1) file.info('line', { n })
  file.close()
  return { problems: [], saved: 'ok', again: [] }
}

const OPEN: Readonly<Record<string, (folder: string) => Opened | Promise<Opened>>> = {
  'registry.json': registry,
  'history.json': history,
  'settings.json': settings,
  'tokens.bin': tokens,
  'logs/clear-presence.log': log,
}

const say = (value: object): void => void writeSync(1, `${JSON.stringify(value)}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const [file = '', folder = ''] = line.split(' ')
  say({ begins: folder })
  const began = performance.now()
  try {
    const opened = await OPEN[file]?.(folder)
    say({ ends: folder, ...opened, ms: Math.round(performance.now() - began) })
  } catch (error) {
    say({ ends: folder, threw: String(error) })
  }
}
say({ peakMb: Math.round(process.resourceUsage().maxRSS / 1024) })
