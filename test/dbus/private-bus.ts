/** A message bus of the test's own: a real dbus-daemon on a socket in a folder that is removed with it. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** Why these tests can't run here, or null. */
export const NO_DAEMON =
  spawnSync('dbus-daemon', ['--version']).status === 0 ? null : 'dbus-daemon is not installed'

/** A bus that can be killed and started again at the same address. */
export interface PrivateBus extends AsyncDisposable {
  /** As in `DBUS_SESSION_BUS_ADDRESS`. */
  readonly address: string
  /** `kill -9`: every connection ends without a word. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Makes a name one that the bus starts a program for when it is called. Answers whether that has happened. */
  activatable(name: string): () => boolean
}

/** Any user may come, and own any name; so the same serves as a session's and as the system's bus. */
const CONFIG = (socket: string, services: string): string => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <servicedir>${services}</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

/** Kills the daemon when its standard input ends: at `kill`, and when this process is taken away in the middle of a test. */
const DAEMON = `dbus-daemon --config-file="$1" --nofork --print-address=1 & read -r _; kill -9 $!; wait $!`

/** Starts a bus. */
export async function startBus(): Promise<PrivateBus> {
  const folder = mkdtempSync(join(tmpdir(), 'presence-bus-'))
  chmodSync(folder, 0o711)
  const socket = join(folder, 'bus')
  const config = join(folder, 'bus.conf')
  mkdirSync(join(folder, 'services'))
  writeFileSync(config, CONFIG(socket, join(folder, 'services')))
  let daemon: ChildProcessByStdio<Writable, Readable, null> | null = null

  async function start(): Promise<void> {
    rmSync(socket, { force: true })
    const child = spawn('/bin/sh', ['-c', DAEMON, 'sh', config], {
      stdio: ['pipe', 'pipe', 'ignore'], // As root it complains about its limits.
    })
    daemon = child
    // The address is printed once the socket is listened on.
    await once(child.stdout, 'data')
  }

  async function kill(): Promise<void> {
    const child = daemon
    daemon = null
    if (child === null) return
    const exit = once(child, 'exit')
    child.stdin.end()
    await exit
  }

  await start()
  return {
    address: `unix:path=${socket}`,
    kill,
    start,
    activatable(name) {
      const trace = join(folder, `started-${name}`)
      const service = `[D-BUS Service]\nName=${name}\nExec=/bin/sh -c "touch ${trace}"\n`
      writeFileSync(join(folder, 'services', `${name}.service`), service)
      return () => existsSync(trace)
    },
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
