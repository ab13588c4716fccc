/** Keeps the debugging doors of Chromium shut in an installed app. */

/**
 * Whoever comes in by these reads what the page shows and presses its buttons, as a page in any browser may for a port.
 * Electron opens them after the main script has run once, so that removing them there is in time. Node's `--inspect` is
 * read before any script; a fuse of the package (electron-builder.yml) shuts it, and its names stand here for Chromium's
 * copies.
 */
const DOORS = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-debugging-address',
  'remote-debugging-io-pipes',
  'remote-allow-origins',
  'inspect',
  'inspect-brk',
  'inspect-port',
] as const

/** The parts of Electron's `app` that it takes, and whether Node's own debugger listens. */
export interface Switches {
  readonly isPackaged: boolean
  readonly inspected: boolean
  readonly commandLine: { removeSwitch(name: string): void }
}

/**
 * Removes the switches that open Chromium to a debugger. Not while developing, where tests and people come in by them; nor
 * where Node's debugger listens, as the fuse allows it in the variant for end-to-end tests only: who holds that one holds
 * the whole app already.
 */
export function shutDebugging({ isPackaged, inspected, commandLine }: Switches): void {
  if (!isPackaged || inspected) return
  for (const door of DOORS) commandLine.removeSwitch(door)
}
