/** The presence pairs that Graph's setPresence accepts, and the names of the ways to leave. Imported by every layer. */

/**
 * The five availability/activity pairs that Graph's `setPresence` accepts; every other combination is refused with 400.
 * Source: Microsoft Graph, presence: setPresence.
 */
export const PAIRS = [
  'Available/Available',
  'Busy/InACall',
  'Busy/InAConferenceCall',
  'DoNotDisturb/Presenting',
  'Away/Away',
] as const

/** One availability/activity pair, written as Graph names it. */
export type Pair = (typeof PAIRS)[number]

/** Whether an unknown value is one of the five pairs. */
export function isPair(value: unknown): value is Pair {
  return typeof value === 'string' && (PAIRS as readonly string[]).includes(value)
}

/** Availability and activity of a pair, as Graph's body wants them. */
export function splitPair(pair: Pair): { availability: string; activity: string } {
  const [availability = '', activity = ''] = pair.split('/')
  return { availability, activity }
}

/** The events by which the user leaves. `manual` and `sign-out` leave nothing but ask for the same clear. */
export const DEPARTURES = [
  'lock',
  'sleep',
  'disconnect',
  'user-switch',
  'quit',
  'log-off',
  'shutdown',
  'sign-out',
  'idle',
  'manual',
] as const

/** One way to leave. */
export type DepartureKind = (typeof DEPARTURES)[number]

/** Microsoft's clouds that have their own Graph host and Entra authority. */
export const CLOUDS = ['global', 'us-gov', 'us-dod', 'china'] as const

/** One Microsoft cloud. */
export type Cloud = (typeof CLOUDS)[number]
