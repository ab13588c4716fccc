/** What an administrator has fixed for this machine, from a place that no ordinary user can write to. */
import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../core/model.ts'
import { parseRegistryValues } from './policy-values.ts'

/** Where the policy file lies. */
const FILES: Partial<Readonly<Record<NodeJS.Platform, string>>> = {
  linux: '/etc/clear-presence/policy.json',
  darwin: '/Library/Application Support/Clear Presence/policy.json',
}

/** Only HKLM: a value under HKCU could be planted by the user whom the policy is for. */
const REGISTRY_KEY = 'HKLM\\Software\\Policies\\Clear Presence'

/** `reg.exe` answers within a moment; the start must not hang on one that doesn't, ms. */
const REG_MS = 3_000

/** What can be read in another way than the product does: by tests. */
export interface PolicyOptions {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly file?: string
  readonly isTrusted?: (stats: Stats) => boolean
}

/**
 * Reads the policy, by the keys of core/config, unchecked: `resolveConfig` checks each. Nothing when there is none; what
 * can't be read or isn't root's own counts as none, and is logged. Never throws.
 */
export function readPolicy(options: PolicyOptions): Readonly<Record<string, unknown>> {
  const { platform, env, log } = options
  try {
    if (platform === 'win32') return fromRegistry(env)
    const file = options.file ?? FILES[platform]
    return file === undefined ? {} : fromFile(file, options.isTrusted ?? isRoots, log)
  } catch (error) {
    log.warn('policy not used', { why: error instanceof Error ? error.message : String(error) })
    return {}
  }
}

function fromFile(
  file: string,
  isTrusted: (stats: Stats) => boolean,
  log: Log,
): Readonly<Record<string, unknown>> {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
  try {
    // Of what was opened: a name can be given to something else in between.
    if (!isTrusted(fstatSync(descriptor))) {
      log.warn('policy not used', { why: 'not owned by root, or writable by others' })
      return {}
    }
    const value: unknown = JSON.parse(readFileSync(descriptor, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    throw new Error('not a JSON object')
  } finally {
    closeSync(descriptor)
  }
}

function isRoots(stats: Stats): boolean {
  return stats.isFile() && stats.uid === 0 && (stats.mode & 0o022) === 0
}

/** Node has no access to the registry; Windows' own tool has. */
function fromRegistry(env: PolicyOptions['env']): Readonly<Record<string, unknown>> {
  const tool = join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe')
  try {
    const output = execFileSync(tool, ['query', REGISTRY_KEY, '/s', '/reg:64'], {
      encoding: 'utf8',
      timeout: REG_MS,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return parseRegistryValues(output, REGISTRY_KEY)
  } catch (error) {
    // Exit code 1: there is no such key, as on most machines.
    if (error instanceof Error && 'status' in error && error.status === 1) return {}
    throw error
  }
}
