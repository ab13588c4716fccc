/** One state of the explored world: the real planner on a machine, its disk, the requests on the wire, and what Graph holds. */
import type {
  Attempt,
  AttemptResult,
  Identity,
  Now,
  RegistryData,
  SessionKey,
} from '../../../src/main/core/model.ts'
import { sessionKey } from '../../../src/main/core/model.ts'
import type { PlannerEvent, State } from '../../../src/main/core/state.ts'

/** A request on its way, from its sending until it can't have an effect any more, 10 s later. */
export interface Wire {
  /** The planner's number for it; another process counts anew. */
  readonly id: number
  readonly key: SessionKey
  readonly kind: 'set' | 'renew' | 'clear'
  readonly leaseMs: number
  readonly sentAt: number
  /** Its own number in this world; one with a smaller number was sent before it. */
  readonly order: number
  /** The planner waits for its answer. */
  readonly open: boolean
  /** The planner had its socket destroyed. */
  readonly aborted: boolean
  /** The process that sent it still runs. */
  readonly heard: boolean
  /** It has taken effect. */
  readonly landed: boolean
  /** The answer that a hold has got and not handed over yet. */
  readonly answer: AttemptResult | null
}

/** What stands in Graph for one user and application. */
export interface Standing {
  readonly by: 'us' | 'another program' | 'another machine'
  readonly expiresAt: number
  /** Number of the request that set it; 0 when it wasn't ours. */
  readonly order: number
}

/** What the judge remembers of one session besides, to see a broken promise. */
export interface Watch {
  /** When what is owed now was last owed anew; null when nothing was yet. */
  readonly owedAt: number | null
  /** Its clear has settled or aged out, and the user hasn't been back since: nothing more may be sent. */
  readonly quiet: boolean
  /** The user has been back since it was owed. */
  readonly returned: boolean
  /** The user has set something since it was owed. */
  readonly superseded: boolean
  /** A set that Graph hasn't confirmed has replaced what was due: it must come back should Graph refuse the set. */
  readonly replaced: boolean
  /**
   * The user has told us to let go of it unsettled. `must-go`: and has signed in and left again, so that it is owed all the
   * same; `lost`: the process that knew of it has died.
   */
  readonly letGo: 'no' | 'yes' | 'must-go' | 'lost'
  /** Graph has told this process to send nothing before; null when it hasn't, or only a process that has died since. */
  readonly notBefore: number | null
}

/** A handler of the operating system that blocks until its clears are answered. */
export interface Hold {
  readonly ids: readonly number[]
  readonly endsAt: number
  /** How often it may block, this time included. */
  readonly left: number
}

/** What comes when a held handler returns. */
export type Afterwards = 'asleep' | 'gone'

/** The whole world. Immutable; times are ms since it began. */
export interface World {
  readonly at: number
  readonly bootedAt: number
  /** How long the machine has slept since the process began, ms: the monotonic clock stands still meanwhile. */
  readonly slept: number
  /** Null: no process runs. */
  readonly state: State | null
  readonly disk: RegistryData
  readonly diskFull: boolean
  /** Whose tokens the cache holds. */
  readonly accounts: readonly Identity[]
  readonly wire: readonly Wire[]
  readonly graph: Readonly<Record<SessionKey, Standing>>
  readonly watch: Readonly<Record<SessionKey, Watch>>
  /** Sessions whose token is being refreshed. */
  readonly refreshing: readonly SessionKey[]
  readonly suspended: boolean
  readonly hold: Hold | null
  /** The hold that the handler has been in before, while its answers are handed over. */
  readonly held: Hold | null
  readonly queue: readonly PlannerEvent[]
  readonly afterwards: Afterwards | null
  readonly nextOrder: number
}

const person = (digit: string, name: string): Identity => ({
  cloud: 'global',
  tenantId: '11111111-0000-4000-8000-000000000000',
  userId: `${digit.repeat(8)}-0000-4000-8000-000000000000`,
  clientId: '33333333-0000-4000-8000-000000000000',
  homeAccountId: `home.${name}`,
  username: `${name}@example.test`,
  name,
})

/** The people whose sessions this machine may know; the last one's cloud has no presence API. */
export const PEOPLE = [
  person('2', 'alex'),
  person('4', 'blake'),
  { ...person('5', 'casey'), cloud: 'china' },
] as const satisfies readonly Identity[]
/** The keys of their sessions. */
export const KEYS = [sessionKey(PEOPLE[0]), sessionKey(PEOPLE[1]), sessionKey(PEOPLE[2])] as const

/** Nothing was owed yet. */
export const UNWATCHED: Watch = {
  owedAt: null,
  quiet: false,
  returned: false,
  superseded: false,
  replaced: false,
  letGo: 'no',
  notBefore: null,
}

const BEGINNING_MS = 1_700_000_000_000

/** The clocks of the machine at that moment. */
export function nowIn(world: World): Now {
  return { wall: BEGINNING_MS + world.at, mono: world.at - world.bootedAt - world.slept, jitter: 0 }
}

/** A moment in server time, as the process counts it, as ms since the world began. */
export function sinceBeginning({ state }: World, wall: number): number {
  return wall - (state?.serverOffsetMs ?? 0) - BEGINNING_MS
}

/** An attempt with this answer, as the sender hands it over. */
export function attemptOf(world: World, { id, key, sentAt }: Wire, result: AttemptResult): Attempt {
  return {
    id,
    key,
    clientRequestId: 'explored',
    startedAt: BEGINNING_MS + sentAt,
    endedAt: BEGINNING_MS + world.at,
    result,
  }
}
