/** What the specs start: the built app on Electron or on the stand-in, or an installed package that `E2E_PACKAGE` names. */
import { closeSync, openSync, readSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { findElectron, type FoundElectron } from '../stand-in/locate.ts'

const REPOSITORY = resolve(import.meta.dirname, '../..')

/** One start of the app. */
export interface Start {
  /** Files that are loaded before the app. */
  readonly requires?: readonly string[]
  readonly args: readonly string[]
  /** Another app than this repository's; not in a package. */
  readonly appDir?: string
}

/** How to make that start. */
export interface Command {
  readonly kind: FoundElectron['kind']
  readonly executable: string
  readonly args: readonly string[]
  /** To be added to the environment. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * The command that starts the app. An installed package is that for end-to-end tests (electron-builder.e2e.yml).
 * @throws Error when real Electron is demanded and not there.
 */
export function commandFor({ requires = [], args, appDir }: Start): Command {
  const program = process.env['E2E_PACKAGE'] ?? ''
  if (program !== '' && appDir === undefined) {
    const kind = isScript(program) ? 'stand-in' : 'real'
    return { kind, executable: program, args, env: { SPEC_REQUIRE: requires.join(delimiter) } }
  }
  const { kind, executable } = findElectron(process.env['E2E_ELECTRON'] ?? 'stand-in')
  const loads = requires.flatMap((file) => ['-r', file])
  return { kind, executable, args: [...loads, appDir ?? REPOSITORY, ...args], env: {} }
}

/** Electron's binary is none; the stand-in in its place is (test/stand-in/package). */
function isScript(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(2)
    readSync(file, head)
    return head.toString('latin1') === '#!'
  } finally {
    closeSync(file)
  }
}
