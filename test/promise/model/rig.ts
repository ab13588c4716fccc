/** One machine under test: the real engine with the real files, a person in front of it, and a network around it. */
import { mkdirSync, rmSync } from 'node:fs'
import { type AttendanceEvent, DEFAULT_ATTENDANCE, isAway } from '../../../src/main/core/attendance.ts'
import { createEngine, type Engine } from '../../../src/main/core/engine.ts'
import {
  type AccessToken,
  type HistoryStore,
  type Identity,
  type Loaded,
  type RegistryData,
  type RegistryStore,
  type SessionRecord,
  sessionKey,
  type TokenResult,
  type TokenSource,
} from '../../../src/main/core/model.ts'
import { createHistoryStore } from '../../../src/main/storage/history.ts'
import { createRegistryStore } from '../../../src/main/storage/registry.ts'
import type { DepartureKind, Pair } from '../../../src/shared/presence.ts'
import { DEMO_CLIENT_ID, DEMO_TENANT_ID, DEMO_USER_ID, DEMO_USER_NAME } from '../../simulator/directory.ts'
import type { TokenMove } from '../moves.ts'
import { fillDisk } from './full-disk.ts'
import type { Network } from './network.ts'
import type { Ask, Reference } from './reference.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const MACHINE_ID = 'machine-under-test'
/** How long a handler may be held, ms (docs/architecture.md, "Departures"). */
const HOLD_MS = 3 * SECOND
/** Entra's answer takes this long, ms. */
const TOKEN_MS = 150

/** The person. */
export const ALEX: Identity = {
  cloud: 'global',
  tenantId: DEMO_TENANT_ID,
  userId: DEMO_USER_ID,
  clientId: DEMO_CLIENT_ID,
  homeAccountId: 'home.alex',
  username: DEMO_USER_NAME,
  name: 'Alex Demo',
}
const KEY = sessionKey(ALEX)

/** The time that each departure leaves, ms (docs/architecture.md, "Departures"); written out here, not taken from the planner. */
const DEADLINES: Partial<Record<DepartureKind, number>> = {
  lock: 30 * SECOND,
  sleep: 30 * SECOND,
  'user-switch': 30 * SECOND,
  idle: 30 * SECOND,
  quit: 5 * SECOND,
  'log-off': 3.5 * SECOND,
  shutdown: 3.5 * SECOND,
  manual: 10 * SECOND,
  'sign-out': 10 * SECOND,
}

/** What a machine is made of. */
export interface RigParts {
  readonly world: World
  readonly network: Network
  readonly reference: Reference
  /** A folder of this machine's own; it is emptied first. */
  readonly folder: string
  /** Tells the story. */
  readonly tell: (line: string) => void
  /** A clear was settled: for the counts at the end. */
  readonly onSettled: (departure: string, settlement: string) => void
}

/** A machine that can be played with. Each call is what one person, source or disaster does. */
export interface Rig {
  readonly running: () => boolean
  readonly signedIn: () => boolean
  report(event: AttendanceEvent): void
  ask(what: Ask | 'try-again', pair?: Pair): void
  signIn(): Promise<void>
  token(move: TokenMove): Promise<void>
  /** The keeper refreshes what is past its half-life. */
  keepFresh(): Promise<void>
  start(locked: boolean): Promise<void>
  /** The process ends on the spot. */
  kill(): void
  sleep(): void
  wake(): Promise<void>
  endSession(): void
  leave(departure: 'quit' | 'shutdown', deadlineMs: number): void
  disk(full: boolean): void
  networkChanged(): void
  /** Shows the reference what the app says. */
  look(): void
  /** What promises wait for runs. */
  settle(): Promise<void>
  /** Lines of trouble that the files reported when they were loaded. */
  readonly fileTrouble: readonly string[]
}

const NO_LOG = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Puts a machine into an empty world. Nothing runs yet. */
export function createRig(parts: RigParts): Rig {
  const { world, network, reference, folder, tell } = parts
  fillDisk(false)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  let engine: Engine | null = null
  let account: Identity | null = ALEX
  let mode: TokenMove = 'token'
  let fetchedAt = 0
  const fileTrouble: string[] = []
  const now = (): number => world.wall

  const recordOf = ({ records }: RegistryData): SessionRecord | null =>
    records.find((record) => sessionKey(record) === KEY) ?? null

  // ------------------------------------------------------------------------------------------------------- the files

  const noted = <T>(loaded: Loaded<T>): Loaded<T> => {
    for (const { code, detail } of loaded.problems) fileTrouble.push(`${code}: ${detail ?? ''}`)
    return loaded
  }

  function registry(locked: boolean): RegistryStore {
    const store = createRegistryStore({ folder, machineId: MACHINE_ID, now })
    return {
      load: () => {
        const loaded = noted(store.load())
        reference.started(locked, recordOf(loaded.data))
        return loaded
      },
      save: (data) => {
        const result = store.save(data)
        reference.saved(result.ok, recordOf(data))
        return result
      },
    }
  }

  function history(): HistoryStore {
    const store = createHistoryStore({ folder, now })
    return {
      load: () => noted(store.load()),
      add: (entry) => {
        reference.history(entry)
        parts.onSettled(entry.departure, entry.settlement)
        tell(`history: ${entry.departure} ${entry.settlement}`)
        return store.add(entry)
      },
    }
  }

  // ------------------------------------------------------------------------------------------------------ the tokens

  const unreachable = (): boolean =>
    ['no-network', 'requests-lost', 'answers-lost', 'late'].includes(network.weatherNow())

  const tokens: TokenSource = {
    acquire: (_who, { timeoutMs }) =>
      new Promise<TokenResult>((resolve) => {
        const mine = engine
        const late = unreachable() && mode !== 'needs-sign-in'
        world.after(late ? timeoutMs : TOKEN_MS, 'worker', () => {
          const answer = late ? unavailable() : fetchToken()
          void Promise.resolve(answer).then((result) => {
            if (mine === engine) resolve(result)
          })
        })
      }),
    forget: () => {
      account = null
      reference.forgot()
      tell('the tokens are forgotten')
      return Promise.resolve()
    },
  }

  const unavailable = (): TokenResult => ({ type: 'unavailable', problem: { code: 'not-reached' } })

  async function fetchToken(): Promise<TokenResult> {
    if (mode === 'needs-sign-in') return { type: 'needs-sign-in', problem: { code: 'needs-sign-in' } }
    if (mode === 'no-token') return unavailable()
    return { type: 'token', ...(await freshToken(HOUR)) }
  }

  async function freshToken(lifeMs: number): Promise<AccessToken> {
    fetchedAt = world.time
    return network.issueToken(lifeMs)
  }

  async function tellToken(): Promise<void> {
    if (engine === null || account === null || unreachable()) return
    const [mine, who] = [engine, account]
    const result = await fetchToken()
    if (mine === engine && result.type !== 'unavailable') engine.tokenCame(who, result)
  }

  // ----------------------------------------------------------------------------------------------------- the process

  function departs(kind: DepartureKind, deadlineMs = DEADLINES[kind] ?? Infinity): Promise<void> {
    if (engine === null) return Promise.resolve()
    const letGo = reference.departing(kind, deadlineMs)
    return engine.released(kind).then(letGo)
  }

  function end(how: string): void {
    if (engine === null) return
    tell(how)
    engine.stop()
    engine = null
    network.cut()
    world.kill()
    reference.died()
  }

  const KINDS: Partial<Record<AttendanceEvent['type'], DepartureKind>> = {
    lock: 'lock',
    suspend: 'sleep',
    switched: 'user-switch',
    poll: 'idle',
    'session-ending': 'log-off',
    'session-ended': 'shutdown',
  }

  const rig: Rig = {
    running: () => engine !== null,
    signedIn: () => account !== null,
    report(event) {
      if (engine === null) return
      reference.reported(event)
      const from = world.time
      engine.report(event)
      if ('holdMs' in event) reference.held(world.time - from, event.holdMs ?? 0)
      const kind = KINDS[event.type]
      if (kind !== undefined) void departs(kind)
    },
    ask(what, pair = 'Busy/InACall') {
      if (engine === null) return
      engine.report({ type: 'used' })
      if (what === 'try-again') engine.retry()
      else reference.asked(what)
      if (what === 'set') engine.set(pair)
      else if (what === 'clear') engine.clear()
      else if (what === 'sign-out') engine.signOut()
      else if (what === 'forget-now') engine.forgetNow()
      if (what === 'clear') void departs('manual')
      if (what === 'sign-out') void departs('sign-out')
    },
    async signIn() {
      if (engine === null || unreachable()) return
      mode = 'token'
      account = ALEX
      const mine = engine
      const token = await freshToken(HOUR)
      if (mine === engine) engine.signedIn(ALEX, token)
    },
    async token(move) {
      mode = move === 'token-expires' ? 'token' : move
      if (move === 'no-token') return
      if (move !== 'token-expires') {
        await tellToken()
        return
      }
      const [mine, who] = [engine, account]
      const token = await network.issueToken(0)
      if (mine !== null && mine === engine && who !== null) mine.tokenCame(who, { type: 'token', ...token })
    },
    async keepFresh() {
      if (engine === null || world.frozen || mode !== 'token') return
      if (world.time - fetchedAt > HOUR / 2) await tellToken()
    },
    async start(locked) {
      if (engine !== null) return
      world.boot()
      engine = createEngine(
        {
          clock: world.clock(),
          sender: network.open(),
          tokens,
          registry: registry(locked),
          history: history(),
          log: NO_LOG,
          graphOrigin: () => 'https://graph.microsoft.com',
          route: () => network.route,
        },
        {
          enabled: { ...DEFAULT_ATTENDANCE.enabled, idle: true },
          idleAfterMs: DEFAULT_ATTENDANCE.idleAfterMs,
        },
      )
      engine.start(locked)
      engine.restored(account === null ? [] : [account])
      rig.look()
      await tellToken()
    },
    kill: () => end('the process is gone'),
    sleep() {
      rig.report({ type: 'suspend', holdMs: HOLD_MS })
      if (engine !== null) world.freeze()
    },
    async wake() {
      if (!world.frozen) return
      world.thaw()
      network.woke()
      rig.report({ type: 'resume' })
      engine?.networkChanged()
      if (mode === 'token') await tellToken()
    },
    endSession() {
      rig.report({ type: 'session-ended', departure: 'shutdown', holdMs: HOLD_MS })
      end('the session has ended')
    },
    leave(departure, deadlineMs) {
      rig.report({ type: 'leaving', departure, deadlineMs })
      const mine = engine
      void departs(departure, deadlineMs).then(() => {
        if (mine === engine) end('the app has quit')
      })
    },
    disk: fillDisk,
    networkChanged: () => engine?.networkChanged(),
    look() {
      if (engine === null || world.frozen) return
      const state = engine.state()
      reference.looked({
        away: isAway(state.attendance, state.settings),
        record: state.sessions[KEY]?.record ?? null,
        departures: state.departures.length,
        timers: world.timers(),
        waiting: network.waiting(),
      })
    },
    async settle() {
      do {
        await network.settle()
        // As many turns as the longest chain of promises has links: Entra's answer, the engine, the reference.
        for (let turns = 0; turns < 4; turns += 1) await Promise.resolve()
      } while (network.busy())
      rig.look()
      await network.tellEffects()
    },
    fileTrouble,
  }
  return rig
}
