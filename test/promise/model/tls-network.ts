/** The same network over real HTTP and TLS: the app's own sender with its worker, and the simulator on its own thread. */
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createSender } from '../../../src/main/graph/sender.ts'
import type { Attempt, Route, Sender } from '../../../src/main/core/model.ts'
import { captureLog, WORKER_FILE } from '../../graph/rig.ts'
import { DEMO_CLIENT_ID, DEMO_USER_NAME } from '../../simulator/directory.ts'
import { connectControl, type ControlClient, type RequestRecord } from '../../simulator/index.ts'
import type { Weather } from '../moves.ts'
import type { Network, Request, Traffic } from './network.ts'
import type { ToSimulator } from './simulator.worker.ts'
import { faultsOf, RETRY_AFTER_S } from './weather.ts'
import { BEGINNING, type World } from './world.ts'

const HOUR = 3_600_000
/** Real ms: a late request takes effect after this long, when its sender has given up. */
const LATE_MS = 150
/** Real ms by which that may be late itself on a busy machine. */
const LATE_BY_MS = 100
/** Real ms that a write gets where nobody will answer it: nothing is learnt by waiting ten seconds. */
const PATIENCE_MS = 100
/** Real ms within which whatever was sent has an end, or the rig is broken. */
const LIMIT_MS = 30_000
/** The simulator's clock, which runs on in real time, is set again after this long in the world, ms. */
const DRIFT_MS = 1_000

/** A simulator and a sender that serve one sequence after another. */
export interface TlsStage {
  network(world: World, traffic: Traffic): Promise<Network>
  close(): Promise<void>
}

/** The simulator on its thread. */
interface Remote {
  readonly control: ControlClient
  readonly route: Route
  setTime(wall: number): void
  close(): Promise<void>
}

interface Flight extends Request {
  clientRequestId: string | null
}

async function startRemote(): Promise<Remote> {
  const thread = new Worker(new URL('./simulator.worker.ts', import.meta.url))
  const [started] = (await once(thread, 'message')) as [
    { readonly proxyUrl: string; readonly caPem: string; readonly controlUrl: string },
  ]
  const tell = (message: ToSimulator): void => thread.postMessage(message)
  return {
    control: connectControl(started.controlUrl),
    route: { proxyUrl: started.proxyUrl, ca: [started.caPem] },
    setTime: (wall) => tell({ wall }),
    close: async () => {
      const exit = once(thread, 'exit')
      tell('close')
      await exit
    },
  }
}

/** Starts both. */
export async function startTlsStage(): Promise<TlsStage> {
  const remote = await startRemote()
  const sender = createSender({ workerFile: WORKER_FILE, log: captureLog() })
  let deliver: (attempt: Attempt) => void = () => undefined
  let lastId = 0
  sender.onAttempt((attempt) => deliver(attempt))
  return {
    async network(world, traffic) {
      await clean(remote)
      const network = createTlsNetwork(remote, sender, world, traffic, () => (lastId += 1))
      deliver = network.deliver
      return network
    },
    async close() {
      await sender.close()
      await remote.close()
    },
  }
}

/** Leaves nothing of the sequence before. */
async function clean({ control, setTime }: Remote): Promise<void> {
  setTime(BEGINNING)
  await control.offline(false)
  await control.removeAllFaults()
  await control.removeSession(DEMO_USER_NAME, DEMO_CLIENT_ID)
  await control.clearJournal()
}

function createTlsNetwork(
  { control, route, setTime }: Remote,
  sender: Sender,
  world: World,
  traffic: Traffic,
  nextId: () => number,
): Network & { readonly deliver: (attempt: Attempt) => void } {
  let weather: Weather = 'fine'
  let life = 0
  let requests = 0
  let listener: (attempt: Attempt) => void = () => undefined
  /** Writes without an end by the id that the shared sender knows them by. */
  const open = new Map<number, Flight>()
  /** Ended writes whose effect was not asked for yet. */
  let ended: Flight[] = []
  let tokensAsked = 0
  let wake: () => void = () => undefined
  let told = BEGINNING

  world.onTime = (wall) => {
    if (wall - told < DRIFT_MS) return
    setTime(wall)
    told = wall
  }

  /** An attempt as the process of this sequence knows it; null for one that it doesn't wait for any more. */
  function taken(attempt: Attempt): Attempt | null {
    const flight = open.get(attempt.id)
    if (flight === undefined) return null
    open.delete(attempt.id)
    flight.clientRequestId = attempt.clientRequestId
    ended.push(flight)
    wake()
    if (flight.life !== life) return null
    traffic.ended(flight, attempt.result)
    // Real moments as moments of the world, in which none of them has passed.
    return { ...attempt, id: flight.id, startedAt: world.wall, endedAt: world.wall }
  }

  function pass(attempt: Attempt): void {
    const mine = taken(attempt)
    if (mine !== null) listener(mine)
  }

  const port = (): Sender => ({
    arm: sender.arm,
    disarm: sender.disarm,
    send: (write) => {
      requests += 1
      const flight = {
        ...{ no: requests, id: write.id, life, body: write.body, sentAt: world.time },
        clientRequestId: null,
      }
      const id = nextId()
      open.set(id, flight)
      traffic.sent(flight)
      const patience = weather === 'late' || weather === 'requests-lost' ? PATIENCE_MS : write.timeoutMs
      sender.send({ ...write, id, timeoutMs: patience })
    },
    abort: (id) => {
      for (const [real, flight] of open) {
        if (flight.id !== id || flight.life !== life) continue
        traffic.aborted(flight)
        sender.abort(real)
      }
    },
    hold: (ids, ms) => {
      const real = [...open].filter(([, flight]) => flight.life === life && ids.includes(flight.id))
      const held = sender.hold(
        real.map(([id]) => id),
        ms,
      )
      return held.map(taken).filter((attempt) => attempt !== null)
    },
    onAttempt: (next) => {
      listener = next
    },
    close: () => Promise.resolve(),
  })

  /** Waits for what was late to take effect, and tells the last thing that did. */
  async function tellEffects(): Promise<void> {
    if (ended.length === 0) return
    const flights = ended
    ended = []
    const giveUp = performance.now() + LIMIT_MS
    let records: readonly RequestRecord[] = []
    for (;;) {
      records = (await control.journal()).filter(({ kind }) => kind === 'graph')
      if (!records.some(isUnderWay) || performance.now() > giveUp) break
      await setTimeout(20)
    }
    await control.clearJournal()
    const last = records.findLast(({ tookEffect }) => tookEffect)
    const flight = flights.find(({ clientRequestId }) => clientRequestId === last?.clientRequestId)
    if (flight !== undefined) traffic.tookEffect(flight, null)
  }

  return {
    deliver: pass,
    route,
    open: () => {
      life += 1
      return port()
    },
    cut: () => {
      life += 1
      listener = () => undefined
    },
    woke: () => undefined,
    async weather(next) {
      weather = next
      await control.removeAllFaults()
      await control.offline(next === 'no-network')
      const retryAfterS = RETRY_AFTER_S[Math.floor(world.random() * RETRY_AFTER_S.length)] ?? 3
      for (const { fault, ...spec } of faultsOf(next, { lateMs: LATE_MS, retryAfterS })) {
        await control.inject({ ...spec, fault })
      }
      if (next === 'token-refused') await control.revoke(DEMO_USER_NAME)
      if (next === 'not-found') await control.removeSession(DEMO_USER_NAME, DEMO_CLIENT_ID)
    },
    weatherNow: () => weather,
    async issueToken(lifeMs) {
      tokensAsked += 1
      try {
        await control.setTokenLifetime(lifeMs / 1_000)
        const accessToken = await control.issueToken({ user: DEMO_USER_NAME, clientId: DEMO_CLIENT_ID })
        return { accessToken, expiresAt: world.wall + lifeMs }
      } finally {
        tokensAsked -= 1
        wake()
      }
    },
    async call() {
      await control.setSession({
        ...{ user: DEMO_USER_NAME, clientId: DEMO_CLIENT_ID, expirationMs: HOUR },
        ...{ availability: 'Busy', activity: 'InACall' },
      })
    },
    sessions: () => control.listSessions(),
    async settle() {
      const giveUp = performance.now() + LIMIT_MS
      while ((open.size > 0 || tokensAsked > 0) && performance.now() < giveUp) {
        await new Promise<void>((resolve) => {
          wake = resolve
          void setTimeout(1_000).then(resolve)
        })
      }
      if (open.size > 0) throw new Error('the sender never ended a write')
    },
    tellEffects,
    busy: () => open.size > 0 || tokensAsked > 0,
    waiting: () => [...open.values()].filter((flight) => flight.life === life).length,
  }
}

/** It has reached the simulator, and may take effect later. */
function isUnderWay({ fault, tookEffect, realMs }: RequestRecord): boolean {
  return fault?.includes('latency') === true && !tookEffect && Date.now() < realMs + LATE_MS + LATE_BY_MS
}
