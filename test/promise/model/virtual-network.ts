/** A network in virtual time: each write reaches the simulator's own Graph code in this process, with the simulator's faults. */
import { randomUUID } from 'node:crypto'
import type { AxiosResponse } from 'axios'
import { answerOf } from '../../../src/main/graph/answer.ts'
import type { Armament, Attempt, AttemptResult, PresenceWrite, Sender } from '../../../src/main/core/model.ts'
import { splitPair } from '../../../src/shared/presence.ts'
import type { Answer, ServiceRequest } from '../../simulator/answer.ts'
import {
  createDirectory,
  DEFAULT_DIRECTORY,
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
} from '../../simulator/directory.ts'
import { createFaults, type Fault } from '../../simulator/faults.ts'
import { createGraph } from '../../simulator/graph.ts'
import { anyError, DEFAULT_ASSUMPTIONS, graphError } from '../../simulator/graph-errors.ts'
import { HOSTS } from '../../simulator/hosts.ts'
import { createPresenceStore } from '../../simulator/sessions.ts'
import { createTokenStore } from '../../simulator/tokens.ts'
import type { Weather } from '../moves.ts'
import type { Network, Request, Traffic } from './network.ts'
import { faultsOf, LATE_MS, RETRY_AFTER_S } from './weather.ts'
import type { World } from './world.ts'

const HOST = 'graph.microsoft.com'
const HOUR = 3_600_000
/** One way to the simulator takes up to this long, ms, so that answers and requests overtake each other. */
const WAY_MS = 200
/** This share of the answers takes so long, ms: with the way there still within the 10 s of a request. */
const SLOW_ANSWERS = 0.05
const SLOW_ANSWER_MS = [2_000, 9_500] as const

const directory = createDirectory(DEFAULT_DIRECTORY, {})

interface Flight extends Request {
  readonly write: PresenceWrite
  readonly armament: Armament
  /** The process still waits for it. */
  open: boolean
  readonly stop: (() => void)[]
}

type AnswerResult = Extract<AttemptResult, { type: 'answer' }>

/** Makes a network whose simulator is empty. */
export function createVirtualNetwork(world: World, traffic: Traffic): Network {
  const clock = { now: () => world.wall, advance: () => world.wall, set: () => world.wall }
  const tokens = createTokenStore(clock)
  const presence = createPresenceStore(clock)
  const faults = createFaults()
  const challenge = { mode: 'off', since: 0 } as const
  const graph = createGraph({
    ...{ clock, directory, tokens, presence, challenge },
    assumptions: DEFAULT_ASSUMPTIONS,
    throttleLimit: 1_500,
  })
  let weather: Weather = 'fine'
  let breaksEarly = false
  let requests = 0
  let life = 0
  let armed: Armament | null = null
  let listener: (attempt: Attempt) => void = () => undefined
  let open: Flight[] = []
  /** Ended while main was held, and not asked for by the hold. */
  let ended: Attempt[] = []
  /** Lies in the socket of a machine that sleeps. */
  let unread: (() => void)[] = []

  const pick = <T>(values: readonly T[]): T => values[Math.floor(world.random() * values.length)] as T
  const way = (): number => 10 + world.random() * (WAY_MS - 10)
  const wayBack = (): number => {
    const [from, to] = world.random() < SLOW_ANSWERS ? SLOW_ANSWER_MS : [10, WAY_MS]
    return from + world.random() * (to - from)
  }

  // ------------------------------------------------------------------------------------------- on the machine's side

  function send(write: PresenceWrite): void {
    requests += 1
    const request = { no: requests, id: write.id, life, body: write.body, sentAt: world.time }
    if (armed === null) {
      world.after(0, 'worker', () => report({ ...request, write } as Flight, failure('not-armed', '', false)))
      return
    }
    const flight: Flight = { ...request, write, armament: armed, open: true, stop: [] }
    open.push(flight)
    traffic.sent(flight)
    if (weather === 'no-network') {
      flight.stop.push(world.after(20, 'worker', () => end(flight, failure('dns', 'ENOTFOUND', false))))
      return
    }
    world.after(way(), 'world', () => arrive(flight))
    const giveUp = (): void => end(flight, failure('timeout', 'ETIMEDOUT', true))
    flight.stop.push(world.after(write.timeoutMs, 'worker', giveUp))
  }

  function end(flight: Flight, result: AttemptResult): void {
    if (!flight.open) return
    flight.open = false
    open = open.filter((each) => each !== flight)
    for (const stop of flight.stop) stop()
    report(flight, result)
  }

  function report(flight: Flight, result: AttemptResult): void {
    traffic.ended(flight, result)
    const attempt: Attempt = {
      id: flight.id,
      key: flight.write.key,
      clientRequestId: `c-${flight.no}`,
      startedAt: world.wall - (world.time - flight.sentAt),
      endedAt: world.wall,
      result,
    }
    if (world.held) ended.push(attempt)
    else listener(attempt)
  }

  const sender = (): Sender => ({
    arm: (armament) => {
      armed = armament
    },
    disarm: () => {
      armed = null
    },
    send,
    abort: (id) => {
      const flight = open.find((each) => each.id === id)
      if (flight === undefined) return
      traffic.aborted(flight)
      flight.stop.push(world.after(0, 'worker', () => end(flight, failure('aborted', 'ABORTED', true))))
    },
    hold: (ids, ms) => {
      world.hold(ms, () => !open.some(({ id }) => ids.includes(id)))
      const wanted = ended.filter(({ id }) => ids.includes(id))
      for (const other of ended.filter(({ id }) => !ids.includes(id))) {
        world.after(0, 'main', () => listener(other))
      }
      ended = []
      return wanted
    },
    onAttempt: (next) => {
      listener = next
    },
    close: () => Promise.resolve(),
  })

  // ----------------------------------------------------------------------------------------- on the simulator's side

  function arrive(flight: Flight): void {
    const { path } = requestOf(flight)
    const taken = faults.take({ host: HOST, service: 'graph', method: 'POST', path })
    const fault = taken.find(({ type }) => type !== 'latency')
    const ms = taken.reduce((sum, each) => (each.type === 'latency' ? sum + each.ms : sum), 0)
    // The way breaks behind the request, which goes on: the sender knows no better than that it was sent.
    if (ms > 0 && breaksEarly) end(flight, failure('answer', 'ECONNRESET', true))
    if (ms > 0) world.after(ms, 'world', () => serve(flight, fault))
    else serve(flight, fault)
  }

  function serve(flight: Flight, fault: Fault | undefined): void {
    // Gone meanwhile: what had left this machine arrives, its answer doesn't.
    if (weather === 'no-network') {
      handle(flight)
      return
    }
    switch (fault?.type) {
      case 'stall':
        if (fault.tookEffect === true) handle(flight)
        return
      case 'lost-answer':
        handle(flight)
        back(flight, () => failure('answer', 'ECONNRESET', true))
        return
      case 'status': {
        const error = { ...anyError(fault.status), headers: fault.headers ?? {} }
        const answer = graphError(error, requestOf(flight).request, clock)
        back(flight, () => resultOf(answer, randomUUID()))
        return
      }
      case 'captive-portal':
        back(flight, () => resultOf({ status: 200, body: '<html></html>' }, null))
        return
      default: {
        const answer = handle(flight)
        back(flight, () => resultOf(answer, randomUUID()))
      }
    }
  }

  /** Hands it to the simulator's Graph, and tells what it did. */
  function handle(flight: Flight): Answer {
    const { request } = requestOf(flight)
    const [before = null] = presence.list()
    const answer = graph(request)
    if (answer.tookEffect === true) traffic.tookEffect(flight, flight.body.kind === 'clear' ? before : null)
    return answer
  }

  function requestOf({ write, armament, no }: Flight): {
    readonly path: string
    readonly request: ServiceRequest
  } {
    const action = write.body.kind === 'clear' ? 'clearPresence' : 'setPresence'
    const path = `/v1.0/users/${armament.userId}/presence/${action}`
    const sessionId = armament.clientId
    const body =
      write.body.kind === 'clear'
        ? { sessionId }
        : {
            sessionId,
            ...splitPair(write.body.pair),
            expirationDuration: `PT${write.body.leaseMs / 60_000}M`,
          }
    const id = `c-${no}`
    return {
      path,
      request: {
        host: HOST,
        role: HOSTS.get(HOST)!,
        method: 'POST',
        url: new URL(path, `https://${HOST}`),
        headers: { authorization: `Bearer ${armament.accessToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        requestId: id,
        clientRequestId: id,
      },
    }
  }

  function resultOf(answer: Answer, requestId: string | null): AnswerResult {
    const headers: Record<string, string> = { date: new Date(world.wall).toUTCString() }
    if (requestId !== null) headers['request-id'] = requestId
    for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value
    return answerOf({ status: answer.status, headers } as AxiosResponse<unknown>, answer.body ?? '')
  }

  /** The answer's way back. */
  function back(flight: Flight, resultNow: () => AttemptResult): void {
    const result = resultNow()
    world.after(wayBack(), 'world', () => {
      if (world.frozen) unread.push(() => end(flight, result))
      else end(flight, result)
    })
  }

  // ---------------------------------------------------------------------------------------------------- the network

  return {
    route: { proxyUrl: null, ca: [] },
    open: () => {
      life += 1
      armed = null
      return sender()
    },
    cut: () => {
      for (const flight of open) flight.open = false
      open = []
      ended = []
      unread = []
      listener = () => undefined
      life += 1
    },
    woke: () => {
      const all = unread
      unread = []
      for (const read of all) world.after(10, 'worker', read)
      // The sender looks at the wall clock as well: its own timers slept.
      for (const flight of open) {
        const left = flight.write.timeoutMs - (world.time - flight.sentAt)
        const giveUp = (): void => end(flight, failure('timeout', 'ETIMEDOUT', true))
        flight.stop.push(world.after(Math.max(200, left), 'worker', giveUp))
      }
    },
    weather: (next) => {
      weather = next
      breaksEarly = world.random() < 0.5
      faults.removeAll()
      for (const spec of faultsOf(next, { lateMs: pick(LATE_MS), retryAfterS: pick(RETRY_AFTER_S) })) {
        faults.inject(spec)
      }
      if (next === 'token-refused') tokens.revoke(DEMO_USER_ID)
      if (next === 'not-found') presence.clear(DEMO_USER_ID, DEMO_CLIENT_ID)
      return Promise.resolve()
    },
    weatherNow: () => weather,
    issueToken: (lifeMs) => {
      tokens.setLifetime(lifeMs / 1_000)
      const { value, expiresAt } = tokens.issueAccess({
        userId: DEMO_USER_ID,
        tenantId: DEMO_TENANT_ID,
        clientId: DEMO_CLIENT_ID,
        cloud: 'global',
        audience: undefined,
        scopes: new Set(['Presence.ReadWrite', 'Presence.Read']),
        handlesClaims: false,
        answersChallenge: 0,
      })
      return Promise.resolve({ accessToken: value, expiresAt })
    },
    call: () => {
      const pair = { availability: 'Busy', activity: 'InACall' }
      presence.set(DEMO_USER_ID, DEMO_CLIENT_ID, pair, HOUR, 'control')
      return Promise.resolve()
    },
    sessions: () => Promise.resolve(presence.list()),
    settle: () => Promise.resolve(),
    busy: () => false,
    tellEffects: () => Promise.resolve(),
    waiting: () => open.length,
  }
}

function failure(
  stage: Extract<AttemptResult, { type: 'failure' }>['stage'],
  code: string,
  sent: boolean,
): AttemptResult {
  return { type: 'failure', stage, code, sent }
}
