/** The file that takes the place of Electron's binary inside a Linux package. */
import { join } from 'node:path'
import { fuseWire, FUSES, type Fuse } from './fuse-wire.ts'

/** Where the launcher finds the stand-in, as absolute paths. */
export interface LauncherParts {
  readonly node: string
  readonly boot: string
}

/** The stand-in in this repository, with the Node that runs now: for packages that only this user runs. */
export function launcherHere(): LauncherParts {
  return { node: process.execPath, boot: join(import.meta.dirname, '../boot.ts') }
}

const state = (fuse: Fuse): string => `\${fuses:${String(FUSES.indexOf(fuse))}:1}`

/**
 * Writes the launcher: a script that ends with a fuse wire, and lets through what that wire lets through, as Electron
 * does. Its process has the program's own name and process id.
 */
export function launcher({ node, boot }: LauncherParts): Buffer {
  const script = `#!/bin/bash
# A stand-in for Electron's binary, for tests of packages on the machine that built them. It is not Clear Presence for users.
program=$(readlink -f "$0")
fuses=$(tail -c 9 "$program" | head -c 8)
# Electron takes next to none of NODE_OPTIONS in a package.
unset NODE_OPTIONS
if [ ${state('enableNodeOptionsEnvironmentVariable')} = 0 ]; then unset NODE_EXTRA_CA_CERTS; fi
if [ ${state('runAsNode')} = 1 ] && [ -n "$ELECTRON_RUN_AS_NODE" ]; then exec '${node}' "$@"; fi
inspect=
if [ ${state('enableNodeCliInspectArguments')} = 1 ]; then
  for argument in "$@"; do
    case $argument in --inspect | --inspect=* | --inspect-brk | --inspect-brk=*) inspect=$argument ;; esac
  done
fi
exec -a "$program" '${node}' $inspect --unhandled-rejections=warn --disable-warning=ExperimentalWarning \\
  '${boot}' --stand-in-package="$program" "$@"
# `
  return Buffer.concat([Buffer.from(script), fuseWire(), Buffer.from('\n')])
}
