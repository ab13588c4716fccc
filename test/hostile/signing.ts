/** Sign-in and tokens as the app builds them, against the simulator and on the real clock, without the rest of the app. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Identity, Log, TokenResult } from '../../src/main/core/model.ts'
import { createIdentity, type IdentityPart } from '../../src/main/identity/identity.ts'
import { writeDurable } from '../../src/main/storage/durable-file.ts'
import { DEMO_CLIENT_ID, DEMO_TENANT_ID, startSimulator, type Simulator } from '../simulator/index.ts'
import { createKeyring } from './keyring.ts'

/** The real clock, without Electron. */
export const realClock: Clock = {
  now: () => ({ wall: Date.now(), mono: performance.now(), jitter: 0.5 }),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}

/** A log that is kept as text, to be searched for secrets. */
export function createNotes(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = []
  const note =
    (level: string) =>
    (event: string, data?: object): void =>
      void lines.push(`${level} ${event} ${JSON.stringify(data ?? {})}`)
  return { lines, log: { info: note('info'), warn: note('warn'), error: note('error') } }
}

/** One sign-in part that runs, and what it was told. */
export interface Signing extends AsyncDisposable {
  readonly part: IdentityPart
  readonly opened: string[]
  readonly tokens: { readonly identity: Identity; readonly result: TokenResult }[]
  readonly log: readonly string[]
  /** Resolves with the next URL that the browser is asked to open. */
  browser(): Promise<string>
}

/** Starts the simulator for the attacks on signing in. */
export function startEntra(): Promise<Simulator> {
  return startSimulator({ autoApprove: true, deviceInterval: 0 })
}

/** Builds it in front of a simulator, with an empty token file. */
export async function startSigning(simulator: Simulator): Promise<Signing> {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-sign-in-'))
  const { log, lines } = createNotes()
  const opened: string[] = []
  const tokens: { identity: Identity; result: TokenResult }[] = []
  let arrived: (url: string) => void = () => undefined
  const part = createIdentity({
    registration: { cloud: 'global', tenant: DEMO_TENANT_ID, clientId: DEMO_CLIENT_ID },
    cachePath: join(folder, 'tokens.bin'),
    writeFile: (path, bytes) => writeDurable(path, bytes, 'token-cache-unwritable'),
    secrets: createKeyring('hostile'),
    route: () => ({ proxyUrl: simulator.proxyUrl, ca: [simulator.caPem] }),
    clock: realClock,
    log,
    openBrowser: (url) => {
      opened.push(url)
      arrived(url)
      return Promise.resolve()
    },
    onToken: (identity, result) => tokens.push({ identity, result }),
    onDeviceCode: () => undefined,
    onProblem: () => undefined,
    onRestored: () => undefined,
  })
  await part.restore()
  return {
    part,
    opened,
    tokens,
    log: lines,
    browser: () => new Promise((resolve) => (arrived = resolve)),
    [Symbol.asyncDispose]: async () => {
      await part.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
