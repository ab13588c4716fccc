/** Where a message bus listens: the addresses of the D-Bus specification, section "Server Addresses", read by ourselves. */

/** The two buses of a Linux desktop. */
export type BusName = 'system' | 'session'

/** The bus's own variables of the environment, and the folder in which systemd puts a user's sockets. */
export type BusEnvironment = Readonly<Record<string, string | undefined>>

/** libdbus's compiled-in default, under both names of the folder. */
const SYSTEM_DEFAULTS = ['/run/dbus/system_bus_socket', '/var/run/dbus/system_bus_socket']

/**
 * The sockets at which a bus may listen, in the order in which they are to be tried, as Node's `net.connect` takes them
 * (an abstract socket begins with a NUL). Addresses of a kind that we don't speak are left out; so the list may be empty.
 */
export function busSockets(bus: BusName, env: BusEnvironment): readonly string[] {
  const named = env[bus === 'system' ? 'DBUS_SYSTEM_BUS_ADDRESS' : 'DBUS_SESSION_BUS_ADDRESS']
  const runtime = runtimeSocket(env)
  if (named !== undefined && named !== '') return parseAddresses(named, runtime)
  if (bus === 'system') return SYSTEM_DEFAULTS
  return runtime === null ? [] : [runtime]
}

/**
 * Reads a list of addresses. Only Unix sockets: a session bus over TCP has no authentication worth the name and
 * dbus-daemon has deprecated it. `runtime` is what `unix:runtime=yes` stands for.
 */
export function parseAddresses(list: string, runtime: string | null = null): readonly string[] {
  return list.split(';').flatMap((address) => {
    const socket = parseAddress(address.trim(), runtime)
    return socket === null ? [] : [socket]
  })
}

function parseAddress(address: string, runtime: string | null): string | null {
  const colon = address.indexOf(':')
  if (colon < 0 || address.slice(0, colon) !== 'unix') return null
  const values = new Map<string, string>()
  for (const pair of address.slice(colon + 1).split(',')) {
    const equals = pair.indexOf('=')
    const value = equals < 0 ? null : unescaped(pair.slice(equals + 1))
    if (value === null) return null
    values.set(pair.slice(0, equals), value)
  }
  const path = values.get('path')
  const abstract = values.get('abstract')
  if (path !== undefined && path !== '') return path
  if (abstract !== undefined && abstract !== '') return `\0${abstract}`
  return values.get('runtime') === 'yes' ? runtime : null
}

/** Bytes as `%2f`; null when one is malformed, because such an address names no socket for certain. */
function unescaped(value: string): string | null {
  try {
    return decodeURIComponent(value)
  } catch {
    return null
  }
}

function runtimeSocket(env: BusEnvironment): string | null {
  const folder = env['XDG_RUNTIME_DIR']
  return folder?.startsWith('/') === true ? `${folder}/bus` : null
}
