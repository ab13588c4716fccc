/** Sign-in and tokens as one part: puts cache, MSAL, keeper and sign-in together. */
import type {
  Clock,
  Identity,
  Log,
  Route,
  SaveResult,
  Secrets,
  TokenResult,
  TokenSource,
} from '../core/model.ts'
import { createHttp, type Http } from '../graph/http.ts'
import type { Problem } from '../../shared/problem.ts'
import type { Broker } from './broker.ts'
import { createMsal, type Registration } from './msal.ts'
import { createMsalNetwork } from './msal-network.ts'
import { createSignIn, type DeviceCode, type SignIn } from './sign-in.ts'
import { createTokenCache, partName, sameAccount } from './token-cache.ts'
import type { Remembered } from './token-file.ts'
import { createTokenKeeper, type TokenKeeper } from './token-keeper.ts'
import { within } from './within.ts'

/** How long the end waits for the last write of the token file. */
const CLOSE_MS = 2_000

/** What the part needs from the others. */
export interface IdentityOptions {
  /** The registration that is configured now. */
  readonly registration: Registration
  /** `<userData>/tokens.bin`. */
  readonly cachePath: string
  /** The durable write of storage/durable-file: atomic, mode 0600. Never throws. */
  writeFile(path: string, bytes: Uint8Array): SaveResult
  readonly secrets: Secrets
  /** The route to a URL as it is known now; asked for each request. */
  route(url: string): Route | Promise<Route>
  readonly clock: Clock
  readonly log: Log
  /** Opens the system's browser; rejects when none could be started. */
  openBrowser(url: string): Promise<void>
  /** Tried before the browser, when there is one. */
  readonly broker?: Broker
  /** A new token, or only the user can help. */
  onToken(identity: Identity, result: TokenResult): void
  /** A device code to show while signing in. */
  onDeviceCode(code: DeviceCode): void
  /** Trouble with the token file that was found after `restore`. */
  onProblem(problem: Problem): void
  /** Accounts that turned up late, when the user unlocked the keyring. */
  onRestored(identities: readonly Identity[]): void
}

/** Sign-in and tokens. */
export interface IdentityPart {
  /**
   * Who is signed in with the configured registration, from the disk and without network, within 10 s. Call
   * `tokens.keep` for each once the rest of the app knows them. Never rejects.
   */
  restore(): Promise<{ readonly identities: readonly Identity[]; readonly problems: readonly Problem[] }>
  /** Silent tokens; `acquire`, `forget`, `keep`, `nudge`, `peek`. */
  readonly tokens: TokenKeeper
  /** Interactive sign-in. Who succeeded is remembered and kept fresh before `start` resolves. */
  readonly signIn: SignIn
  /** Cancels a sign-in, stops the timers, writes what is unwritten and closes the connections. */
  close(): Promise<void>
}

/** The token source of an app that isn't configured: nobody can be signed in. */
export const NO_TOKENS: TokenSource = {
  acquire: () => Promise.resolve({ type: 'needs-sign-in', problem: { code: 'needs-sign-in' } }),
  forget: () => Promise.resolve(),
}

/** Nobody is signed in, and nothing is wrong with that. */
export const NOBODY: Awaited<ReturnType<IdentityPart['restore']>> = { identities: [], problems: [] }

/** A token source that is asked only once the accounts are restored: before that nobody would seem to be signed in. */
export function after(restored: Promise<unknown>, source: TokenSource): TokenSource {
  return {
    acquire: (identity, options) => restored.then(() => source.acquire(identity, options)),
    forget: (identity) => restored.then(() => source.forget(identity)),
  }
}

/** Puts the part together; nothing happens before `restore` or `signIn.start`. */
export function createIdentity(options: IdentityOptions): IdentityPart {
  const { registration, clock, log } = options
  const broker = options.broker ?? null
  const connections = createConnections(options.route)
  const cache = createTokenCache({
    path: options.cachePath,
    secrets: options.secrets,
    writeFile: options.writeFile,
    clock,
    log,
    onProblem: options.onProblem,
    onLate: () => options.onRestored(signedIn()),
  })
  const msal = createMsal({ network: createMsalNetwork({ http: connections.http, clock, log }), cache, log })
  const find = (identity: Identity): Remembered | undefined =>
    cache.remembered().find((account) => sameAccount(account.identity, identity))
  const tokens = createTokenKeeper({
    silent: (identity, request) =>
      broker !== null && find(identity)?.brokered === true
        ? broker.silent(identity, request)
        : msal.silent(identity, request),
    remove: async (identity) => {
      // First off the list, so that the tokens can't come back with the next start whatever happens then.
      cache.unremember(identity)
      await msal.remove(identity)
      await cache.flush()
    },
    clock,
    log,
    onToken: options.onToken,
  })
  const signIn = createSignIn({
    msal,
    registration,
    broker,
    clock,
    log,
    openBrowser: options.openBrowser,
    onDeviceCode: options.onDeviceCode,
    onGranted: ({ identity, token }, brokered) => {
      cache.remember({ identity, tenant: registration.tenant, brokered })
      tokens.keep(identity, token)
    },
    isKnown: (identity) => find(identity) !== undefined,
    claimsFor: tokens.claimsFor,
  })

  function signedIn(): readonly Identity[] {
    return cache
      .remembered()
      .filter((account) => belongsTo(account, registration))
      .map((account) => account.identity)
  }

  return {
    restore: async () => {
      const problems = await cache.load()
      return { identities: signedIn(), problems }
    },
    tokens,
    signIn,
    close: async () => {
      signIn.cancel()
      tokens.stop()
      // A keyring that hangs must not hold up the end of the process.
      await within(clock, CLOSE_MS, cache.flush())
      cache.close()
      connections.close()
    },
  }
}

/** Whether an account was signed in with this registration; one of another tenant or client id is somebody else's. */
function belongsTo({ identity, tenant }: Remembered, registration: Registration): boolean {
  const wanted = registration.tenant.toLowerCase()
  return (
    partName(identity) === partName(registration) &&
    (tenant.toLowerCase() === wanted || identity.tenantId.toLowerCase() === wanted)
  )
}

/** Keeps one HTTP client per route. */
function createConnections(route: IdentityOptions['route']): {
  http(url: string): Promise<Http>
  close(): void
} {
  let current: { readonly route: Route; readonly http: Http } | null = null
  return {
    http: async (url) => {
      const now = await route(url)
      if (current !== null && sameRoute(current.route, now)) return current.http
      current?.http.retire()
      current = { route: now, http: createHttp(now) }
      return current.http
    },
    close: () => current?.http.close(),
  }
}

function sameRoute(a: Route, b: Route): boolean {
  if (a === b) return true
  // Lists of the same certificates are usually the same list.
  const sameCa =
    a.ca === b.ca || (a.ca.length === b.ca.length && a.ca.every((pem, index) => pem === b.ca[index]))
  return a.proxyUrl === b.proxyUrl && sameCa
}
