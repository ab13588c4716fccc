/** The identity part against a simulator through real sockets, with a clock that tests move. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { Clock, Identity, Log, LogData, Secrets, TokenResult } from '../../src/main/core/model.ts'
import { createIdentity, type IdentityOptions, type IdentityPart } from '../../src/main/identity/identity.ts'
import type { Registration } from '../../src/main/identity/msal.ts'
import type { DeviceCode } from '../../src/main/identity/sign-in.ts'
import { writeDurable } from '../../src/main/storage/durable-file.ts'
import type { Problem } from '../../src/shared/problem.ts'
import { DEMO_CLIENT_ID, DEMO_TENANT_ID, DEFAULT_DIRECTORY, type Simulator } from '../simulator/index.ts'

/** The demo tenant's registration. */
export const DEMO: Registration = { cloud: 'global', tenant: DEMO_TENANT_ID, clientId: DEMO_CLIENT_ID }

/** A clock that stands still until it is moved; timers run in their order while it moves. */
export interface TestClock extends Clock {
  /** Moves clock and timers by `ms`, `Date` (which MSAL reads) and the given simulator with them. */
  advance(ms: number, simulator?: Simulator): Promise<void>
  /** Moves only the wall clock, as sleep or a person setting the time does. */
  jump(ms: number, simulator?: Simulator): void
  /** Timers that wait. */
  pending(): number
}

/** Lets what is ready run, sockets included. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

export function createTestClock(): TestClock {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  let wall = Date.now()
  let mono = 0
  let timers: { readonly at: number; readonly callback: () => void }[] = []
  const move = (ms: number, simulator?: Simulator): void => {
    wall += ms
    vi.setSystemTime(wall)
    simulator?.advance(ms)
  }
  return {
    now: () => ({ wall, mono, jitter: 0.5 }),
    after: (ms, callback) => {
      const timer = { at: mono + ms, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance: async (ms, simulator) => {
      const end = mono + ms
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        const at = next?.at ?? end
        move(at - mono, simulator)
        mono = at
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        next.callback()
        await breathe()
      }
      await breathe()
    },
    jump: move,
    pending: () => timers.length,
  }
}

/** A log that is only remembered. */
export interface TestLog extends Log {
  readonly lines: readonly string[]
}

export function createTestLog(): TestLog {
  const lines: string[] = []
  const add =
    (level: string) =>
    (event: string, data: LogData = {}): void => {
      lines.push(`${level} ${event} ${JSON.stringify(data)}`)
    }
  return { lines, info: add('info'), warn: add('warn'), error: add('error') }
}

/** A keyring that can be missing, locked, or silent. */
export interface TestSecrets extends Secrets {
  mode: 'available' | 'missing' | 'locked' | 'hanging'
  /** The user unlocks a hanging keyring. */
  release(): void
}

export function createTestSecrets(): TestSecrets {
  const key = randomBytes(32)
  const waiting: (() => void)[] = []
  const gate = (): Promise<void> => {
    if (secrets.mode === 'hanging') return new Promise((resolve) => waiting.push(resolve))
    if (secrets.mode === 'available') return Promise.resolve()
    return Promise.reject(new Error('no keyring'))
  }
  const secrets: TestSecrets = {
    mode: 'available',
    release: () => {
      secrets.mode = 'available'
      for (const resolve of waiting.splice(0)) resolve()
    },
    status: () => Promise.resolve(secrets.mode === 'hanging' ? 'available' : secrets.mode),
    encrypt: async (plain) => {
      await gate()
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed])
    },
    decrypt: async (sealed) => {
      await gate()
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
      decipher.setAuthTag(sealed.subarray(12, 28))
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8')
    },
  }
  return secrets
}

/** One app's identity part and all it was told. */
export interface TestApp {
  readonly part: IdentityPart
  readonly tokens: { readonly identity: Identity; readonly result: TokenResult }[]
  readonly codes: DeviceCode[]
  readonly problems: Problem[]
  readonly restored: Identity[]
}

/** A simulator, a folder, a clock, a keyring, and apps that start on them one after the other. */
export interface Bench {
  readonly simulator: Simulator
  readonly clock: TestClock
  readonly log: TestLog
  readonly secrets: TestSecrets
  readonly folder: string
  readonly cachePath: string
  /** URLs that the browser was asked to open. */
  readonly opened: string[]
  /** What the browser does with them. */
  browser: (url: string) => Promise<void>
  start(more?: Partial<IdentityOptions>): TestApp
  /** How many requests Entra's token endpoint got. */
  tokenRequests(): number
  close(): Promise<void>
}

/** A bench on a simulator that other tests have used before; what they did to it is undone. */
export function createBench(simulator: Simulator): Bench {
  const clock = createTestClock()
  simulator.removeAllFaults()
  simulator.clearJournal()
  simulator.offline(false)
  simulator.setProxyAuth()
  simulator.setAutoApprove(false)
  simulator.addToDirectory(DEFAULT_DIRECTORY)
  simulator.setTokenLifetime()
  simulator.setTime(Date.now())
  const log = createTestLog()
  const secrets = createTestSecrets()
  const folder = mkdtempSync(join(tmpdir(), 'clear-presence-identity-'))
  const cachePath = join(folder, 'tokens.bin')
  const apps: IdentityPart[] = []
  const bench: Bench = {
    simulator,
    clock,
    log,
    secrets,
    folder,
    cachePath,
    opened: [],
    browser: () => Promise.resolve(),
    start: (more = {}) => {
      const tokens: TestApp['tokens'] = []
      const codes: DeviceCode[] = []
      const problems: Problem[] = []
      const restored: Identity[] = []
      const part = createIdentity({
        registration: DEMO,
        cachePath,
        writeFile: (path, bytes) => writeDurable(path, bytes, 'token-cache-unwritable'),
        secrets,
        route: () => ({ proxyUrl: simulator.proxyUrl, ca: [simulator.caPem] }),
        clock,
        log,
        openBrowser: (url) => {
          bench.opened.push(url)
          return bench.browser(url)
        },
        onToken: (identity, result) => tokens.push({ identity, result }),
        onDeviceCode: (code) => codes.push(code),
        onProblem: (problem) => problems.push(problem),
        onRestored: (identities) => restored.push(...identities),
        ...more,
      })
      apps.push(part)
      return { part, tokens, codes, problems, restored }
    },
    tokenRequests: () =>
      simulator.journal().filter((record) => record.kind === 'entra' && record.path.includes('/token'))
        .length,
    close: async () => {
      secrets.release()
      for (const app of apps) await app.close()
      rmSync(folder, { recursive: true, force: true })
      vi.useRealTimers()
      const all = log.lines.join('\n')
      for (const secret of simulator.issuedTokens()) expect(all).not.toContain(secret)
      expect(all).not.toContain('.example')
    },
  }
  return bench
}
