import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Which executable runs the app. */
export interface FoundElectron {
  readonly kind: 'real' | 'stand-in'
  readonly executable: string
  /** One line for people: what runs, and why. */
  readonly reason: string
}

const STAND_IN = join(import.meta.dirname, 'electron')

/**
 * Finds the real Electron by its files: `require('electron')` would start a download when the binary is missing.
 * `E2E_ELECTRON=real` or `=stand-in` forces one of them.
 * @throws Error when the real binary is demanded and not there.
 */
export function findElectron(wanted = process.env['E2E_ELECTRON']): FoundElectron {
  if (wanted === 'stand-in') return standIn('E2E_ELECTRON=stand-in')
  const real = realElectron()
  if (real !== undefined) return { kind: 'real', executable: real, reason: `Electron's own binary (${real})` }
  if (wanted === 'real') {
    throw new Error("E2E_ELECTRON=real, but Electron's binary is not there: run `npx install-electron` first")
  }
  return standIn("Electron's binary is not installed (npx install-electron would download it)")
}

function standIn(why: string): FoundElectron {
  return { kind: 'stand-in', executable: STAND_IN, reason: `stand-in for Electron's binary: ${why}` }
}

function realElectron(): string | undefined {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  let folder: string
  try {
    folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return undefined // the package itself is not installed
  }
  const marker = join(folder, 'path.txt')
  const name = existsSync(marker) ? readFileSync(marker, 'utf8').trim() : 'electron'
  const path = join(override ?? join(folder, 'dist'), name)
  return existsSync(path) && (override !== undefined || existsSync(marker)) ? path : undefined
}
