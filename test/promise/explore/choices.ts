/** Which things can happen next in a world, and what the world is after each. */
import type { AttemptResult } from '../../../src/main/core/model.ts'
import {
  type AttendanceEvent,
  type AttendanceSettings,
  DEFAULT_ATTENDANCE,
  isAway,
} from '../../../src/main/core/attendance.ts'
import type { Action, PlannerEvent, TokenNews } from '../../../src/main/core/state.ts'
import { initialState, nextWakeMs } from '../../../src/main/core/planner.ts'
import { PERSON, TIME, type Move, type PersonMove, type TimeMove, type Weather } from '../moves.ts'
import { answer, Broken, endHold, endProcess, LANDS_WITHIN_MS, type Observer, play } from './playing.ts'
import { KEYS, nowIn, PEOPLE, UNWATCHED, type Wire, type World } from './world.ts'

/** Turns that only the explorer takes: they make no sense in a random sequence, or are one machine's own. */
export type Turn =
  | 'next-wake'
  | 'hold-ends'
  /** A desktop that never reports an unlock is asked to lock. */
  | 'ask-to-lock'
  | 'use-window'
  /** The lock doesn't count any more. */
  | 'switch-off-lock'
  /** The token cache is lost, or its keyring is. */
  | 'lose-tokens'

/** One thing that happens: a move of the catalogue, or a turn that only the explorer can see apart. */
export type Choice =
  | { readonly move: Move | Turn; readonly crashAfter?: number }
  /** What befalls one request that is on its way. */
  | { readonly request: number; readonly meets: Weather | 'landing'; readonly crashAfter?: number }

/** A part of everything that can happen, small enough to be explored to the end. */
export interface Scene {
  readonly name: string
  /** How many things happen one after the other. */
  readonly depth: number
  /** The same for a look of a few seconds. */
  readonly quickDepth: number
  readonly moves: readonly (Move | Turn)[]
  readonly weather: readonly Weather[]
  /** Requests may land and be answered at different moments. */
  readonly landings: boolean
  readonly settings: AttendanceSettings
  /** How long a token lives, ms; with `tokens` nobody gets one by itself. */
  readonly tokenMs: number
  readonly tokensByChoice: boolean
  /** How far the machine's clock is behind the server's, ms; null: Graph's answers don't say. */
  readonly serverAheadMs: number | null
  /** The sender may never answer at all. */
  readonly silentSender: boolean
  readonly roots: readonly World[]
}

const SINGLE: Readonly<Partial<Record<Move | Turn, AttendanceEvent>>> = {
  lock: { type: 'lock', source: 'system-events', locked: true },
  unlock: { type: 'lock', source: 'system-events', locked: false },
  'find-lock': { type: 'lock', source: 'system-events', locked: true, found: true },
  wake: { type: 'resume' },
  touch: { type: 'poll', state: 'active', idleSeconds: 0 },
  'switch-away': { type: 'switched', away: true },
  'switch-back': { type: 'switched', away: false },
  'go-idle': { type: 'poll', state: 'idle', idleSeconds: 1_000 },
  'stop-idling': { type: 'poll', state: 'active', idleSeconds: 0 },
  'ask-to-lock': { type: 'lock-requested' },
  'use-window': { type: 'used' },
  'ask-to-end': { type: 'session-ending', departure: 'shutdown' },
  'shut-down': { type: 'leaving', departure: 'shutdown', deadlineMs: 3_500 },
  quit: { type: 'leaving', departure: 'quit', deadlineMs: 5_000 },
}
const HOLD_MS = 3_000

/** The planner's event for what a person does; null for what is more than one. */
function personEvent(move: PersonMove | Turn, world: World): PlannerEvent | null {
  switch (move) {
    case 'sleep':
      return { type: 'suspend', holdMs: HOLD_MS }
    case 'end-session':
      return { type: 'session-ended', departure: 'shutdown', holdMs: HOLD_MS }
    case 'set':
      return { type: 'set', pair: 'Busy/InACall' }
    case 'set-other':
      return { type: 'set', pair: 'Available/Available' }
    case 'clear':
      return { type: 'clear' }
    case 'try-again':
      return { type: 'retry' }
    case 'sign-out':
      return { type: 'sign-out' }
    case 'forget-now':
      return { type: 'forget-now' }
    case 'sign-in':
      return signInOfTheOther(world)
    case 'switch-off-lock':
      return { type: 'settings', settings: withoutLock(world) }
    default:
      return SINGLE[move] ?? null
  }
}

function signInOfTheOther(world: World): PlannerEvent {
  const identity = world.state?.active === KEYS[0] ? PEOPLE[1] : PEOPLE[0]
  return { type: 'signed-in', identity, expiresAt: nowIn(world).wall + TOKEN_MS }
}
function withoutLock({ state }: World): AttendanceSettings {
  const settings = state?.settings ?? DEFAULT_ATTENDANCE
  return { ...settings, enabled: { ...settings.enabled, lock: false } }
}

const TOKEN_MS = 1_000 * 3_600_000

/** Every world that can follow, each with what happened; `trying` hears of each choice before it is played. */
export function* successors(
  world: World,
  scene: Scene,
  observe: Observer,
  trying: (choice: Choice) => void,
): Generator<readonly [Choice, World]> {
  for (const choice of choices(world, scene)) {
    trying(choice)
    const points = new Set<number>()
    const next = apply(world, choice, scene, (step) => {
      observe(step)
      for (const point of crashPoints(step.actions)) points.add(point)
    })
    yield [choice, next]
    if (!scene.moves.includes('crash') || !isKillable(choice)) continue
    for (const crashAfter of points) {
      const killed = { ...choice, crashAfter }
      trying(killed)
      yield [killed, apply(world, killed, scene, () => undefined)]
    }
  }
}

/** Everything that can happen next. */
export function* choices(world: World, scene: Scene): Generator<Choice> {
  for (const wire of world.wire) {
    if (wire.open && wire.answer === null && !world.suspended) {
      for (const meets of scene.weather) {
        if (canMeet(world, wire, meets)) yield { request: wire.order, meets }
      }
    }
    if (scene.landings && !wire.landed && wire.answer === null && !(wire.open && world.suspended)) {
      yield { request: wire.order, meets: 'landing' }
    }
  }
  if (world.hold !== null) {
    yield { move: 'hold-ends' }
    return
  }
  for (const move of scene.moves) {
    if (isPossible(world, move, scene)) yield { move }
  }
}

/**
 * A request whose socket we destroyed has no answer to hand over, unless that was here already; one that has landed can't be
 * lost any more, and an old one can't land.
 */
function canMeet({ at }: World, { kind, aborted, landed, sentAt }: Wire, weather: Weather): boolean {
  if (landed) return weather === 'fine' || weather === 'answers-lost'
  if (at - sentAt >= LANDS_WITHIN_MS) return weather === 'requests-lost'
  if (aborted) return ['answers-lost', 'late', 'requests-lost', 'no-network'].includes(weather)
  // Graph finds what stands: "not found" is a refusal of a set here, and to a clear the truth of "fine".
  return weather !== 'not-found' || kind !== 'clear'
}

function isPossible(world: World, move: Move | Turn, scene: Scene): boolean {
  if (move in TIME || move === 'next-wake')
    return move !== 'next-wake' || (world.state !== null && !world.suspended)
  if (move === 'call-here') return !world.suspended
  // Nobody is at two machines at once, and another call in the same place changes nothing.
  if (move === 'call-elsewhere') {
    return isLeft(world) && world.graph[world.state?.active ?? KEYS[1]]?.by !== 'another machine'
  }
  if (move === 'start' || move === 'start-locked') return world.state === null
  if (move === 'crash') return world.state !== null
  if (move === 'lose-tokens') return world.accounts.length > 0
  if (move === 'disk-full') return !world.diskFull
  if (move === 'disk-free') return world.diskFull
  if (world.state === null) return false
  if (move === 'wake') return world.suspended
  if (world.suspended) return false
  if (['token', 'no-token', 'needs-sign-in'].includes(move))
    return scene.tokensByChoice && world.refreshing.length > 0
  return true
}

/** Whether nobody can be at this machine. */
function isLeft({ state, suspended }: World): boolean {
  return state === null || suspended || isAway(state.attendance, state.settings)
}

/** Whether a kill in the middle of it is played: in the middle of the others nothing is sent and written at once. */
function isKillable(choice: Choice): boolean {
  if ('request' in choice) return choice.meets !== 'landing'
  return choice.move === 'next-wake' || (PERSON as readonly string[]).includes(choice.move)
}

/** Between which actions of a plan the process may die: a request and the registry's write, in either order. */
function crashPoints(actions: readonly Action[]): readonly number[] {
  if (!actions.some(({ type }) => type === 'send')) return []
  const points: number[] = []
  for (const [index, { type }] of actions.entries()) {
    if (index > 0 && (type === 'save' || (type === 'send' && actions[index - 1]?.type !== 'send')))
      points.push(index)
  }
  return points
}

/** The world after one choice. Throws `Broken` when a promise is. */
export function apply(world: World, choice: Choice, scene: Scene, observe: Observer): World {
  if ('request' in choice) {
    const wire = world.wire.find(({ order }) => order === choice.request)
    if (wire === undefined) throw new Error('no such request')
    return meet(world, wire, choice.meets, scene, observe, choice.crashAfter)
  }
  const { move } = choice
  switch (move) {
    case 'hold-ends':
      return endHold(
        pass(world, Math.max(0, (world.hold?.endsAt ?? world.at) - world.at), scene, observe),
        observe,
      )
    case 'next-wake': {
      const ms = world.state === null ? null : nextWakeMs(world.state, nowIn(world))
      return ms === null ? world : pass(world, Math.max(1, Math.ceil(ms)), scene, observe, choice.crashAfter)
    }
    case 'crash':
      return endProcess(world)
    case 'start':
    case 'start-locked':
      return start(world, move === 'start-locked', scene, observe)
    case 'disk-full':
      return { ...world, diskFull: true }
    case 'disk-free':
      return { ...world, diskFull: false }
    case 'network-changed':
      return play(world, { type: 'network' }, observe)
    case 'call-here':
    case 'call-elsewhere':
      return call(world, move)
    case 'token':
      return token(world, (each) => ({ type: 'token', expiresAt: nowIn(each).wall + scene.tokenMs }), observe)
    case 'no-token':
      return token(world, () => ({ type: 'unavailable', problem: { code: 'no-network' } }), observe)
    case 'needs-sign-in':
      return token(world, () => ({ type: 'needs-sign-in', problem: { code: 'needs-sign-in' } }), observe)
    case 'token-expires':
      return world
    case 'lose-tokens':
      return { ...world, accounts: [] }
    case 'wake':
      return play({ ...world, suspended: false }, { type: 'resume' }, observe)
    default:
      if (move in TIME) return pass(world, TIME[move as TimeMove], scene, observe)
      return person(world, move as PersonMove, choice.crashAfter, observe)
  }
}

function person(world: World, move: PersonMove, crashAfter: number | undefined, observe: Observer): World {
  const event = personEvent(move, world)
  if (event === null) throw new Error(`the explorer can't play "${move}"`)
  let ready = world
  if (move === 'sleep') ready = { ...world, afterwards: 'asleep' }
  if (move === 'end-session') ready = { ...world, afterwards: 'gone' }
  if (event.type === 'signed-in') {
    const others = world.accounts.filter(({ userId }) => userId !== event.identity.userId)
    ready = { ...world, accounts: [...others, event.identity] }
  }
  return play(ready, event, observe, crashAfter)
}

/** A process starts on the disk that the last one left. */
function start(world: World, locked: boolean, scene: Scene, observe: Observer): World {
  const begun: World = {
    ...world,
    bootedAt: world.at,
    slept: 0,
    state: initialState('machine-a', scene.settings),
  }
  let next = play(begun, { type: 'start', registry: world.disk, locked }, observe)
  next = play(next, { type: 'restored', accounts: world.accounts }, observe)
  if (scene.tokensByChoice) return next
  for (const { userId } of world.accounts) {
    const key = KEYS.find((each) => each.includes(userId))
    if (key === undefined) continue
    const news: TokenNews = { type: 'token', expiresAt: nowIn(world).wall + TOKEN_MS }
    next = play(withoutRefresh(next, key), { type: 'token', key, news }, observe)
  }
  return next
}

function withoutRefresh(world: World, key: string): World {
  return { ...world, refreshing: world.refreshing.filter((each) => each !== key) }
}

/** What came of the oldest token refresh. */
function token(world: World, news: (world: World) => TokenNews, observe: Observer): World {
  const [key] = world.refreshing
  if (key === undefined) return world
  return play(withoutRefresh(world, key), { type: 'token', key, news: news(world) }, observe)
}

/** A call is set under the same registration, and not by us. It is the latest; what we set stands no more. */
function call(world: World, move: 'call-here' | 'call-elsewhere'): World {
  const key = world.state?.active ?? KEYS[1]
  const by = move === 'call-here' ? 'another program' : 'another machine'
  const standing = { by, expiresAt: world.at + 4 * 3_600_000, order: world.nextOrder } as const
  return { ...world, graph: { ...world.graph, [key]: standing }, nextOrder: world.nextOrder + 1 }
}

const GRAPH = { type: 'answer', requestId: 'r', date: null, retryAfter: null, authenticate: null } as const
const RESULTS: Readonly<Record<Exclude<Weather, 'fine'>, AttemptResult>> = {
  'no-network': { type: 'failure', stage: 'dns', code: 'ENOTFOUND', sent: false },
  'answers-lost': { type: 'failure', stage: 'answer', code: 'ECONNRESET', sent: true },
  'requests-lost': { type: 'failure', stage: 'answer', code: 'ECONNRESET', sent: true },
  late: { type: 'failure', stage: 'answer', code: 'ECONNRESET', sent: true },
  busy: { ...GRAPH, status: 503, errorCode: 'serviceNotAvailable' },
  throttled: { ...GRAPH, status: 429, errorCode: 'TooManyRequests', retryAfter: '20' },
  'not-found': { ...GRAPH, status: 404, errorCode: 'NotFound' },
  refused: { ...GRAPH, status: 400, errorCode: 'InvalidArgument' },
  'token-refused': { ...GRAPH, status: 401, errorCode: 'InvalidAuthenticationToken' },
  forbidden: { ...GRAPH, status: 403, errorCode: 'Forbidden' },
  'captive-portal': { ...GRAPH, requestId: null, status: 200, errorCode: '' },
}
const TIMEOUT: AttemptResult = { type: 'failure', stage: 'timeout', code: 'TIMEOUT', sent: true }

function meet(
  world: World,
  wire: Wire,
  weather: Weather | 'landing',
  scene: Scene,
  observe: Observer,
  crashAfter?: number,
): World {
  const date = scene.serverAheadMs === null ? null : nowIn(world).wall + scene.serverAheadMs
  if (weather === 'landing') {
    // No answer comes at the same moment: it takes the way back.
    const landed = land({ ...world, at: world.at + 1 }, wire)
    const kept = wire.open
      ? landed.wire.map((each) => (each.order === wire.order ? { ...each, landed: true } : each))
      : landed.wire.filter(({ order }) => order !== wire.order)
    return { ...landed, wire: kept }
  }
  if (weather === 'fine') {
    const stood = wire.landed || wire.kind !== 'clear' || standing(world, wire) !== undefined
    const status = stood ? { status: 200, errorCode: '' } : { status: 404, errorCode: 'NotFound' }
    const next = wire.landed ? world : land(world, wire)
    return answer(confirmed(next, wire), wire, { ...GRAPH, ...status, date }, false, observe, crashAfter)
  }
  if (weather === 'answers-lost' && !wire.landed) {
    return answer(land(world, wire), wire, RESULTS[weather], false, observe, crashAfter)
  }
  const refused = ['refused', 'forbidden', 'not-found', 'token-refused'].includes(weather)
  const known = refused ? withoutSet(world, wire) : world
  return answer(known, wire, RESULTS[weather], weather === 'late', observe, crashAfter)
}

/** A set that Graph has surely refused supersedes nothing: what it replaced is owed again. */
function withoutSet(world: World, { kind, key }: Wire): World {
  if (kind !== 'set') return world
  return {
    ...world,
    watch: { ...world.watch, [key]: { ...(world.watch[key] ?? UNWATCHED), superseded: false } },
  }
}

/** A set that Graph has confirmed has replaced for good what was due. */
function confirmed(world: World, { kind, key, open }: Wire): World {
  const { [key]: watch } = world.watch
  if (kind === 'clear' || !open || watch === undefined) return world
  return { ...world, watch: { ...world.watch, [key]: { ...watch, replaced: false } } }
}

function standing(world: World, wire: Wire) {
  const found = world.graph[wire.key]
  return found === undefined || found.expiresAt <= world.at ? undefined : found
}

/** A request takes effect in Graph. */
function land(world: World, wire: Wire): World {
  const { [wire.key]: stands, ...others } = world.graph
  if (wire.kind !== 'clear') {
    const ours = { by: 'us', expiresAt: world.at + wire.leaseMs, order: wire.order } as const
    return { ...world, graph: { ...others, [wire.key]: ours } }
  }
  // One that a killed process has left on the wire is out of anybody's hands.
  if (wire.heard && stands?.by === 'us' && stands.order > wire.order && stands.expiresAt > world.at) {
    throw new Broken('what was set later is ended by a clear that was sent before it')
  }
  return { ...world, graph: others }
}

/** Time passes, and the planner is woken whenever it asked to be. A request without an answer times out on the way. */
export function pass(start: World, ms: number, scene: Scene, observe: Observer, crashAfter?: number): World {
  const end = start.at + ms
  let world = start
  for (let rounds = 0; rounds < 10_000; rounds += 1) {
    const awake = world.state !== null && !world.suspended && world.hold === null
    const wake = awake && world.state !== null ? nextWakeMs(world.state, nowIn(world)) : null
    const timeouts = awake && !scene.silentSender ? world.wire.filter(({ open }) => open) : []
    const moments = [
      ...timeouts.map(({ sentAt }) => Math.max(world.at, sentAt + LANDS_WITHIN_MS)),
      ...(wake === null ? [] : [world.at + Math.max(1, Math.ceil(wake))]),
    ]
    const at = Math.min(...moments)
    if (at > end) {
      const slept = world.suspended ? world.slept + end - world.at : world.slept
      return dropPassed({ ...world, at: end, slept })
    }
    world = dropPassed({ ...world, at })
    const late = timeouts.find(({ sentAt }) => sentAt + LANDS_WITHIN_MS <= at)
    world =
      late === undefined
        ? play(world, { type: 'tick' }, observe, crashAfter)
        : answer(world, late, TIMEOUT, false, observe, crashAfter)
  }
  throw new Broken('the planner wants to be woken without end')
}

/** What can't land any more is gone. */
function dropPassed(world: World): World {
  const wire = world.wire.filter(({ open, sentAt }) => open || world.at - sentAt < LANDS_WITHIN_MS)
  const graph = Object.fromEntries(
    Object.entries(world.graph).filter(([, { expiresAt }]) => expiresAt > world.at),
  )
  return { ...world, wire, graph }
}
