/** The control API from another process: the same names, everything a promise. */
import { waitFor, type Control, type RemoteMethods } from './control.ts'
import type { RequestMatch, RequestRecord } from './journal.ts'

type Promised<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never
}

/** What {@link connectControl} gives: every method of {@link Control} as a promise. */
export interface ControlClient extends Promised<RemoteMethods> {
  readonly clock: Promised<Control['clock']>
  readonly waitForRequest: (match: RequestMatch, timeoutMs?: number) => Promise<RequestRecord>
}

const NAMES: Record<keyof RemoteMethods, true> = {
  now: true,
  advance: true,
  setTime: true,
  setSession: true,
  removeSession: true,
  listSessions: true,
  presence: true,
  setPreferred: true,
  journal: true,
  clearJournal: true,
  journalChange: true,
  inject: true,
  removeFault: true,
  removeAllFaults: true,
  faults: true,
  offline: true,
  isOffline: true,
  setBlackHole: true,
  setProxyGone: true,
  setProxyAuth: true,
  setDelay: true,
  dropConnections: true,
  issueToken: true,
  issuedTokens: true,
  issuedTokenRecords: true,
  revoke: true,
  disableUser: true,
  setTokenLifetime: true,
  claimsChallenge: true,
  approveDevice: true,
  declineDevice: true,
  pendingDevices: true,
  setAutoApprove: true,
  addToDirectory: true,
  removeApp: true,
  connections: true,
}

/** A client of the control API at `controlUrl`. Its methods reject with the simulator's message. */
export function connectControl(controlUrl: string): ControlClient {
  const base = controlUrl.endsWith('/') ? controlUrl : `${controlUrl}/`
  const call = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    const response = await fetch(base + name, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(args),
    })
    const result: unknown = await response.json()
    if (response.ok) return result ?? undefined
    throw new Error((result as { error?: string }).error ?? `The control API answered ${response.status}`)
  }
  const entries = Object.keys(NAMES).map((name) => [name, (...args: unknown[]) => call(name, args)])
  // Each name is a key of RemoteMethods, and the server calls the method of that name with these arguments.
  const methods = Object.fromEntries(entries) as Promised<RemoteMethods>
  return {
    ...methods,
    clock: { now: methods.now, advance: methods.advance, set: methods.setTime },
    waitForRequest: (match, timeoutMs = 10_000) => waitFor(methods.journalChange, match, timeoutMs),
  }
}
