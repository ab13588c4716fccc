/** The fuse wire of Electron's binary, as `@electron/fuses` finds and flips it. */

/** What marks the wire inside a binary (electron/fuses, `constants.ts`). */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const VERSION = 1

/** The fuses of wire version 1, in their order. */
export const FUSES = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
] as const

/** One fuse, by its name in electron-builder's configuration. */
export type Fuse = (typeof FUSES)[number]

/** Which fuses let something through. */
export type FuseStates = Readonly<Record<Fuse, boolean>>

/** How Electron's binary comes: Node is open, what protects a package is off. */
const AS_DELIVERED: FuseStates = {
  runAsNode: true,
  enableCookieEncryption: false,
  enableNodeOptionsEnvironmentVariable: true,
  enableNodeCliInspectArguments: true,
  enableEmbeddedAsarIntegrityValidation: false,
  onlyLoadAppFromAsar: false,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: true,
}

/** The wire as bytes, to be put anywhere into a file. */
export function fuseWire(states: FuseStates = AS_DELIVERED): Buffer {
  const bits = FUSES.map((fuse) => (states[fuse] ? '1' : '0')).join('')
  return Buffer.from(`${SENTINEL}${String.fromCharCode(VERSION, FUSES.length)}${bits}`, 'latin1')
}
