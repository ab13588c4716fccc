/** The seeded plan of one round: what happens, at which instant the process is killed, and how it starts again. */
import { type Move, weightOf, type Weather } from '../moves.ts'
import type { Pose } from './process.ts'
import { type Random, randomOf } from './random.ts'

/** Files that are written durably. */
export type DurableFile = 'registry.json' | 'history.json' | 'tokens.bin'

/** Points of a durable write at which a process can die, in their order. */
export const WRITE_POINTS = ['made', 'half written', 'written', 'flushed', 'renamed'] as const

/** When the process is killed, counted from the beginning of the last move. */
export type Instant =
  | { readonly kind: 'delay'; readonly ms: number }
  /** The next presence write is at Graph and has no effect yet. */
  | { readonly kind: 'arrived' }
  /** It took effect and its answer is on the way. */
  | { readonly kind: 'effect' }
  /** Its answer went out that many ms ago. */
  | { readonly kind: 'answered'; readonly ms: number }
  /** At this point of the `left`-th write of a file; the process kills itself. */
  | {
      readonly kind: 'write'
      readonly file: DurableFile
      readonly point: (typeof WRITE_POINTS)[number]
      readonly left: number
    }

/** What the last move before the kill is about. */
export type Target =
  | 'set'
  | 'set again'
  | 'renew'
  | 'lock'
  | 'sleep'
  | 'switch'
  | 'clear'
  | 'return'
  | 'retry'
  | 'end'
  | 'sign-out'
  | 'idle'

/** One round: from a user who is there and signed in, with nothing set and nothing owed, to the same again. */
export interface Round {
  readonly seed: number
  readonly number: number
  readonly pose: Pose
  /** Another program's call stands from the beginning. */
  readonly call: boolean
  /** A window is open: the process has helpers. */
  readonly window: boolean
  readonly moves: readonly Move[]
  readonly target: Target
  /** The kill comes during this one. */
  readonly last: Move
  readonly instant: Instant
  /** How long the app isn't running, simulated ms. */
  readonly downMs: number
  /** The first start after it is killed, too, that many ms after it began. */
  readonly secondKillMs: number | null
  /** The next start finds the screen locked. */
  readonly startLocked: boolean
  /** The weather stays that long after the start, simulated ms. */
  readonly lingersMs: number
  /** By what the user leaves after a start at which they were there. */
  readonly leavesBy: 'lock' | 'sleep'
}

/** The rounds of one pose share one folder of user data; then comes the next pose. */
export const ROUNDS_PER_DESK = 10
const POSES: readonly Pose[] = ['darwin', 'linux', 'win32']

/** What may come before the last move. The others of the catalogue belong to other drivers, or end the process. */
const BEFORE: readonly Move[] = [
  'lock',
  'unlock',
  'sleep',
  'wake',
  'touch',
  'switch-away',
  'switch-back',
  'ask-to-end',
  'set',
  'set-other',
  'clear',
  'fine',
  'no-network',
  'answers-lost',
  'requests-lost',
  'late',
  'busy',
  'throttled',
  'not-found',
  'refused',
  'token-refused',
  'forbidden',
  'captive-portal',
  'call-here',
  'call-elsewhere',
  'a-second',
  'half-a-minute',
  'minutes',
]

const WEATHERS: readonly Weather[] = ['fine', 'answers-lost', 'requests-lost', 'late', 'busy', 'no-network']

/** How often each target comes. */
const TARGETS: Readonly<Record<Target, number>> = {
  set: 4,
  'set again': 2,
  renew: 3,
  lock: 5,
  sleep: 3,
  switch: 1,
  clear: 3,
  return: 2,
  retry: 3,
  end: 2,
  'sign-out': 1,
  idle: 1,
}

/** Plans a round. Pure: the same arguments give the same round. */
export function planRound(seed: number, number: number): Round {
  const random = randomOf(seed, number)
  const pose = POSES[Math.floor(number / ROUNDS_PER_DESK) % POSES.length] ?? 'darwin'
  const target = random.pick(Object.keys(TARGETS) as Target[], (each) => TARGETS[each])
  const { before, last } = approach(random, pose, target)
  const prefix = Array.from({ length: random.whole(0, 4) }, () => random.pick(BEFORE, weightOf))
  return {
    seed,
    number,
    pose,
    call: random.chance(0.35),
    window: random.chance(0.04),
    moves: [...prefix, ...before],
    target,
    last,
    instant: instantOf(random),
    downMs: random.pick([0, 0, 0, 20_000, 240_000, 500_000, 1_000_000]),
    secondKillMs: random.chance(0.15) ? random.whole(150, 1_000) : null,
    startLocked: random.chance(0.5),
    lingersMs: random.pick([0, 0, 0, 20_000, 90_000]),
    leavesBy: random.pick(['lock', 'lock', 'sleep'] as const),
  }
}

/** The way to a target: the moves that make it likely to mean something, and the move during which the kill comes. */
function approach(random: Random, pose: Pose, target: Target): { before: Move[]; last: Move } {
  const present: Move[] = random.chance(0.8) ? ['wake', 'touch', 'unlock', 'switch-back'] : []
  const own: Move[] = random.chance(0.75) ? ['fine', 'set', 'a-second'] : []
  const weather: Move[] = [random.pick(WEATHERS, (each) => (each === 'fine' ? 6 : 1))]
  switch (target) {
    case 'set':
      return { before: [...present, ...weather], last: random.pick(['set', 'set-other']) }
    case 'set again':
      return { before: [...present, 'fine', 'set', 'a-second', ...weather], last: 'set-other' }
    case 'renew':
      return {
        before: [...present, 'fine', random.pick(['set', 'set-other']), 'a-second', ...weather, 'minutes'],
        last: 'minutes',
      }
    case 'lock':
    case 'sleep':
      return { before: [...present, ...own, ...weather], last: target }
    case 'switch':
      return { before: [...present, ...own, ...weather], last: pose === 'darwin' ? 'switch-away' : 'lock' }
    case 'clear':
      return { before: [...present, ...own, ...weather], last: 'clear' }
    case 'return':
      return {
        before: [...present, ...own, ...weather, 'lock', random.pick(['a-second', 'half-a-minute'])],
        last: 'unlock',
      }
    case 'retry':
      return {
        before: [
          ...present,
          ...own,
          random.pick(['busy', 'requests-lost', 'no-network']),
          'lock',
          'a-second',
          'fine',
        ],
        last: 'half-a-minute',
      }
    case 'end': {
      const end: Move = pose === 'win32' ? 'end-session' : 'shut-down'
      return { before: [...present, ...own, ...weather], last: random.pick(['quit', end]) }
    }
    case 'sign-out':
      return { before: [...present, ...own, ...weather], last: 'sign-out' }
    case 'idle':
      return { before: [...present, ...own, ...weather], last: 'a-second' }
  }
}

function instantOf(random: Random): Instant {
  const kind = random.pick(['delay', 'arrived', 'effect', 'answered', 'write'] as const, (each) =>
    each === 'write' ? 3 : each === 'delay' ? 4 : 1,
  )
  switch (kind) {
    case 'delay':
      // Most of what matters happens in the first moments.
      return { kind, ms: Math.round(300 * random.next() ** 2) }
    case 'answered':
      return { kind, ms: random.whole(0, 4) }
    case 'write': {
      const file = random.pick(['registry.json', 'history.json', 'tokens.bin'] as const, (each) =>
        each === 'registry.json' ? 10 : 1,
      )
      const left = file === 'registry.json' ? random.whole(1, 2) : 1
      return { kind, file, point: random.pick(WRITE_POINTS), left }
    }
    case 'arrived':
    case 'effect':
      return { kind }
  }
}
