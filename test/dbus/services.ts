/** The services of a Linux desktop, played on a message bus: login1, the five screen savers, the session manager. */
import { connect } from 'node:net'
import { createClient, type InterfaceDescriptor, type MessageBus } from 'dbus-native'

/** A played service. Its name leaves the bus with it. */
export interface Service {
  /** Leaves the bus, as a service that ends or crashes. */
  leave(): Promise<void>
}

/** An error that a method answers with. */
class Refusal extends Error {
  readonly dbusName: string
  constructor(dbusName: string) {
    super(dbusName)
    this.dbusName = dbusName
  }
}

/** Connects to a bus and waits until it has a name there. */
export async function join(address: string): Promise<MessageBus> {
  const stream = connect(address.replace('unix:path=', ''))
  const bus = createClient({ stream, authMethods: ['EXTERNAL'] })
  bus.connection.on('error', () => undefined) // The tests kill buses.
  await bus.getId()
  return bus
}

async function own(bus: MessageBus, name: string): Promise<Service> {
  await bus.requestName(name, 0)
  return { leave: () => bus.close() }
}

// --------------------------------------------------------------------------------------------------- screen savers

/** A played screen saver. */
export interface SaverService extends Service {
  /** What `GetActive` answers; no signal. */
  active: boolean
  /** Sets it and signals it at every path. */
  say(active: boolean): void
  /** How often `GetActive` was called. */
  readonly asked: () => number
}

const SAVER_PATHS: Readonly<Record<string, readonly string[]>> = {
  'org.gnome.ScreenSaver': ['/org/gnome/ScreenSaver'],
  'org.freedesktop.ScreenSaver': ['/org/freedesktop/ScreenSaver', '/ScreenSaver'],
  'org.cinnamon.ScreenSaver': ['/org/cinnamon/ScreenSaver'],
  'org.mate.ScreenSaver': ['/org/mate/ScreenSaver'],
  'org.xfce.ScreenSaver': ['/org/xfce/ScreenSaver'],
}

/** Every name under which a saver is known. */
export const SAVER_NAMES: readonly string[] = Object.keys(SAVER_PATHS)

/** Plays GNOME Shell. The saver's name is another process's, as in GNOME. */
export async function playShell(address: string): Promise<Service> {
  return own(await join(address), 'org.gnome.Shell')
}

/**
 * Plays a saver. `refuses`: as GNOME's idle proxy under the common name, it can't be asked. `hangs`: it takes the question
 * and never answers.
 */
export async function playSaver(
  address: string,
  name: string,
  options: { readonly active?: boolean; readonly refuses?: boolean; readonly hangs?: boolean } = {},
): Promise<SaverService> {
  const bus = await join(address)
  const paths = SAVER_PATHS[name] ?? []
  let asked = 0
  const descriptor: InterfaceDescriptor = {
    name,
    methods: { GetActive: ['', 'b', [], ['active']] },
    signals: { ActiveChanged: ['b', 'active'] },
  }
  const object = {
    GetActive: (): boolean | Promise<never> => {
      asked += 1
      if (options.hangs === true) return new Promise<never>(() => undefined)
      if (options.refuses === true) throw new Refusal('org.freedesktop.DBus.Error.NotSupported')
      return service.active
    },
  }
  for (const path of paths) bus.exportInterface(object, path, descriptor)
  const service: SaverService = {
    active: options.active ?? false,
    asked: () => asked,
    say(active) {
      service.active = active
      for (const path of paths) bus.sendSignal(path, name, 'ActiveChanged', 'b', [active])
    },
    leave: () => bus.close(),
  }
  await own(bus, name)
  return service
}

// --------------------------------------------------------------------------------------------------------- login1

const LOGIN = 'org.freedesktop.login1'
const LOGIN_PATH = '/org/freedesktop/login1'
const SESSION = `${LOGIN}.Session`

/** One login session. */
export interface SessionFacts {
  readonly id: string
  readonly uid?: number
  readonly kind?: string
  readonly type?: string
  readonly state?: string
  locked?: boolean
  active?: boolean
}

/** Which of the manager's ways to find a session work. */
export type Way = 'id' | 'auto' | 'pid' | 'display' | 'list'

/** A played login1. */
export interface LoginService extends Service {
  addSession(facts: SessionFacts): void
  removeSession(id: string): void
  /** Sets the property and signals it, as `SetLockedHint` makes logind do. */
  hint(locked: boolean, id?: string): void
  active(active: boolean, id?: string): void
  /** `Lock` or `Unlock` to a session. */
  signal(member: 'Lock' | 'Unlock', id?: string): void
}

/** Plays login1. The first session is what `auto`, the process id and the display lead to. */
export async function playLogin(
  address: string,
  {
    sessions = [{ id: '2' }],
    ways = ['id', 'auto', 'pid', 'display', 'list'],
  }: { readonly sessions?: readonly SessionFacts[]; readonly ways?: readonly Way[] } = {},
): Promise<LoginService> {
  const bus = await join(address)
  const known = new Map<string, { path: string; uid: number; properties: Record<string, unknown> }>()
  const uid = process.getuid?.() ?? 0
  const first = [...sessions][0]?.id ?? ''

  const pathOf = (way: Way, id: string): string => {
    const session = known.get(id)
    if (session === undefined || !ways.includes(way)) throw new Refusal(`${LOGIN}.NoSuchSession`)
    return session.path
  }
  const manager = {
    GetSession: (id: string) => (id === 'auto' ? pathOf('auto', first) : pathOf('id', id)),
    GetSessionByPID: () => pathOf('pid', first),
    GetUser: () => `${LOGIN_PATH}/user/_${String(uid)}`,
    ListSessions: () =>
      ways.includes('list')
        ? [...known].map(([id, { path, uid: owner }]) => [id, owner, 'user', 'seat0', path])
        : [],
  }
  bus.exportInterface(manager, LOGIN_PATH, {
    name: `${LOGIN}.Manager`,
    methods: {
      GetSession: ['s', 'o', [], []],
      GetSessionByPID: ['u', 'o', [], []],
      GetUser: ['u', 'o', [], []],
      ListSessions: ['', 'a(susso)', [], []],
    },
  })
  bus.exportInterface(
    {
      get Display() {
        const session = known.get(first)
        return ways.includes('display') && session !== undefined ? [first, session.path] : ['', '/']
      },
    },
    `${LOGIN_PATH}/user/_${String(uid)}`,
    { name: `${LOGIN}.User`, properties: { Display: '(so)' } },
  )

  function change(id: string, property: string, value: boolean): void {
    const session = known.get(id)
    if (session === undefined) throw new Error(`no session ${id}`)
    // As logind: what is set again to what it is, is not told.
    if (session.properties[property] === value) return
    session.properties[property] = value
    bus.emitPropertiesChanged(session.path, SESSION, { [property]: value })
  }

  const service: LoginService = {
    addSession({ id, uid: owner = uid, locked = false, active = true, ...facts }) {
      const path = `${LOGIN_PATH}/session/_3${id}`
      const { kind = 'user', type = 'wayland', state = active ? 'active' : 'online' } = facts
      const properties = {
        ...{ Id: id, LockedHint: locked, Active: active, Class: kind, Type: type, State: state },
        User: [owner, `${LOGIN_PATH}/user/_${String(owner)}`],
      }
      known.set(id, { path, uid: owner, properties })
      bus.exportInterface(properties, path, {
        name: SESSION,
        properties: {
          Id: 's',
          LockedHint: 'b',
          Active: 'b',
          Class: 's',
          Type: 's',
          State: 's',
          User: '(uo)',
        },
        signals: { Lock: [], Unlock: [] },
      })
      bus.sendSignal(LOGIN_PATH, `${LOGIN}.Manager`, 'SessionNew', 'so', [id, path])
    },
    removeSession(id) {
      const path = known.get(id)?.path ?? '/'
      known.delete(id)
      bus.unexportInterface(path)
      bus.sendSignal(LOGIN_PATH, `${LOGIN}.Manager`, 'SessionRemoved', 'so', [id, path])
    },
    hint: (locked, id = first) => change(id, 'LockedHint', locked),
    active: (active, id = first) => change(id, 'Active', active),
    signal(member, id = first) {
      bus.sendSignal(known.get(id)?.path ?? '/', SESSION, member)
    },
    leave: () => bus.close(),
  }
  for (const facts of sessions) service.addSession(facts)
  await own(bus, LOGIN)
  return service
}

// ------------------------------------------------------------------------------------------------- session manager

const MANAGER = 'org.gnome.SessionManager'
const CLIENT = `${MANAGER}.ClientPrivate`

/** A played session manager, as GNOME's and MATE's. */
export interface ManagerService extends Service {
  /** Those who registered, as `app-id startup-id`. */
  readonly clients: readonly string[]
  /** What clients answered, with the moment (`performance.now()`), in order. */
  readonly answers: readonly { readonly ok: boolean; readonly at: number }[]
  /** Sends to the last client only, as the real one does. */
  say(member: EndSignal): void
  /** Sends to everybody on the bus, from some client's path. */
  shout(member: EndSignal): void
}

/** What a session manager tells its clients. */
type EndSignal = 'QueryEndSession' | 'EndSession' | 'CancelEndSession' | 'Stop'

/** Plays a session manager. `busy`: it answers a registration, which it has taken in at once, only after that. */
export async function playSessionManager(
  address: string,
  { busy = Promise.resolve() }: { readonly busy?: Promise<unknown> } = {},
): Promise<ManagerService> {
  const bus = await join(address)
  const clients: string[] = []
  const answers: { ok: boolean; at: number }[] = []
  let path = ''
  let client = ''
  bus.exportInterface(
    {
      async RegisterClient(appId: string, startupId: string, { sender }: { sender?: string }) {
        const mine = `/org/gnome/SessionManager/Client${String(clients.length + 1)}`
        clients.push(`${appId} ${startupId}`)
        client = sender ?? ''
        path = mine
        bus.exportInterface(
          {
            EndSessionResponse(ok: boolean) {
              answers.push({ ok, at: performance.now() })
              return null
            },
          },
          path,
          { name: CLIENT, methods: { EndSessionResponse: ['bs', '', [], []] } },
        )
        await busy
        return mine
      },
    },
    '/org/gnome/SessionManager',
    { name: MANAGER, methods: { RegisterClient: ['ss', 'o', [], []] } },
  )
  const service = await own(bus, MANAGER)
  function send(member: EndSignal, to: { readonly path: string; readonly destination?: string }): void {
    const flags = member === 'QueryEndSession' || member === 'EndSession'
    bus.connection.message({
      ...{ type: 4, serial: bus.serial++, interface: CLIENT, member, ...to },
      ...(flags ? { signature: 'u', body: [0] } : {}),
    })
  }
  return {
    ...service,
    clients,
    answers,
    say: (member) => send(member, { path, destination: client }),
    shout: (member) => send(member, { path: '/org/gnome/SessionManager/Client99' }),
  }
}
