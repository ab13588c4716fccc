/**
 * MSAL's token cache: memory first, decrypted once at start, written on change, and never in plain text on disk.
 * A keyring that is missing, locked or silent costs the file, not the sign-in.
 */
import { readFile, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ICachePlugin } from '@azure/msal-node'
import type { Clock, Identity, Log, SaveResult, Secrets } from '../core/model.ts'
import type { Problem } from '../../shared/problem.ts'
import { createCachePlugin } from './cache-plugin.ts'
import {
  EMPTY_CONTENT,
  parseContent,
  serializeContent,
  type CacheContent,
  type Remembered,
} from './token-file.ts'
import { within } from './within.ts'

/** A locked keyring may ask the user for a password that nobody is there to type. */
const KEYRING_MS = 10_000
/** When a locked keyring is looked at again: soon if that asks nobody anything, later if it may show a prompt again. */
const RETRY_MS = 30_000
const RETRY_PROMPT_MS = 300_000
/** A write that failed is tried again after this time, or with the next change. */
const REWRITE_MS = 300_000
/** Foreign bytes are refused at once; a refusal after this time was a prompt that was dismissed or never answered. */
const PROMPT_MS = 3_000
/** One account is about 4 KB. */
const MAX_FILE_BYTES = 4_000_000

/** What the cache needs. */
export interface TokenCacheOptions {
  /** `<userData>/tokens.bin`. */
  readonly path: string
  readonly secrets: Secrets
  /** Atomic, durable, mode 0600; on failure the old file is intact. Never throws. */
  writeFile(path: string, bytes: Uint8Array): SaveResult
  readonly clock: Clock
  readonly log: Log
  /** Trouble found after `load` returned. The same code is told again only after it has healed. */
  onProblem(problem: Problem): void
  /** Accounts that turned up after `load` gave up waiting (the user unlocked the keyring). */
  onLate(): void
}

/** The cache of all accounts. */
export interface TokenCache {
  /** Reads and decrypts the file, within 10 s. Never rejects; without a usable file the cache starts empty. */
  load(): Promise<readonly Problem[]>
  /** MSAL's plugin for the registration (cloud and client id) with this name. */
  plugin(name: string): ICachePlugin
  /** Who has signed in, with the tenant that was configured then. */
  remembered(): readonly Remembered[]
  /** Adds or replaces one account and writes. */
  remember(account: Remembered): void
  /** Takes one account off the list and makes sure that its tokens don't stay on disk. */
  unremember(identity: Identity): void
  /** Resolves when everything changed so far is written, or could not be. */
  flush(): Promise<void>
  /** Stops looking after a locked keyring. */
  close(): void
}

type Lookup =
  | { readonly kind: 'loaded'; readonly content: CacheContent; readonly problems: readonly Problem[] }
  | { readonly kind: 'no-keyring'; readonly problem: Problem; readonly againMs: number | null }

const MISSING: Lookup = { kind: 'no-keyring', problem: { code: 'keyring-missing' }, againMs: null }
const locked = (againMs: number): Lookup => ({
  kind: 'no-keyring',
  problem: { code: 'keyring-locked' },
  againMs,
})

/** The name of a registration's part of the cache. */
export function partName(identity: Pick<Identity, 'cloud' | 'clientId'>): string {
  return `${identity.cloud}|${identity.clientId}`.toLowerCase()
}

/** Whether two identities are the same session's. */
export function sameAccount(a: Identity, b: Identity): boolean {
  return (
    partName(a) === partName(b) &&
    a.userId.toLowerCase() === b.userId.toLowerCase() &&
    a.tenantId.toLowerCase() === b.tenantId.toLowerCase()
  )
}

/** Builds the cache; it is empty until `load`. */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { path, secrets, clock, log } = options
  let content: CacheContent = EMPTY_CONTENT
  let settled = false
  let closed = false
  let dirty = false
  // Sign-outs so far, and how many of them the file on disk has followed.
  let signOuts = 0
  let followed = 0
  let writing: Promise<void> | null = null
  let reported: Problem['code'] | null = null
  let cancelRetry = (): void => undefined
  let cancelRewrite = (): void => undefined

  function report(problem: Problem | null): void {
    if (problem !== null && problem.code !== reported) {
      log.warn('token-cache', { code: problem.code, detail: problem.detail ?? '' })
      options.onProblem(problem)
    }
    reported = problem?.code ?? null
  }

  // ------------------------------------------------------------------------------------------------------- reading

  async function keepAside(why: string): Promise<Problem> {
    const aside = `${basename(path)}.unreadable-${new Date(clock.now().wall).toISOString().replaceAll(/[-:.]/g, '')}`
    log.warn('token-cache-unreadable', { reason: why })
    try {
      await rename(path, join(dirname(path), aside))
    } catch (error) {
      return { code: 'token-cache-unreadable', detail: codeOf(error) }
    }
    return { code: 'token-cache-unreadable', detail: aside }
  }

  async function look(): Promise<Lookup> {
    const status = await secrets.status()
    // Without a keyring the file stays as it is: it may be readable again tomorrow.
    if (status === 'missing') return MISSING
    if (status === 'locked') return locked(RETRY_MS)
    const empty = (...problems: readonly Problem[]): Lookup => ({
      kind: 'loaded',
      content: EMPTY_CONTENT,
      problems,
    })
    let sealed: Uint8Array
    try {
      const file = await stat(path)
      // Reading a named pipe would wait for ever.
      if (!file.isFile() || file.size > MAX_FILE_BYTES) return empty(await keepAside('no file of ours'))
      sealed = await readFile(path)
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? empty() : empty(await keepAside(codeOf(error)))
    }
    let plain: string
    const asked = clock.now().mono
    try {
      plain = await secrets.decrypt(sealed)
    } catch {
      // Refused because it is locked, or because these bytes aren't ours (copied here, system re-installed)?
      if (clock.now().mono - asked >= PROMPT_MS) return locked(RETRY_PROMPT_MS)
      const now = await secrets.status()
      if (now === 'locked') return locked(RETRY_MS)
      if (now === 'missing') return MISSING
      return empty(await keepAside('decrypt'))
    }
    const parsed = parseContent(plain)
    if (parsed === null) return empty(await keepAside('content'))
    return { kind: 'loaded', content: parsed, problems: [] }
  }

  /** Takes over what the file held; what was signed in meanwhile is newer and stays. */
  function adopt(found: CacheContent): void {
    const parts = { ...found.parts, ...content.parts }
    const mine = content.accounts
    const others = found.accounts.filter(
      (account) =>
        !mine.some((other) => sameAccount(other.identity, account.identity)) &&
        (content.parts[partName(account.identity)] ?? '') === '',
    )
    content = { parts, accounts: [...mine, ...others] }
  }

  function take(lookup: Lookup): readonly Problem[] {
    if (lookup.kind === 'loaded') {
      settled = true
      adopt(lookup.content)
      if (dirty) schedule()
      return lookup.problems
    }
    if (lookup.againMs !== null) cancelRetry = clock.after(lookup.againMs, () => void lookAgain())
    else {
      settled = true
      if (dirty) schedule()
    }
    return [lookup.problem]
  }

  /** `look`, with a keyring that throws or answers nonsense treated as one that isn't there. */
  async function lookSafely(): Promise<Lookup> {
    try {
      return await look()
    } catch (error) {
      log.warn('keyring', { code: codeOf(error) })
      return MISSING
    }
  }

  async function lookAgain(): Promise<void> {
    const lookup = await lookSafely()
    if (closed) return
    const before = content.accounts.length
    for (const problem of take(lookup)) report(problem)
    if (lookup.kind === 'loaded') report(lookup.problems[0] ?? null)
    if (content.accounts.length > before) options.onLate()
  }

  async function load(): Promise<readonly Problem[]> {
    const looking = lookSafely()
    const lookup = await within(clock, KEYRING_MS, looking)
    if (lookup !== 'late') {
      const problems = take(lookup)
      reported = problems[0]?.code ?? null
      return problems
    }
    // The keyring asks the user something. What it says in the end is still welcome.
    reported = 'keyring-locked'
    void looking.then((late) => {
      if (closed) return
      const before = content.accounts.length
      report(take(late)[0] ?? null)
      if (content.accounts.length > before) options.onLate()
    })
    return [{ code: 'keyring-locked' }]
  }

  // ------------------------------------------------------------------------------------------------------- writing

  function schedule(): void {
    if (closed) return
    dirty = true
    writing ??= writeAll().finally(() => {
      writing = null
    })
  }

  async function writeAll(): Promise<void> {
    // Until it is known what the file holds, it isn't overwritten, except to get rid of something.
    while (dirty && (settled || followed < signOuts)) {
      dirty = false
      // One that comes during the write isn't in what is written.
      const before = signOuts
      const nobody = content.accounts.length === 0
      const problem = nobody ? await eraseFile() : await writeOnce()
      if (problem === null) followed = before
      else if (followed < signOuts) {
        followed = signOuts
        await eraseFile()
      }
      // Erasing says nothing about the keyring.
      if (!nobody || problem !== null) report(problem)
      if (problem !== null) {
        dirty = true
        cancelRewrite()
        cancelRewrite = clock.after(REWRITE_MS, schedule)
        return
      }
    }
  }

  async function writeOnce(): Promise<Problem | null> {
    try {
      const status = await within(clock, KEYRING_MS, secrets.status())
      if (status === 'missing') return { code: 'keyring-missing' }
      if (status !== 'available') return { code: 'keyring-locked' }
      const sealed = await within(clock, KEYRING_MS, secrets.encrypt(serializeContent(content)))
      if (sealed === 'late') return { code: 'keyring-locked' }
      const result = options.writeFile(path, sealed)
      if (result.ok) return null
      const { detail } = result.problem
      return { code: 'token-cache-unwritable', ...(detail === undefined ? {} : { detail }) }
    } catch (error) {
      return { code: 'token-cache-unwritable', detail: codeOf(error) }
    }
  }

  /** Tokens of somebody who signed out must not stay, not even encrypted. */
  async function eraseFile(): Promise<Problem | null> {
    try {
      await unlink(path)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return { code: 'token-cache-unwritable', detail: codeOf(error) }
    }
    return null
  }

  return {
    load,
    plugin: (name) =>
      createCachePlugin({
        read: () => content.parts[name] ?? '',
        write: (text) => {
          content = { ...content, parts: { ...content.parts, [name]: text } }
          schedule()
        },
        clock,
        log,
      }),
    remembered: () => content.accounts,
    remember: (account) => {
      const others = content.accounts.filter((other) => !sameAccount(other.identity, account.identity))
      content = { ...content, accounts: [...others, account] }
      schedule()
    },
    unremember: (identity) => {
      content = {
        ...content,
        accounts: content.accounts.filter((other) => !sameAccount(other.identity, identity)),
      }
      signOuts += 1
      schedule()
    },
    flush: async () => {
      while (writing !== null) await writing
    },
    close: () => {
      closed = true
      cancelRetry()
      cancelRewrite()
    },
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
