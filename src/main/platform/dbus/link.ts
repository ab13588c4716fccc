/** One connection to a message bus: calls with a time limit, signals by match rule, owners of names. Dies with its socket. */
import { connect, type Socket } from 'node:net'
import { createClient, type Message, type MessageBus } from 'dbus-native'

/** One method call. Never starts a service: what isn't there isn't used. */
export interface BusCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  /** D-Bus signature of `body`, e.g. `ss`. */
  readonly signature?: string
  readonly body?: readonly unknown[]
  /** How long to wait for the reply, ms; default `CALL_TIMEOUT_MS`. */
  readonly timeoutMs?: number
}

/** What came of a call. `error` is the D-Bus name of the error, or `timeout` or `closed`. */
export type BusReply =
  { readonly ok: true; readonly body: readonly unknown[] } | { readonly ok: false; readonly error: string }

/** Which signals are wanted. `sender` is a well-known name: only what its owner sends counts. */
export interface SignalMatch {
  readonly sender: string
  readonly interface: string
  readonly path?: string
  readonly member?: string
  readonly arg0?: string
}

/** A signal as it came. */
export interface BusSignal {
  readonly path: string
  readonly member: string
  readonly body: readonly unknown[]
  /** Sent to this connection alone; otherwise to everybody who wants it. */
  readonly toUs: boolean
}

/** One connection. After its end every call answers `closed` and nothing is told any more. */
export interface BusLink {
  /**
   * Calls, and answers in the order in which bus and services spoke: `settle` runs before any signal that came after the
   * reply is told. So a state that was read can't overwrite a newer one that was signalled.
   */
  request(call: BusCall, settle: (reply: BusReply) => void): void
  /** The same as a promise, for calls whose order doesn't matter. Never rejects. */
  call(call: BusCall): Promise<BusReply>
  /**
   * Tells each signal that matches. Resolves when the bus has taken in the rule.
   * @throws BusError when the bus refuses.
   */
  onSignal(match: SignalMatch, listener: (signal: BusSignal) => void): Promise<void>
  /**
   * Tells who owns a name (a unique name, or null) now and at each change. Resolves when the first was told.
   * @throws BusError when the bus refuses.
   */
  watchName(name: string, listener: (owner: string | null) => void): Promise<void>
  /** Resolves when the connection has ended, however. */
  readonly closed: Promise<void>
  close(): void
}

/** The bus can't be reached, or refuses what every bus grants. */
export class BusError extends Error {
  override readonly name = 'BusError'
}

/** How long a call may take, ms. Everything asked here is answered from memory; a service that hangs is no source. */
export const CALL_TIMEOUT_MS = 3_000

const BUS = 'org.freedesktop.DBus'
const BUS_PATH = '/org/freedesktop/DBus'
/** Flag NO_AUTO_START of the D-Bus specification: otherwise asking Cinnamon's saver on GNOME would start it. */
const NO_AUTO_START = 2
/** Type of a message that is a signal. */
const SIGNAL = 4

/**
 * Connects to the first socket that answers as a message bus.
 * @throws BusError with what each of them said.
 */
export async function openLink(sockets: readonly string[], timeoutMs = CALL_TIMEOUT_MS): Promise<BusLink> {
  const failures: string[] = []
  for (const socket of sockets) {
    try {
      return await greet(await dial(socket, timeoutMs), timeoutMs)
    } catch (error) {
      failures.push(`${socket.replace('\0', '@')}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new BusError(failures.length === 0 ? 'no address' : failures.join('; '))
}

function dial(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    // For as long as it lives: a socket without this listener ends the process when its bus dies with data under way.
    socket.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
  })
}

/** Authenticates and says Hello, after which the bus routes to us. */
async function greet(socket: Socket, timeoutMs: number): Promise<BusLink> {
  // `direct`: the library's own Hello throws out of a timer when the bus doesn't answer. EXTERNAL: as every desktop's bus.
  const bus = createClient({ stream: socket, direct: true, authMethods: ['EXTERNAL'], timeout: timeoutMs })
  let failure = 'refused'
  bus.connection.on('error', (error) => {
    failure = error.message
    socket.destroy()
  })
  const link = createLink(bus, socket)
  const hello = await link.call({ ...driver('Hello'), timeoutMs })
  if (hello.ok) return link
  link.close()
  throw new BusError(hello.error === 'closed' ? failure : hello.error)
}

function driver(member: string): BusCall {
  return { destination: BUS, path: BUS_PATH, interface: BUS, member }
}

function createLink(bus: MessageBus, socket: Socket): BusLink {
  const listeners: { readonly match: SignalMatch; readonly tell: (signal: BusSignal) => void }[] = []
  const owners = new Map<string, string | null>()
  const owned = new Map<string, Set<(owner: string | null) => void>>()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))

  bus.connection.on('message', (message) => {
    if (message.type !== SIGNAL) return
    const { sender, path, member, body = [] } = message
    // The bus routes what names a receiver to nobody else.
    const toUs = message.destination !== undefined
    if (sender === undefined || path === undefined || member === undefined) return
    if (sender === BUS && message.interface === BUS && member === 'NameOwnerChanged') {
      ownerChanged(body)
      return
    }
    for (const { match, tell } of listeners) {
      if (matches(match, message) && owners.get(match.sender) === sender) tell({ path, member, body, toUs })
    }
  })

  function ownerChanged([name, , owner]: readonly unknown[]): void {
    if (typeof name === 'string' && owned.has(name)) setOwner(name, typeof owner === 'string' ? owner : '')
  }

  function setOwner(name: string, unique: string): void {
    const owner = unique === '' ? null : unique
    if (owners.has(name) && owners.get(name) === owner) return
    owners.set(name, owner)
    for (const tell of owned.get(name) ?? []) tell(owner)
  }

  function request(call: BusCall, settle: (reply: BusReply) => void): void {
    const { destination, path, member, signature, body = [], timeoutMs = CALL_TIMEOUT_MS } = call
    const message: Message = {
      ...{ destination, path, member, interface: call.interface, flags: NO_AUTO_START },
      ...(signature === undefined ? {} : { signature, body: [...body] }),
    }
    bus.invoke(message, { timeout: timeoutMs }, (error, ...values: unknown[]) =>
      settle(error === null ? { ok: true, body: values } : { ok: false, error: nameOf(error) }),
    )
  }

  const call = (what: BusCall): Promise<BusReply> => new Promise((resolve) => request(what, resolve))

  async function addMatch(rule: string): Promise<void> {
    const reply = await call({ ...driver('AddMatch'), signature: 's', body: [rule] })
    if (!reply.ok) throw new BusError(`AddMatch: ${reply.error}`)
  }

  async function watchName(name: string, listener: (owner: string | null) => void): Promise<void> {
    const known = owned.get(name)
    if (known !== undefined && owners.has(name)) {
      known.add(listener)
      listener(owners.get(name) ?? null)
      return
    }
    owned.set(name, (known ?? new Set()).add(listener))
    await addMatch(
      ruleOf({ sender: BUS, interface: BUS, path: BUS_PATH, member: 'NameOwnerChanged', arg0: name }),
    )
    await new Promise<void>((resolve, reject) => {
      request({ ...driver('GetNameOwner'), signature: 's', body: [name] }, (reply) => {
        if (reply.ok) setOwner(name, String(reply.body[0]))
        else if (reply.error.endsWith('.NameHasNoOwner')) setOwner(name, '')
        else {
          reject(new BusError(`GetNameOwner: ${reply.error}`))
          return
        }
        resolve()
      })
    })
  }

  return {
    request,
    call,
    async onSignal(match, listener) {
      listeners.push({ match, tell: listener })
      await watchName(match.sender, () => undefined)
      await addMatch(ruleOf(match))
    },
    watchName,
    closed,
    close: () => socket.destroy(),
  }
}

/** What the rule asks the bus for is checked again here: rules of other listeners let more through. */
function matches(match: SignalMatch, message: Message): boolean {
  return (
    match.interface === message.interface &&
    (match.path === undefined || match.path === message.path) &&
    (match.member === undefined || match.member === message.member) &&
    (match.arg0 === undefined || match.arg0 === message.body?.[0])
  )
}

/** Values are names and paths, which never hold a quote. */
function ruleOf(match: SignalMatch): string {
  return ["type='signal'", ...Object.entries(match).map(([key, value]) => `${key}='${String(value)}'`)].join(
    ',',
  )
}

function nameOf(error: {
  readonly dbusName?: string
  readonly code?: string
  readonly message: string
}): string {
  if (error.code === 'ETIMEDOUT') return 'timeout'
  if (error.code === 'ECONNCLOSED') return 'closed'
  return error.dbusName ?? error.message
}
