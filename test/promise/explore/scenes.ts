/** The scenes that are explored: each a part of everything that can happen, together all of it. */
import { DEFAULT_ATTENDANCE } from '../../../src/main/core/attendance.ts'
import { apply, type Scene } from './choices.ts'
import { type Move, TIME, WEATHER } from '../moves.ts'
import { PEOPLE, type World } from './world.ts'

const NOBODY: World = {
  at: 0,
  bootedAt: 0,
  slept: 0,
  state: null,
  disk: { machineId: 'machine-a', absence: 0, serverOffsetMs: 0, records: [] },
  diskFull: false,
  accounts: [],
  wire: [],
  graph: {},
  watch: {},
  refreshing: [],
  suspended: false,
  hold: null,
  held: null,
  queue: [],
  afterwards: null,
  nextOrder: 1,
}

const BASE = {
  settings: DEFAULT_ATTENDANCE,
  tokenMs: 3_600_000,
  tokensByChoice: false,
  silentSender: false,
  serverAheadMs: null,
  landings: true,
} as const

const LEAVING: readonly Move[] = ['lock', 'unlock', 'set', 'clear', 'crash', 'start', 'start-locked']

/** A world after some moves, in the calm. */
function after(moves: readonly Move[], world: World, scene: Pick<Scene, 'settings'>): World {
  const calm: Scene = {
    ...BASE,
    ...scene,
    name: '',
    depth: 0,
    quickDepth: 0,
    moves: [],
    weather: [],
    roots: [],
  }
  return moves.reduce((at, move) => {
    const next = apply(at, { move }, calm, () => undefined)
    const open = next.wire.find((wire) => wire.open)
    return open === undefined
      ? next
      : apply(next, { request: open.order, meets: 'fine' }, calm, () => undefined)
  }, world)
}

const BOTH = after(['start'], { ...NOBODY, accounts: [PEOPLE[0], PEOPLE[1]] }, BASE)
const ONE = after(['start'], { ...NOBODY, accounts: [PEOPLE[1]] }, BASE)
const OWN = after(['set'], BOTH, BASE)

/** A person who also counts as away without input. */
const IDLING = { ...DEFAULT_ATTENDANCE, enabled: { ...DEFAULT_ATTENDANCE.enabled, idle: true } }
const OWN_IDLING = after(
  ['start', 'set'],
  { ...NOBODY, accounts: [PEOPLE[0], PEOPLE[1]] },
  { settings: IDLING },
)

const CHINA = after(['start'], { ...NOBODY, accounts: [PEOPLE[2]] }, BASE)
const NEW: World = { ...NOBODY, accounts: [PEOPLE[1]] }

/** All scenes. */
export const SCENES: readonly Scene[] = [
  {
    ...BASE,
    name: 'two sessions',
    depth: 12,
    quickDepth: 6,
    moves: ['lock', 'unlock', 'set', 'crash', 'start', 'start-locked', 'call-elsewhere', 'a-while'],
    weather: ['fine', 'answers-lost'],
    landings: false,
    roots: [OWN],
  },
  {
    ...BASE,
    name: 'two sessions, wake by wake',
    depth: 9,
    quickDepth: 5,
    moves: ['lock', 'unlock', 'set', 'clear', 'crash', 'start', 'start-locked', 'next-wake'],
    weather: ['fine', 'answers-lost', 'no-network'],
    landings: false,
    roots: [OWN],
  },
  {
    ...BASE,
    name: 'late landings',
    depth: 9,
    quickDepth: 6,
    moves: ['lock', 'unlock', 'set', 'clear', 'crash', 'start', 'start-locked', 'next-wake', 'call-here'],
    weather: ['fine', 'no-network', 'late'],
    roots: [ONE],
  },
  {
    ...BASE,
    name: 'late landings and refusals',
    depth: 7,
    quickDepth: 5,
    moves: ['lock', 'unlock', 'switch-away', 'set', 'clear', 'next-wake'],
    weather: ['fine', 'late', 'refused', 'throttled', 'captive-portal'],
    roots: [ONE],
  },
  {
    ...BASE,
    name: 'late landings, two accounts',
    depth: 7,
    quickDepth: 4,
    moves: [...LEAVING, 'switch-away', 'sign-in', 'sign-out', 'next-wake'],
    weather: ['fine', 'late'],
    roots: [OWN],
  },
  {
    ...BASE,
    name: 'every answer',
    depth: 7,
    quickDepth: 5,
    moves: ['lock', 'unlock', 'set', 'clear', 'try-again', 'network-changed', 'next-wake', 'half-a-minute'],
    weather: WEATHER,
    landings: false,
    roots: [ONE, after(['set'], ONE, BASE)],
  },
  {
    ...BASE,
    name: 'sleep and the end of the session',
    depth: 8,
    quickDepth: 5,
    moves: [
      ...(['lock', 'unlock', 'sleep', 'wake', 'touch', 'set'] as const),
      ...(['ask-to-end', 'end-session', 'shut-down', 'quit', 'start', 'start-locked', 'next-wake'] as const),
    ],
    weather: ['fine', 'no-network', 'late'],
    landings: false,
    roots: [OWN],
  },
  {
    ...BASE,
    name: 'accounts',
    depth: 6,
    quickDepth: 5,
    moves: [...LEAVING, 'sign-in', 'sign-out', 'forget-now', 'lose-tokens', 'next-wake'],
    weather: ['fine', 'late', 'no-network', 'throttled'],
    landings: false,
    roots: [OWN, ONE],
  },
  {
    ...BASE,
    name: 'tokens',
    depth: 7,
    quickDepth: 5,
    moves: [
      'lock',
      'unlock',
      'set',
      'clear',
      'token',
      'no-token',
      'needs-sign-in',
      'sign-in',
      'quit',
      'start',
      'next-wake',
      'a-night',
    ],
    weather: ['fine', 'token-refused', 'forbidden'],
    landings: false,
    tokensByChoice: true,
    tokenMs: 60_000,
    roots: [ONE, NEW],
  },
  {
    ...BASE,
    name: 'full disk',
    depth: 8,
    quickDepth: 6,
    moves: [...LEAVING, 'disk-full', 'disk-free', 'next-wake'],
    weather: ['fine', 'late', 'throttled'],
    landings: false,
    roots: [ONE],
  },
  {
    ...BASE,
    name: 'other ways to be away',
    depth: 8,
    quickDepth: 5,
    settings: IDLING,
    moves: [
      'find-lock',
      'unlock',
      'switch-away',
      'switch-back',
      'go-idle',
      'stop-idling',
      'set',
      'call-here',
      'next-wake',
    ],
    weather: ['fine', 'no-network'],
    landings: false,
    roots: [OWN_IDLING],
  },
  {
    ...BASE,
    name: 'long times',
    depth: 6,
    quickDepth: 4,
    moves: [
      'lock',
      'unlock',
      'set',
      'set-other',
      'sleep',
      'wake',
      'crash',
      'start',
      'start-locked',
      ...(Object.keys(TIME) as (keyof typeof TIME)[]),
    ],
    weather: ['fine', 'no-network'],
    landings: false,
    roots: [ONE],
  },
  {
    ...BASE,
    name: 'a sender that never answers',
    depth: 8,
    quickDepth: 5,
    moves: ['lock', 'unlock', 'set', 'clear', 'quit', 'start', 'next-wake', 'half-a-minute', 'a-while'],
    weather: ['fine'],
    landings: false,
    silentSender: true,
    roots: [OWN],
  },
  {
    ...BASE,
    name: 'a desktop that reports no unlock',
    depth: 8,
    quickDepth: 6,
    moves: [
      'ask-to-lock',
      'use-window',
      'sleep',
      'wake',
      'touch',
      'set',
      'switch-off-lock',
      'lock',
      'minutes',
    ],
    weather: ['fine', 'no-network'],
    landings: false,
    roots: [ONE],
  },
  {
    ...BASE,
    name: 'a cloud without the API',
    depth: 7,
    quickDepth: 5,
    moves: ['lock', 'unlock', 'set', 'sign-out', 'crash', 'start', 'next-wake'],
    weather: ['refused', 'no-network'],
    landings: false,
    roots: [CHINA],
  },
  {
    ...BASE,
    name: 'a clock that is hours behind',
    depth: 8,
    quickDepth: 5,
    moves: [...LEAVING, 'sleep', 'wake', 'minutes', 'next-wake', 'a-while'],
    weather: ['fine', 'answers-lost'],
    landings: false,
    serverAheadMs: 2 * 3_600_000,
    roots: [ONE],
  },
  {
    ...BASE,
    name: 'a clock that was set right',
    depth: 7,
    quickDepth: 5,
    moves: [...LEAVING, 'sleep', 'wake', 'minutes', 'next-wake', 'a-while'],
    weather: ['fine', 'answers-lost'],
    landings: false,
    serverAheadMs: 0,
    roots: [after(['start', 'set'], { ...NEW, disk: { ...NEW.disk, serverOffsetMs: 7_200_000 } }, BASE)],
  },
]
