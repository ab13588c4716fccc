/** What each weather does to the requests of this machine, as faults of the simulator: the same in memory and over TLS. */
import type { FaultSpec } from '../../simulator/index.ts'
import type { Weather } from '../moves.ts'

/** How long a `Retry-After` may be here, s. */
export const RETRY_AFTER_S = [3, 40, 100] as const

/** After how long a late request takes effect, ms; with the way there it stays within the 10 s that a request may take. */
export const LATE_MS = [300, 2_000, 6_000, 9_700] as const

/** What varies within one kind of weather. */
export interface Strength {
  readonly lateMs: number
  readonly retryAfterS: number
}

const always = (fault: FaultSpec['fault'], path?: string): FaultSpec => ({
  match: { host: 'graph', ...(path === undefined ? {} : { path }) },
  fault,
  times: 'until-removed',
})

/**
 * The faults in force. `no-network` has none here (the network itself is gone); nor has `token-refused`, which revokes
 * the tokens handed out so far, so that a new one mends it.
 */
export function faultsOf(weather: Weather, { lateMs, retryAfterS }: Strength): readonly FaultSpec[] {
  switch (weather) {
    case 'fine':
    case 'no-network':
    case 'token-refused':
      return []
    case 'answers-lost':
      return [always({ type: 'lost-answer' })]
    case 'requests-lost':
      return [always({ type: 'stall' })]
    case 'late':
      return [always({ type: 'latency', ms: lateMs }), always({ type: 'stall', tookEffect: true })]
    case 'busy':
      return [always({ type: 'status', status: 503 })]
    case 'throttled':
      return [always({ type: 'status', status: 429, headers: { 'Retry-After': String(retryAfterS) } })]
    case 'not-found':
      // To a clear the simulator answers 404 by itself: the sessions were taken away when this weather began.
      return [always({ type: 'status', status: 404 }, 'setPresence')]
    case 'refused':
      return [always({ type: 'status', status: 400 })]
    case 'forbidden':
      return [always({ type: 'status', status: 403 })]
    case 'captive-portal':
      return [always({ type: 'captive-portal' })]
  }
}
