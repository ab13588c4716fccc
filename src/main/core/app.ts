/** Joins engine, sign-in and presence reading into what tray and window need: one snapshot and one list of commands. */
import type { Command, Link } from '../../shared/ipc.ts'
import type { Problem } from '../../shared/problem.ts'
import type { LockWatch, PresenceView, SigningIn, Snapshot } from '../../shared/snapshot.ts'
import type { StartAtLoginSwitch } from './autostart.ts'
import type { Config } from './config.ts'
import type { Engine } from './engine.ts'
import type { AccessToken, Clock, Identity, Log } from './model.ts'
import { snapshotOf } from './snapshot.ts'
import { SECOND } from './time.ts'
import type { Updates } from './updates.ts'

/** Interactive sign-in as the app uses it. Never rejects. */
export interface SignInPort {
  start(
    method: 'browser' | 'device-code',
    options: { readonly loginHint?: string },
  ): Promise<
    | { readonly type: 'signed-in'; readonly identity: Identity; readonly token: AccessToken }
    | { readonly type: 'failed'; readonly problem: Problem }
  >
  cancel(): void
}

/** What the app does on the desktop. */
export interface DesktopPort {
  /** Opens one of the app's pages; `verificationUri` is what Entra named for the device code shown now. */
  openLink(link: Link, verificationUri: string | null): void
  openLogs(): void
  copy(text: string): void
  /** Quits by the one path that clears first. */
  quit(): void
}

/** What the app is made of. */
export interface AppParts {
  readonly engine: Engine
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** How the lock is noticed at the start; `lockWatched` tells changes. */
  readonly lockWatch: LockWatch
  readonly startAtLogin: StartAtLoginSwitch
  readonly updates: Pick<Updates, 'ready' | 'restartWanted'>
  /** Null while the app isn't configured. */
  readonly signIn: SignInPort | null
  readonly desktop: DesktopPort
  /** Reads the user's presence with this token; null when it can't be read now. Never rejects. */
  readPresence(identity: Identity, token: AccessToken): Promise<PresenceView | null>
}

/** The app as tray and window see it. */
export interface App {
  snapshot(): Snapshot
  /** Calls back with each later snapshot; returns its remover. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void
  /** Does what the user asks for. What came of it is told by the next snapshot. */
  handle(command: Command): void
  /** Signs in by the browser, as the command line asks; resolves with why it failed, null when it did not. */
  signIn(): Promise<Problem | null>
  /** A device code has come for the sign-in under way. */
  deviceCode(code: {
    readonly userCode: string
    readonly verificationUri: string
    readonly expiresAt: number
  }): void
  /** Another version lies ready, or none any more. */
  updateReady(): void
  /** The lock is noticed in another way than before. */
  lockWatched(watch: LockWatch): void
  /** The user used our window or tray, so somebody sits here. */
  used(): void
  /** Presence is read back only while the window is open. */
  windowOpened(): void
  windowClosed(): void
}

/** While the window is open, presence is read again after this time, ms. */
const READ_AGAIN_MS = 30 * SECOND
/** Graph takes a moment to add up sessions after a write, ms. */
const READ_SOON_MS = 1.5 * SECOND

/** Builds the app around its parts. */
export function createApp(parts: AppParts): App {
  const { engine, clock, log } = parts
  const listeners = new Set<(snapshot: Snapshot) => void>()
  let signingIn: SigningIn | null = null
  let signIns = 0
  let signInProblem: Problem | null = null
  let presence: PresenceView | null = null
  let lockWatch = parts.lockWatch
  let windowOpen = false
  let cancelRead = (): void => undefined
  let lastWrite = engine.requestId()

  function snapshot(): Snapshot {
    return snapshotOf({
      state: engine.state(),
      now: clock.now(),
      config: parts.config,
      signingIn,
      signInProblem,
      presence,
      history: engine.history(),
      notices: engine.problems(),
      lockWatch,
      startAtLogin: parts.startAtLogin.view(engine.state().active !== null),
      update: parts.updates.ready(),
      version: parts.version,
      requestId: engine.requestId(),
    })
  }

  function changed(): void {
    const now = snapshot()
    for (const listener of listeners) listener(now)
  }

  engine.subscribe(() => {
    if (windowOpen && engine.requestId() !== lastWrite) readLater(READ_SOON_MS)
    lastWrite = engine.requestId()
    changed()
  })

  async function signIn(method: 'browser' | 'device-code'): Promise<Problem | null> {
    if (parts.signIn === null) return parts.config.problem
    const { active, sessions } = engine.state()
    const hint = active === null ? undefined : sessions[active]?.record.username
    signIns += 1
    const mine = signIns
    signInProblem = null
    signingIn =
      method === 'browser' ? { method } : { method, userCode: '', verificationUri: '', expiresAt: 0 }
    changed()
    const result = await parts.signIn.start(method, hint === undefined ? {} : { loginHint: hint })
    const failure = result.type === 'failed' ? result.problem : null
    if (mine !== signIns) return failure // Another method took over.
    signingIn = null
    if (result.type === 'signed-in') {
      engine.signedIn(result.identity, result.token)
      if (windowOpen) readLater(0)
    } else {
      signInProblem = result.problem.code === 'sign-in-cancelled' ? null : result.problem
      changed()
    }
    return failure
  }

  function readLater(ms: number): void {
    cancelRead()
    cancelRead = clock.after(ms, () => void read())
  }

  async function read(): Promise<void> {
    const { active, sessions } = engine.state()
    const identity = active === null ? undefined : sessions[active]?.record
    const token = active === null ? null : engine.token(active)
    const found = identity === undefined || token === null ? null : await parts.readPresence(identity, token)
    if (!windowOpen) return
    presence = found
    changed()
    readLater(READ_AGAIN_MS)
  }

  function copyDetails(): void {
    const { details } = snapshot()
    const watched = lockWatch.kind === 'desktop' ? lockWatch.watchers.join(' ') : lockWatch.kind
    parts.desktop.copy(
      Object.entries({ ...details, lock: watched })
        .map(([name, value]) => `${name}: ${String(value ?? '')}`)
        .join('\n'),
    )
  }

  const used = (): void => engine.report({ type: 'used' })

  function handle(command: Command): void {
    log.info('command', { type: command.type })
    used()
    switch (command.type) {
      case 'clear':
        engine.clear()
        return
      case 'set':
        engine.set(command.pair)
        return
      case 'sign-in':
        void signIn(command.method)
        return
      case 'cancel-sign-in':
        parts.signIn?.cancel()
        return
      case 'sign-out':
        engine.signOut()
        return
      case 'forget-now':
        engine.forgetNow()
        return
      case 'retry-now':
        engine.retry()
        return
      case 'dismiss-notices':
        engine.dismissProblems()
        return
      case 'open-logs':
        parts.desktop.openLogs()
        return
      case 'open-link':
        parts.desktop.openLink(
          command.link,
          signingIn?.method === 'device-code' && signingIn.verificationUri !== ''
            ? signingIn.verificationUri
            : null,
        )
        return
      case 'copy-details':
        copyDetails()
        return
      case 'copy-device-code':
        if (signingIn?.method === 'device-code') parts.desktop.copy(signingIn.userCode)
        return
      case 'start-at-login':
        parts.startAtLogin.choose(command.on)
        changed()
        return
      case 'install-update':
        // Where none is ready (any more) it is a quit all the same: that is what the button said.
        parts.updates.restartWanted()
        parts.desktop.quit()
        return
      case 'quit':
        parts.desktop.quit()
    }
  }

  return {
    snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    handle,
    signIn: () => signIn('browser'),
    deviceCode(code) {
      if (signingIn?.method !== 'device-code') return
      signingIn = { method: 'device-code', ...code }
      changed()
    },
    lockWatched(watch) {
      lockWatch = watch
      changed()
    },
    used,
    updateReady: changed,
    windowOpened() {
      windowOpen = true
      parts.startAtLogin.look()
      used()
      readLater(0)
    },
    windowClosed() {
      windowOpen = false
      presence = null
      cancelRead()
    },
  }
}
