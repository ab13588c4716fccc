/** The whole contract between the window and the main process: three channels, one closed list of commands. */
import { own } from './own.ts'
import { isPair, type Pair } from './presence.ts'
import type { Snapshot } from './snapshot.ts'

/** Channel names. `snapshot` and `command` are invoked by the page, `changed` is pushed to it. */
export const CHANNELS = {
  snapshot: 'clear-presence:snapshot',
  changed: 'clear-presence:changed',
  command: 'clear-presence:command',
} as const

/** Pages that the app may open in the system's browser: a closed list, so that no URL crosses the bridge. */
export const LINKS = ['device-login', 'register-app', 'admin-consent', 'help'] as const
/** One of those pages. */
export type Link = (typeof LINKS)[number]

/** What the user can ask for, in the window and in the tray. */
export type Command =
  | { readonly type: 'clear' }
  | { readonly type: 'set'; readonly pair: Pair }
  | { readonly type: 'sign-in'; readonly method: 'browser' | 'device-code' }
  | { readonly type: 'cancel-sign-in' }
  | { readonly type: 'sign-out' }
  /** While signing out and not cleared yet: forget the tokens although a clear is still owed. */
  | { readonly type: 'forget-now' }
  | { readonly type: 'retry-now' }
  | { readonly type: 'dismiss-notices' }
  | { readonly type: 'open-logs' }
  | { readonly type: 'open-link'; readonly link: Link }
  | { readonly type: 'copy-details' }
  | { readonly type: 'copy-device-code' }
  /** Start with the computer, or not; both answer the offer. */
  | { readonly type: 'start-at-login'; readonly on: boolean }
  /** Quit, install the newer version that lies ready, and start it. */
  | { readonly type: 'install-update' }
  | { readonly type: 'quit' }

const PLAIN_COMMANDS = [
  'clear',
  'cancel-sign-in',
  'sign-out',
  'forget-now',
  'retry-now',
  'dismiss-notices',
  'open-logs',
  'copy-details',
  'copy-device-code',
  'install-update',
  'quit',
] as const

/**
 * Turns what came over the bridge into a command, or null when it isn't one. Unknown members are dropped, so a
 * command never carries more than its type says.
 */
export function parseCommand(value: unknown): Command | null {
  const read = (name: string): unknown => own(value, name)
  const type = read('type')
  const plain = PLAIN_COMMANDS.find((name) => name === type)
  if (plain !== undefined) return { type: plain }
  if (type === 'set') {
    const pair = read('pair')
    return isPair(pair) ? { type, pair } : null
  }
  if (type === 'sign-in') {
    const method = read('method')
    return method === 'browser' || method === 'device-code' ? { type, method } : null
  }
  if (type === 'start-at-login') {
    const on = read('on')
    return typeof on === 'boolean' ? { type, on } : null
  }
  if (type === 'open-link') {
    const link = LINKS.find((name) => name === read('link'))
    return link === undefined ? null : { type, link }
  }
  return null
}

/** What the preload exposes to the page as `window.clearPresence`. */
export interface Bridge {
  /** The state to show now. */
  snapshot(): Promise<Snapshot>
  /** Calls back with every later state; returns the function that stops it. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void
  /** Asks the main process for something; the answer is the next snapshot. Rejects when the command is refused. */
  send(command: Command): Promise<void>
}
