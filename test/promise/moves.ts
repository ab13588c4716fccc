/** Everything that can happen to the promise: the one catalogue from which all drivers (explore, model, kill) take their moves. */

/** What the person does at the machine. Leaving, coming back, and using the app. */
export const PERSON = [
  'lock',
  'unlock',
  /** The lock is only discovered: nobody knows since when it stands. */
  'find-lock',
  /** The lid closes; the handler may be held. */
  'sleep',
  'wake',
  /** Input after a wake, as the poll sees it. */
  'touch',
  'switch-away',
  'switch-back',
  'go-idle',
  'stop-idling',
  /** Windows asks whether the session may end; another program may still say no. */
  'ask-to-end',
  /** Windows ends the session for certain, and the process with it. */
  'end-session',
  /** macOS, Linux and signals end the session; the process ends when it lets go. */
  'shut-down',
  'quit',
  'set',
  'set-other',
  'clear',
  'try-again',
  'sign-in',
  'sign-out',
  'forget-now',
] as const

/** What befalls the requests that are on their way from now on, or the one that is. */
export const WEATHER = [
  'fine',
  /** Requests never leave this machine. */
  'no-network',
  /** Requests take effect, their answers are lost. */
  'answers-lost',
  /** Requests leave, and are lost before they take effect. */
  'requests-lost',
  /** Requests take effect late, their answers never come. */
  'late',
  /** 503. */
  'busy',
  /** 429 with a Retry-After. */
  'throttled',
  /** 404: nothing to clear. For a set it is a refusal. */
  'not-found',
  /** 400. */
  'refused',
  /** 401, which a new token may mend. */
  'token-refused',
  /** 403: the scope or the consent is missing. */
  'forbidden',
  /** A page of somebody else's, with status 200. */
  'captive-portal',
] as const

/** What befalls tokens: the keeper gets one, gets none for now, or only the user can help. */
export const TOKENS = ['token', 'token-expires', 'no-token', 'needs-sign-in'] as const

/** What befalls the process and its disk. After `crash` comes one of the starts. */
export const PROCESS = [
  'crash',
  'start',
  'start-locked',
  'disk-full',
  'disk-free',
  'network-changed',
] as const

/** What happens elsewhere, out of this machine's sight, under the same user and application. */
export const ELSEWHERE = [
  /** Another program of this machine sets a call under our registration. */
  'call-here',
  /** A call begins at another machine of the same person. */
  'call-elsewhere',
] as const

/** Time, ms. */
export const TIME = {
  'a-second': 1_000,
  'half-a-minute': 31_000,
  minutes: 250_000,
  'a-while': 1_000_000,
  'a-night': 28_800_000,
} as const

export type PersonMove = (typeof PERSON)[number]
export type Weather = (typeof WEATHER)[number]
export type TokenMove = (typeof TOKENS)[number]
export type ProcessMove = (typeof PROCESS)[number]
export type ElsewhereMove = (typeof ELSEWHERE)[number]
export type TimeMove = keyof typeof TIME

/** One thing that happens. Parameters are all in the name, so that a failing sequence reads like a story. */
export type Move = PersonMove | Weather | TokenMove | ProcessMove | ElsewhereMove | TimeMove

/** Every move there is. */
export const MOVES: readonly Move[] = [
  ...PERSON,
  ...WEATHER,
  ...TOKENS,
  ...PROCESS,
  ...ELSEWHERE,
  ...(Object.keys(TIME) as TimeMove[]),
]

/** How often each move comes in a random sequence, against 1 for those not named. */
const WEIGHTS: Partial<Record<Move, number>> = {
  lock: 6,
  unlock: 6,
  sleep: 3,
  wake: 3,
  touch: 3,
  set: 6,
  clear: 3,
  crash: 3,
  start: 3,
  'start-locked': 2,
  fine: 8,
  'answers-lost': 3,
  late: 3,
  'no-network': 3,
  token: 3,
  'disk-free': 3,
  'a-second': 8,
  'half-a-minute': 6,
  minutes: 3,
}

/** How often a move comes in a random sequence. */
export function weightOf(move: Move): number {
  return WEIGHTS[move] ?? 1
}
