/** What systemd-logind or elogind tells about this login session: `LockedHint`, `Lock`, `Unlock` and `Active`. */
import type { Clock, Log } from '../../core/model.ts'
import type { Bus } from '../dbus/bus.ts'
import type { BusLink, BusReply } from '../dbus/link.ts'
import type { LockFact } from './linux-lock-rule.ts'

const LOGIN = 'org.freedesktop.login1'
const MANAGER = { path: '/org/freedesktop/login1', interface: 'org.freedesktop.login1.Manager' } as const
const SESSION = 'org.freedesktop.login1.Session'
const USER = 'org.freedesktop.login1.User'
const PROPERTIES = 'org.freedesktop.DBus.Properties'

/** When a session that was not found is looked for again, ms; a new session is noticed at once. */
const LOOK_AGAIN_MS = 30_000
/** When a session that was found but could not be read is read again, ms. */
const READ_AGAIN_MS = 5_000

/** Who this process is to logind. */
export interface Process {
  readonly pid: number
  readonly uid: number
  /** `XDG_SESSION_ID`, where the process was started inside its session. */
  readonly sessionId: string | undefined
}

/** The properties of a session that matter here. */
interface Session {
  readonly path: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** A call, and its reply. */
type Caller = BusLink['call']

/** Follows this login session on the system bus for as long as the bus is used. */
export function watchLogin({
  bus,
  process,
  clock,
  log,
  tell,
  found,
}: {
  readonly bus: Bus
  readonly process: Process
  readonly clock: Clock
  readonly log: Log
  readonly tell: (fact: LockFact) => void
  /** Whether the session is known, at each change. */
  readonly found: (known: boolean) => void
}): void {
  let cancel = (): void => undefined

  bus.onLost(() => cancel())
  bus.onLink(async (link) => {
    let path: string | null = null
    let isDesktops = false
    let search = 0
    let isClosed = false
    await link.onSignal({ sender: LOGIN, ...MANAGER, member: 'SessionNew' }, () => {
      if (path === null || !isDesktops) void find()
    })
    await link.onSignal({ sender: LOGIN, ...MANAGER, member: 'SessionRemoved' }, ({ body }) => {
      if (path !== null && body[1] === path) void find()
    })
    // Other users' sessions are told to everybody, so each signal is held against the path.
    await link.onSignal({ sender: LOGIN, interface: SESSION }, (signal) => {
      if (signal.path !== path) return
      if (signal.member === 'Lock') tell({ type: 'lock-signal' })
      if (signal.member === 'Unlock') tell({ type: 'unlock-signal' })
    })
    await link.onSignal(
      { sender: LOGIN, interface: PROPERTIES, member: 'PropertiesChanged', arg0: SESSION },
      (signal) => {
        if (signal.path !== path) return
        const [, changed, invalidated] = signal.body
        apply(record(changed), {})
        if (Array.isArray(invalidated) && invalidated.length > 0) void reread(signal.path)
      },
    )
    // The first search is waited for, so that the lock is known when the app starts.
    let searching = Promise.resolve()
    await link.watchName(LOGIN, (owner) => {
      if (owner === null) lose('login service not there')
      else searching = find()
    })
    await searching

    async function find(): Promise<void> {
      cancel()
      search += 1
      const mine = search
      const session = await findSession(async (what) => {
        const reply = await link.call(what)
        isClosed ||= !reply.ok && reply.error === 'closed'
        return reply
      }, process)
      // A bus that was lost meanwhile says nothing about the session.
      if (mine !== search || isClosed) return
      if (session === null) {
        lose('login session not found')
        cancel = clock.after(LOOK_AGAIN_MS, () => void find())
        return
      }
      if (path !== session.path) log.info('login session', { path: session.path })
      path = session.path
      isDesktops = isDesktop(session)
      found(true)
      await reread(path)
    }

    function lose(why: string): void {
      cancel()
      search += 1
      path = null
      log.info(why)
      found(false)
      tell({ type: 'gone', source: 'hint' })
    }

    /** Reads in the order of the signals, which the search did not. */
    function reread(of: string): Promise<void> {
      cancel()
      return new Promise((resolve) => {
        link.request(getAll(of, SESSION), (reply) => {
          if (of === path) {
            if (reply.ok) apply(record(reply.body[0]), { read: 'asked' })
            else if (reply.error !== 'closed') cancel = clock.after(READ_AGAIN_MS, () => void reread(of))
          }
          resolve()
        })
      })
    }
  })

  function apply(properties: Readonly<Record<string, unknown>>, how: { readonly read?: 'asked' }): void {
    const { LockedHint: locked, Active: active } = properties
    if (typeof locked === 'boolean') tell({ type: 'state', source: 'hint', active: locked, ...how })
    if (typeof active === 'boolean') tell({ type: 'session-active', active, ...how })
  }
}

/**
 * The session in front of which this process's user sits. An app that systemd started for the user is in no session's
 * scope, so there are several ways to ask, in this order: by the id in the environment, "auto", by our process id, the
 * user's display session, and at last the list of all. The first that is a desktop's wins: the environment may come from
 * a terminal's session of the same user, or from one that is closing. Only where there is no other it must do.
 */
async function findSession(call: Caller, process: Process): Promise<Session | null> {
  const { sessionId, pid, uid } = process
  const tries: (() => Promise<string | null>)[] = [
    async () => (sessionId === undefined ? null : pathIn(await ask(call, 'GetSession', 's', sessionId))),
    async () => pathIn(await ask(call, 'GetSession', 's', 'auto')),
    async () => pathIn(await ask(call, 'GetSessionByPID', 'u', pid)),
    async () => {
      const user = pathIn(await ask(call, 'GetUser', 'u', uid))
      return user === null ? null : displayOf(await call(getAll(user, USER)))
    },
  ]
  let firstFit: Session | null = null
  for (const attempt of tries) {
    const session = await ours(call, await attempt(), uid)
    if (session !== null && isDesktop(session)) return session
    firstFit ??= session
  }
  const list = await call({ destination: LOGIN, ...MANAGER, member: 'ListSessions' })
  let behind: Session | null = null
  for (const path of list.ok ? pathsOf(list.body[0], uid) : []) {
    const session = await ours(call, path, uid)
    if (session === null || !isDesktop(session)) continue
    if (session.properties['Active'] === true) return session
    behind ??= session
  }
  return behind ?? firstFit
}

/** Whether it shows a desktop, and goes on doing so. */
function isDesktop({ properties }: Session): boolean {
  const { Type: type, State: state } = properties
  return (type === 'x11' || type === 'wayland') && state !== 'closing'
}

/** A user's session of ours: `XDG_SESSION_ID` may have come through `su` from somebody else's, or be a greeter's. */
async function ours(call: Caller, path: string | null, uid: number): Promise<Session | null> {
  if (path === null) return null
  const reply = await call(getAll(path, SESSION))
  if (!reply.ok) return null
  const properties = record(reply.body[0])
  const { User: user, Class: kind } = properties
  const owner: unknown = Array.isArray(user) ? user[0] : undefined
  // elogind and systemd name a desktop's session "user"; newer systemd has "user-early" and the like besides.
  const fits = typeof kind === 'string' && kind.startsWith('user') && owner === uid
  return fits ? { path: await canonical(call, path, properties), properties } : null
}

/** Signals come from the session's own path, also when it was asked for as `/…/session/auto`. */
async function canonical(
  call: Caller,
  path: string,
  properties: Readonly<Record<string, unknown>>,
): Promise<string> {
  if (!/\/(auto|self)$/.test(path)) return path
  const { Id: id } = properties
  return typeof id === 'string' ? (pathIn(await ask(call, 'GetSession', 's', id)) ?? path) : path
}

function ask(call: Caller, member: string, signature: string, argument: unknown): Promise<BusReply> {
  return call({ destination: LOGIN, ...MANAGER, member, signature, body: [argument] })
}

function getAll(path: string, of: string): Parameters<BusLink['call']>[0] {
  return { destination: LOGIN, path, interface: PROPERTIES, member: 'GetAll', signature: 's', body: [of] }
}

function pathIn(reply: BusReply): string | null {
  const path = reply.ok ? reply.body[0] : null
  return typeof path === 'string' && path !== '/' ? path : null
}

/** `Display` of a user: (id, path), empty and `/` when there is none. */
function displayOf(reply: BusReply): string | null {
  const { Display: display } = reply.ok ? record(reply.body[0]) : {}
  const path: unknown = Array.isArray(display) ? display[1] : null
  return typeof path === 'string' && path !== '/' ? path : null
}

/** Paths of a user's sessions in the answer of `ListSessions`: a(susso), that is id, uid, user, seat, path. */
function pathsOf(sessions: unknown, uid: number): readonly string[] {
  if (!Array.isArray(sessions)) return []
  return sessions.flatMap((session: unknown) => {
    if (!Array.isArray(session) || session[1] !== uid) return []
    const path: unknown = session[4]
    return typeof path === 'string' ? [path] : []
  })
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
