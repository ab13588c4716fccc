/** Presence sessions and preferred presence with the documented semantics: precedence, expiry and decay. */
import type { Clock } from './clock.ts'

const MINUTE = 60_000

/** What Graph calls a presence: two open-ended words. */
export interface Pair {
  readonly availability: string
  readonly activity: string
}

/** The pairs that setPresence accepts; every other one is refused. (Graph reference, presence: setPresence) */
export const SESSION_PAIRS: readonly Pair[] = [
  { availability: 'Available', activity: 'Available' },
  { availability: 'Busy', activity: 'InACall' },
  { availability: 'Busy', activity: 'InAConferenceCall' },
  { availability: 'Away', activity: 'Away' },
  { availability: 'DoNotDisturb', activity: 'Presenting' },
]

/** The pairs that setUserPreferredPresence accepts. (Graph reference, presence: setUserPreferredPresence) */
export const PREFERRED_PAIRS: readonly Pair[] = [
  { availability: 'Available', activity: 'Available' },
  { availability: 'Busy', activity: 'Busy' },
  { availability: 'DoNotDisturb', activity: 'DoNotDisturb' },
  { availability: 'BeRightBack', activity: 'BeRightBack' },
  { availability: 'Away', activity: 'Away' },
  { availability: 'Offline', activity: 'OffWork' },
]

/** Precedence among sessions, highest first. (Graph concepts, "Manage presence state") */
const PRECEDENCE = ['DoNotDisturb', 'Busy', 'Available', 'Away']

/** One session as tests see it; all times are simulated ms since 1970. */
export interface SessionView extends Pair {
  readonly userId: string
  /** Application id; Graph's `sessionId`. */
  readonly clientId: string
  /** What the session counts as now: an Available session decays. */
  readonly effective: Pair
  readonly setAt: number
  readonly expiresAt: number
  /** Whether Graph was asked, or a test played another program through the control API. */
  readonly setBy: 'graph' | 'control'
}

/** What a colleague sees of a person, with the sessions behind it. */
export interface PresenceView extends Pair {
  readonly userId: string
  readonly preferred?: Pair & { readonly expiresAt: number }
  readonly sessions: readonly SessionView[]
}

/** The state behind Graph's presence API, keyed by (user, application id). */
export interface PresenceStore {
  set: (
    userId: string,
    clientId: string,
    pair: Pair,
    durationMs: number,
    setBy: SessionView['setBy'],
  ) => SessionView
  /** Ends one session; false when there was none. */
  clear: (userId: string, clientId: string) => boolean
  setPreferred: (userId: string, pair: Pair, durationMs: number) => void
  clearPreferred: (userId: string) => void
  list: () => SessionView[]
  presence: (userId: string) => PresenceView
}

interface Stored extends Pair {
  readonly userId: string
  readonly clientId: string
  readonly setAt: number
  readonly expiresAt: number
  readonly setBy: SessionView['setBy']
}

/** Only Available times out: 5 minutes after the last set it is inactive, after 5 more it is Away. */
function effective(session: Stored, now: number): Pair {
  if (session.availability !== 'Available') {
    return { availability: session.availability, activity: session.activity }
  }
  const age = now - session.setAt
  if (age < 5 * MINUTE) return { availability: 'Available', activity: 'Available' }
  if (age < 10 * MINUTE) return { availability: 'Available', activity: 'AvailableInactive' }
  return { availability: 'Away', activity: 'Away' }
}

const rank = (pair: Pair): number => {
  const at = PRECEDENCE.indexOf(pair.availability)
  return at === -1 ? PRECEDENCE.length : at
}

/** An empty store on the given clock. */
export function createPresenceStore(clock: Clock): PresenceStore {
  const sessions = new Map<string, Stored>()
  const preferred = new Map<string, Pair & { expiresAt: number }>()
  const key = (userId: string, clientId: string): string => `${userId}/${clientId}`.toLowerCase()

  const dropExpired = (): void => {
    const now = clock.now()
    for (const [id, session] of sessions) if (session.expiresAt <= now) sessions.delete(id)
    for (const [id, pair] of preferred) if (pair.expiresAt <= now) preferred.delete(id)
  }
  const view = (session: Stored): SessionView => ({
    ...session,
    effective: effective(session, clock.now()),
  })
  const list = (): SessionView[] => {
    dropExpired()
    return [...sessions.values()].map(view)
  }

  return {
    set: (userId, clientId, pair, durationMs, setBy) => {
      const now = clock.now()
      const session: Stored = {
        userId: userId.toLowerCase(),
        clientId: clientId.toLowerCase(),
        availability: pair.availability,
        activity: pair.activity,
        setAt: now,
        expiresAt: now + durationMs,
        setBy,
      }
      // Deleted first, so that the map's order is the order of the last set and the newest wins a tie.
      sessions.delete(key(userId, clientId))
      sessions.set(key(userId, clientId), session)
      return view(session)
    },
    clear: (userId, clientId) => {
      dropExpired()
      return sessions.delete(key(userId, clientId))
    },
    setPreferred: (userId, pair, durationMs) => {
      const { availability, activity } = pair
      preferred.set(userId.toLowerCase(), { availability, activity, expiresAt: clock.now() + durationMs })
    },
    clearPreferred: (userId) => {
      preferred.delete(userId.toLowerCase())
    },
    list,
    presence: (userId) => {
      const id = userId.toLowerCase()
      const own = list().filter((s) => s.userId === id)
      const chosen = preferred.get(id)
      const best = own.reduce<Pair | undefined>(
        (top, s) => (top === undefined || rank(s.effective) <= rank(top) ? s.effective : top),
        undefined,
      )
      // A preferred state beats all sessions, but shows only while there is at least one.
      const shown = best === undefined ? { availability: 'Offline', activity: 'Offline' } : (chosen ?? best)
      return {
        userId: id,
        availability: shown.availability,
        activity: shown.activity,
        sessions: own,
        ...(chosen === undefined ? {} : { preferred: { ...chosen } }),
      }
    },
  }
}
