/** The journal: every request the simulator saw, without a secret in it. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { realTime } from './clock.ts'

/** One request. It's entered when its headers arrive and completed as it goes on. */
export interface RequestRecord {
  /** 1, 2, 3, ... in order of arrival; goes on after a clear of the journal. */
  readonly seq: number
  /** Real time of arrival, ms since 1970. */
  readonly realMs: number
  /** Simulated time of arrival, ms since 1970. */
  readonly simulatedMs: number
  /** `connect` is a CONNECT to the proxy; the others came through one. */
  readonly kind: 'connect' | 'entra' | 'graph' | 'plain'
  /** Number of the proxied connection: equal numbers shared one TLS connection. */
  readonly connection: number
  readonly host: string
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Headers; bearer tokens and proxy passwords are replaced by a short hash. */
  readonly headers: Readonly<Record<string, string>>
  /** Short hash of the bearer token: equal hashes are the same token (see `issuedTokenRecords`). */
  readonly token?: string
  readonly clientRequestId?: string
  /** JSON as it was sent; a form as an object with its secrets hashed; anything else as text. */
  body?: unknown
  /** Status that was sent, or null as long as none was (a dropped connection never gets one). */
  status: number | null
  /** The answer's `error.code` (Graph) or `error` (Entra), if it had one. */
  errorCode?: string
  requestId?: string
  /** Whether it changed what the simulator holds: a session, a preferred state, a token handed out. */
  tookEffect: boolean
  /** The fault that it met, e.g. `stall`; `offline` while the network is off. */
  fault?: string
  /** `open` until the whole answer went out or the connection was gone. */
  outcome: 'open' | 'answered' | 'dropped'
  /** Real time when the outcome was known, ms since 1970. */
  endedRealMs?: number
}

/** What a record starts from. */
export type Arrival = Pick<
  RequestRecord,
  'kind' | 'connection' | 'host' | 'method' | 'path' | 'simulatedMs'
> & {
  readonly headers: IncomingHttpHeaders
}

/** Which requests a test waits for: a function, or fields that have to be equal (`path` may be the end of the path). */
export type RequestMatch =
  | ((record: RequestRecord) => boolean)
  | {
      readonly host?: string
      readonly method?: string
      /** The whole path, or its last segments, e.g. `clearPresence`. */
      readonly path?: string
      readonly status?: number | null
      readonly outcome?: RequestRecord['outcome']
      /** Only records with a larger `seq`. */
      readonly after?: number
    }

/** The journal's working side; {@link RequestRecord} is what it hands out (copies). */
export interface Journal {
  open: (arrival: Arrival) => RequestRecord
  /** Says that a record was changed, so that waiting tests look again. */
  changed: () => void
  all: () => RequestRecord[]
  clear: () => void
  /** Goes up with each change. */
  version: () => number
  /** Resolves with true when the version is above `after`, with false after `timeoutMs`. */
  changedAfter: (after: number, timeoutMs: number) => Promise<boolean>
}

const SECRET_FIELDS = new Set([
  'code',
  'code_verifier',
  'refresh_token',
  'device_code',
  'client_secret',
  'client_assertion',
  'assertion',
  'password',
])

/** The short name of a secret: the first 12 hex digits of its SHA-256. */
export const shortHash = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex').slice(0, 12)

/** The journal's form of a body (see {@link RequestRecord.body}). */
export function journalBody(text: string, contentType: string | undefined): unknown {
  if (text === '') return undefined
  if (contentType?.includes('application/x-www-form-urlencoded') === true) {
    const entries = [...new URLSearchParams(text)].map(([name, value]) => [
      name,
      SECRET_FIELDS.has(name) ? `#${shortHash(value)}` : value,
    ])
    return Object.fromEntries(entries) as unknown
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The token of an `Authorization: Bearer` header. */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

function journalHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    if (name === 'authorization' || name === 'proxy-authorization') {
      const [scheme = '', ...rest] = text.split(' ')
      out[name] = `${scheme} #${shortHash(rest.join(' '))}`
    } else {
      out[name] = text
    }
  }
  return out
}

/** Whether a record is one that a test waits for. */
export function matches(record: RequestRecord, match: RequestMatch): boolean {
  if (typeof match === 'function') return match(record)
  const pathname = record.path.split('?')[0] ?? ''
  return (
    (match.host === undefined || record.host === match.host) &&
    (match.method === undefined || record.method === match.method) &&
    (match.status === undefined || record.status === match.status) &&
    (match.outcome === undefined || record.outcome === match.outcome) &&
    (match.after === undefined || record.seq > match.after) &&
    (match.path === undefined || pathname === match.path || pathname.endsWith(`/${match.path}`))
  )
}

/** An empty journal. */
export function createJournal(): Journal {
  let records: RequestRecord[] = []
  let lastSeq = 0
  let version = 0
  let waiting: (() => void)[] = []
  const changed = (): void => {
    version += 1
    const wake = waiting
    waiting = []
    for (const w of wake) w()
  }
  return {
    open: ({ headers, ...arrival }) => {
      const token = bearerOf(headers)
      // Graph is told by header, Entra by MSAL in the query.
      const clientRequestId =
        headers['client-request-id'] ??
        new URLSearchParams(arrival.path.split('?')[1]).get('client-request-id')
      const record: RequestRecord = {
        seq: (lastSeq += 1),
        realMs: realTime(),
        ...arrival,
        headers: journalHeaders(headers),
        ...(token === undefined ? {} : { token: shortHash(token) }),
        ...(typeof clientRequestId === 'string' ? { clientRequestId } : {}),
        status: null,
        tookEffect: false,
        outcome: 'open',
      }
      records.push(record)
      changed()
      return record
    },
    changed,
    all: () => records.map((r) => ({ ...r })),
    clear: () => {
      records = []
      changed()
    },
    version: () => version,
    changedAfter: (after, timeoutMs) =>
      new Promise((resolve) => {
        if (version > after) {
          resolve(true)
          return
        }
        const timer = setTimeout(() => {
          waiting = waiting.filter((w) => w !== wake)
          resolve(false)
        }, timeoutMs)
        const wake = (): void => {
          clearTimeout(timer)
          resolve(true)
        }
        waiting.push(wake)
      }),
  }
}
