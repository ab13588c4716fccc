/** A world for the planner's tests: it plays events at given times and keeps what the planner asked for. */
import type { Pair } from '../../shared/presence.ts'
import type { HistoryEntry } from '../../shared/snapshot.ts'
import type { AttendanceSettings } from './attendance.ts'
import {
  type Attempt,
  type AttemptResult,
  type Identity,
  type Now,
  type RegistryData,
  sessionKey,
} from './model.ts'
import { initialState, nextWakeMs, plan, registryOf } from './planner.ts'
import type { Action, PlannerEvent, State } from './state.ts'
import { HOUR, MINUTE, SECOND } from './time.ts'

/** A user of the tests. */
export const ALEX: Identity = {
  cloud: 'global',
  tenantId: '11111111-0000-4000-8000-000000000000',
  userId: '22222222-0000-4000-8000-000000000000',
  clientId: '33333333-0000-4000-8000-000000000000',
  homeAccountId: 'home.alex',
  username: 'alex@example.test',
  name: 'Alex',
}
/** The key of that user's session. */
export const KEY = sessionKey(ALEX)

type Sent = Extract<Action, { type: 'send' }>

/** Graph's answers, by name. */
export const ANSWERS = {
  ok: answer(200),
  notFound: answer(404, 'NotFound'),
  badRequest: answer(400, 'InvalidArgument'),
  forbidden: answer(403, 'Forbidden'),
  unauthorized: answer(401, 'InvalidAuthenticationToken'),
  busy: answer(503, 'ServiceUnavailable'),
  noApi: answer(404, 'Request_ResourceNotFound'),
  hotel: { ...answer(200), requestId: null },
  offline: { type: 'failure', stage: 'dns', code: 'ENOTFOUND', sent: false },
  lost: { type: 'failure', stage: 'timeout', code: 'TIMEOUT', sent: true },
  aborted: { type: 'failure', stage: 'aborted', code: 'ABORTED', sent: true },
} as const satisfies Record<string, AttemptResult>

/** An answer with Graph's `request-id`. */
export function answer(status: number, errorCode = '', retryAfter: string | null = null) {
  return {
    type: 'answer',
    status,
    requestId: 'r-1',
    date: null,
    retryAfter,
    errorCode,
    authenticate: null,
  } as const
}

/** One process on one machine, with its registry on a disk that survives it. */
export class World {
  state: State = initialState('machine-a')
  /** ms since the world began. */
  at = 0
  /** How far this machine's wall clock is off. */
  wallError = 0
  actions: Action[] = []
  disk: RegistryData = { machineId: 'machine-a', absence: 0, serverOffsetMs: 0, records: [] }
  history: HistoryEntry[] = []
  /** Every action of the whole life, for counting. */
  sent: Sent[] = []
  #boot = 0

  now(): Now {
    return { wall: 1_700_000_000_000 + this.at + this.wallError, mono: this.at - this.#boot, jitter: 0 }
  }

  /** Plays one event and returns what the planner asked for. */
  play(event: PlannerEvent): readonly Action[] {
    const next = plan(this.state, event, this.now())
    this.state = next.state
    this.actions = [...next.actions]
    for (const action of next.actions) {
      if (action.type === 'save') this.disk = registryOf(this.state)
      if (action.type === 'history') this.history.unshift(action.entry)
      if (action.type === 'send') this.sent.push(action)
    }
    return this.actions
  }

  /** Starts a process: what the last one kept in memory is gone, the registry is not. */
  start(
    options: { locked?: boolean; accounts?: readonly Identity[]; settings?: AttendanceSettings } = {},
  ): this {
    this.#boot = this.at
    this.state = initialState('machine-a', options.settings)
    const stored = structuredClone(this.disk)
    this.play({ type: 'start', registry: stored, locked: options.locked ?? false })
    this.play({ type: 'restored', accounts: options.accounts ?? [ALEX] })
    return this
  }

  /** A started process with a token that lasts an hour. */
  ready(options: Parameters<World['start']>[0] = {}): this {
    this.start(options)
    this.token(HOUR)
    return this
  }

  token(lifeMs: number): readonly Action[] {
    return this.play({
      type: 'token',
      key: KEY,
      news: { type: 'token', expiresAt: this.now().wall + lifeMs },
    })
  }

  /** Lets time pass; the planner is woken whenever it asked to be. */
  pass(ms: number): this {
    const end = this.at + ms
    for (;;) {
      const wake = nextWakeMs(this.state, this.now())
      if (wake === null || this.at + wake > end) break
      this.at += Math.max(1, Math.ceil(wake))
      this.play({ type: 'tick' })
    }
    this.at = end
    return this
  }

  /**
   * Answers the oldest open write (or the one given) and returns what the planner asked for then. `holdMs`: the answer
   * comes out of a hold that has that much time left.
   */
  answer(result: AttemptResult, write: Sent | undefined = this.open()[0], holdMs = 0): readonly Action[] {
    if (write === undefined) throw new Error('nothing is open')
    const { wall } = this.now()
    const attempt: Attempt = {
      id: write.write.id,
      key: write.write.key,
      clientRequestId: 'c-1',
      startedAt: wall,
      endedAt: wall,
      result,
    }
    return this.play({ type: 'attempt', attempt, holdMs })
  }

  /** Writes that the planner waits for, oldest first. */
  open(): readonly Sent[] {
    const ids = Object.values(this.state.sessions).flatMap(({ flights }) => flights.map(({ id }) => id))
    return this.sent.filter(({ write }) => ids.includes(write.id))
  }

  /** Kinds of all writes sent so far, in order. */
  kinds(): readonly string[] {
    return this.sent.map(({ write }) => write.body.kind)
  }

  lock(): readonly Action[] {
    return this.play({ type: 'lock', source: 'system-events', locked: true })
  }

  unlock(): readonly Action[] {
    return this.play({ type: 'lock', source: 'system-events', locked: false })
  }

  /** The user sets a presence and Graph takes it. */
  set(pair: Pair = 'Busy/InACall'): this {
    this.play({ type: 'set', pair })
    this.answer(ANSWERS.ok, this.sent.at(-1))
    return this
  }

  get session() {
    return this.state.sessions[KEY]
  }

  get due() {
    return this.session?.record.due ?? null
  }

  get own() {
    return this.session?.record.own ?? null
  }
}

export { HOUR, MINUTE, SECOND }
