/** Which machine this is, so that a record of another one (a roaming profile) isn't taken for ours. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Keeps the hash from being compared with other programs' ones, as systemd asks of users of its machine id. */
const SALT = 'clear-presence:machine'

/** How long a system program may take, ms. */
const PROGRAM_TIMEOUT_MS = 2_000

/** How the system is asked; tests put their own in place. */
export interface MachineSystem {
  readonly platform: NodeJS.Platform
  /** Where Windows is installed. */
  readonly systemRoot: string
  readonly readText: (path: string) => string
  readonly run: (program: string, args: readonly string[]) => string
  readonly hostname: () => string
}

/**
 * A stable id of this machine: a salted SHA-256, so that the system's own id never leaves it. Falls back to the host's
 * name. Not to a random id kept in the user's folder, because that would travel with a roaming profile. Never throws.
 */
export function readMachineId(system: MachineSystem = realSystem()): string {
  return createHash('sha256')
    .update(`${SALT}:${rawId(system)}`)
    .digest('hex')
}

function rawId(system: MachineSystem): string {
  for (const source of SOURCES[system.platform] ?? []) {
    try {
      const id = source(system).trim().toLowerCase()
      // An image that is cloned before its first start holds "uninitialized".
      if (/^[0-9a-f-]{32,36}$/.test(id)) return id
    } catch {
      // This source isn't here; the next one may be.
    }
  }
  return `host:${system.hostname()}`
}

const SOURCES: Partial<Record<NodeJS.Platform, readonly ((system: MachineSystem) => string)[]>> = {
  linux: [
    // machine-id(5)
    ({ readText }) => readText('/etc/machine-id'),
    ({ readText }) => readText('/var/lib/dbus/machine-id'),
  ],
  win32: [
    // The full path, so that no reg.exe of another folder is run.
    ({ run, systemRoot }) => {
      const key = String.raw`HKLM\SOFTWARE\Microsoft\Cryptography`
      const output = run(join(systemRoot, 'System32', 'reg.exe'), [
        'query',
        key,
        '/v',
        'MachineGuid',
        '/reg:64',
      ])
      return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(output)?.[1] ?? ''
    },
  ],
  darwin: [
    ({ run }) => {
      const output = run('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'])
      return /"IOPlatformUUID"\s*=\s*"([^"]+)"/.exec(output)?.[1] ?? ''
    },
  ],
}

function realSystem(): MachineSystem {
  return {
    platform: process.platform,
    systemRoot: process.env['SystemRoot'] ?? String.raw`C:\Windows`,
    readText: (path) => readFileSync(path, 'utf8'),
    run: (program, args) =>
      execFileSync(program, args, {
        encoding: 'utf8',
        timeout: PROGRAM_TIMEOUT_MS,
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    hostname,
  }
}
