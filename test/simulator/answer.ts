/** What passes between the TLS side and the simulated services. */
import type { IncomingHttpHeaders } from 'node:http'
import type { HostRole } from './hosts.ts'

/** A request as Entra and Graph see it. */
export interface ServiceRequest {
  readonly host: string
  readonly role: HostRole
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Fresh GUID; Graph sends it back as `request-id`, Entra as trace id. */
  readonly requestId: string
  /** What the client sent, else the request id. */
  readonly clientRequestId: string
}

/** An answer; the TLS side adds Date and, for Graph, the ids. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The `error` or `error.code` in the body, for the journal. */
  readonly errorCode?: string
  /** Whether the request changed what the simulator holds. */
  readonly tookEffect?: boolean
}

/** A simulated service: pure but for its stores. */
export type Service = (request: ServiceRequest) => Answer

/** A JSON answer. */
export function json(status: number, body: unknown, more: Omit<Answer, 'status' | 'body'> = {}): Answer {
  return {
    ...more,
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...more.headers },
    body: JSON.stringify(body),
  }
}

/** An HTML answer. */
export function html(status: number, body: string, more: Omit<Answer, 'status' | 'body'> = {}): Answer {
  return {
    ...more,
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', ...more.headers },
    body,
  }
}
