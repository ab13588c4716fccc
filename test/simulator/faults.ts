/** Faults that tests inject: which requests they meet, what they do, and how often. */

/** Which requests a fault meets. Without a field, any value will do. */
export interface FaultMatch {
  /** A host name, or `graph` / `entra` for every host of that service. */
  readonly host?: string
  readonly method?: string
  /** The whole path, its last segments (`clearPresence`), or a pattern with `*`. */
  readonly path?: string
}

/**
 * What goes wrong. A request that meets one is read and journaled, but takes no effect unless it says so.
 * - `latency`: handled normally, `ms` later; with `where: 'answer'` it takes effect at once and only the answer is late.
 *   A late request takes effect even if its sender has gone meanwhile.
 * - `refuse`: the connection ends (FIN) before a byte of answer. Without `path` it meets CONNECT too (then, with
 *   `proxyStatus`, the proxy answers with that status instead).
 * - `untrusted-certificate`: new connections meet a certificate of a CA that nobody trusts. Only without `path`.
 * - `reset`: the connection is reset (RST) before a byte of answer.
 * - `stall`: no answer, the connection stays open. `tookEffect: true`: but the request did its work.
 * - `lost-answer`: takes effect, then the connection is reset.
 * - `status`: any answer. Graph hosts get `request-id` and Graph's error shape unless told otherwise.
 * - `captive-portal`: 200 with an HTML sign-in page and none of Microsoft's headers.
 * - `cut-body`: takes effect, announces a body and ends the connection in the middle of it.
 * - `slow-drip`: takes effect, then sends the body one byte each `everyMs` (100), after it blanks if `forever`.
 */
export type Fault =
  | { readonly type: 'latency'; readonly ms: number; readonly where?: 'request' | 'answer' }
  | { readonly type: 'refuse'; readonly proxyStatus?: number }
  | { readonly type: 'untrusted-certificate' }
  | { readonly type: 'reset' }
  | { readonly type: 'stall'; readonly tookEffect?: boolean }
  | { readonly type: 'lost-answer' }
  | {
      readonly type: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** Text as it is, anything else as JSON. Default: an error body of the host's own kind. */
      readonly body?: unknown
      readonly tookEffect?: boolean
      /** False: without `request-id`, as if something before Graph had answered. */
      readonly requestId?: boolean
    }
  | { readonly type: 'captive-portal' }
  | { readonly type: 'cut-body' }
  | { readonly type: 'slow-drip'; readonly everyMs?: number; readonly forever?: boolean }

/** A fault, whom it meets, and how often: `times` requests (default 1) or until it's removed. */
export interface FaultSpec {
  readonly match?: FaultMatch
  readonly fault: Fault
  readonly times?: number | 'until-removed'
}

/** A fault in force. */
export interface ActiveFault extends FaultSpec {
  readonly id: string
  /** Requests it still meets. */
  readonly left: number | 'until-removed'
}

/** What a request is to the matcher. */
export interface FaultTarget {
  readonly host: string
  readonly service: 'graph' | 'entra'
  readonly method: string
  /** Path without query; undefined for CONNECT. */
  readonly path?: string
}

/** The list of faults in force. */
export interface Faults {
  inject: (spec: FaultSpec) => string
  remove: (id: string) => boolean
  removeAll: () => void
  list: () => ActiveFault[]
  /** The faults that a request meets: every latency and the first other one. Each is counted as used once. */
  take: (target: FaultTarget) => Fault[]
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern.includes('*')) {
    const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${source.join('.*')}$`, 'i').test(path)
  }
  const [p, t] = [pattern.toLowerCase(), path.toLowerCase()]
  return t === p || t.endsWith(`/${p}`)
}

function meets(spec: FaultSpec, target: FaultTarget): boolean {
  const match = spec.match ?? {}
  if (match.host !== undefined && match.host !== target.host && match.host !== target.service) return false
  if (target.path === undefined) {
    // A tunnel has no path or method of its own: only what befalls the whole host meets it.
    const anyRequest = match.path === undefined && (match.method === undefined || match.method === 'CONNECT')
    return (spec.fault.type === 'refuse' || spec.fault.type === 'untrusted-certificate') && anyRequest
  }
  return (
    spec.fault.type !== 'untrusted-certificate' &&
    (match.method === undefined || match.method === target.method) &&
    (match.path === undefined || pathMatches(match.path, target.path))
  )
}

/** An empty list of faults. */
export function createFaults(): Faults {
  let lastId = 0
  let active: { id: string; spec: FaultSpec; left: number | 'until-removed' }[] = []
  return {
    inject: (spec) => {
      const id = `fault-${(lastId += 1)}`
      active.push({ id, spec, left: spec.times ?? 1 })
      return id
    },
    remove: (id) => {
      const before = active.length
      active = active.filter((a) => a.id !== id)
      return active.length < before
    },
    removeAll: () => {
      active = []
    },
    list: () => active.map(({ id, spec, left }) => ({ ...spec, id, left })),
    take: (target) => {
      const taken: Fault[] = []
      let hasMain = false
      for (const entry of active) {
        const isLatency = entry.spec.fault.type === 'latency'
        if ((!isLatency && hasMain) || !meets(entry.spec, target)) continue
        hasMain ||= !isLatency
        taken.push(entry.spec.fault)
        if (entry.left !== 'until-removed') entry.left -= 1
      }
      active = active.filter((a) => a.left === 'until-removed' || a.left > 0)
      return taken
    },
  }
}
