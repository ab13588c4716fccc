/** The immutable state that tray and window show. It holds no secret and decides nothing. */
import type { Cloud, DepartureKind, Pair } from './presence.ts'
import type { Problem } from './problem.ts'

/** How a clear ended. All of these settle what was owed, except `not-confirmed` (we stopped trying, and say so). */
export type Settlement = 'cleared' | 'nothing-to-clear' | 'expired' | 'not-supported' | 'not-confirmed'

/** What the user is asked to do while signing in. */
export type SigningIn =
  | { readonly method: 'browser' }
  | {
      readonly method: 'device-code'
      /** Empty until Entra has answered. */
      readonly userCode: string
      readonly verificationUri: string
      /** When the code stops working, ms since the epoch. */
      readonly expiresAt: number
    }

/** The first line of the window: "am I covered?". Exactly one holds. */
export type Face =
  | { readonly kind: 'not-configured'; readonly problem: Problem }
  /** Never signed in, signed out, or the last sign-in failed (`problem`). */
  | { readonly kind: 'signed-out'; readonly problem: Problem | null }
  | ({ readonly kind: 'signing-in' } & SigningIn)
  /** Covered: nothing is owed. */
  | { readonly kind: 'on' }
  | { readonly kind: 'clearing'; readonly departure: DepartureKind }
  /** The last departure's clear was settled; shown until the user sets something or leaves again. */
  | { readonly kind: 'cleared'; readonly departure: DepartureKind; readonly at: number }
  | { readonly kind: 'nothing-to-clear'; readonly departure: DepartureKind; readonly at: number }
  /** Owed and retried. `mayShowUntil` (ms since the epoch) only for what we set ourselves, else null. */
  | {
      readonly kind: 'not-cleared'
      readonly departure: DepartureKind
      readonly problem: Problem
      readonly mayShowUntil: number | null
      readonly signingOut: boolean
    }
  | { readonly kind: 'needs-sign-in'; readonly problem: Problem; readonly due: DepartureKind | null }
  | { readonly kind: 'not-permitted'; readonly problem: Problem; readonly due: DepartureKind | null }
  | { readonly kind: 'not-supported'; readonly cloud: Cloud }

/** One line of the history. */
export interface HistoryEntry {
  /** When it was settled or given up, ms since the epoch. */
  readonly at: number
  /** `interrupted`: the app was killed or the machine lost power; found at the next start. */
  readonly departure: DepartureKind | 'interrupted'
  readonly settlement: Settlement
  /** From the departure to Graph's answer, ms; null when no answer settled it. */
  readonly tookMs: number | null
  /** What kept it open at the end, when it was not confirmed. */
  readonly problem?: Problem
  /** For `expired` and `not-confirmed`: when it must have ended by itself at the latest, ms since the epoch. */
  readonly endedBy?: number
}

/** What we set ourselves. */
export interface OwnView {
  readonly pair: Pair
  /** Graph has answered; false while the set is under way or being retried. */
  readonly confirmed: boolean
  /** When the user asked for it, ms since the epoch. */
  readonly since: number
  /** Why the last set or renewal did not get through; it is being retried. */
  readonly problem: Problem | null
}

/** Presence as Graph last told it, read back only while the window is open. */
export interface PresenceView {
  readonly availability: string
  readonly activity: string
  /** When it was read, ms since the epoch. */
  readonly at: number
}

/** Who tells the lock on Linux. `login-service`: logind. `screen-saver`: one whose desktop is not known. */
export type LockWatcher = 'gnome' | 'kde' | 'cinnamon' | 'mate' | 'xfce' | 'screen-saver' | 'login-service'

/** How this machine's lock is noticed. Beside every way the system is asked every 15 seconds. */
export type LockWatch =
  /** Windows and macOS tell it themselves. */
  | { readonly kind: 'system-events' }
  /** Linux: these have told, or can be asked. Never empty. */
  | { readonly kind: 'desktop'; readonly watchers: readonly LockWatcher[] }
  /** Linux: nobody tells. `no-lock-reported`: both buses are there, and no word of a lock so far. */
  | { readonly kind: 'poll'; readonly why: 'no-session-bus' | 'no-system-bus' | 'no-lock-reported' }
  /** Not known yet, in the first moment. */
  | { readonly kind: 'unknown' }

/** Whether the app starts when its user logs in to the computer. */
export interface StartAtLogin {
  readonly on: boolean
  /** Why it can't be changed here; null when it can. */
  readonly why: 'policy' | 'not-installed' | null
  /** Nobody was asked yet, and somebody has signed in. */
  readonly offered: boolean
}

/** The immutable state that tray and window show. */
export interface Snapshot {
  readonly face: Face
  /** The app runs against the demo tenant. */
  readonly demo: boolean
  readonly account: { readonly name: string; readonly username: string } | null
  /** Away by any flag (locked, asleep, ...): a set would be refused. */
  readonly away: boolean
  readonly own: OwnView | null
  /** Whether the set buttons work now. */
  readonly canSet: boolean
  /** Why the last set asked for was refused, until the next one. */
  readonly setProblem: Problem | null
  readonly presence: PresenceView | null
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
  /** Trouble beside the face: files, keyring, ... Each can be dismissed. */
  readonly notices: readonly Problem[]
  /** How this machine's lock is noticed. */
  readonly lockWatch: LockWatch
  readonly startAtLogin: StartAtLogin
  /** The newer version that is installed at the next quit; null when there is none. */
  readonly update: string | null
  readonly details: {
    readonly version: string
    readonly cloud: Cloud
    readonly tenant: string
    readonly clientId: string
    readonly userId: string
    /** Graph's `request-id` of the last answer to a write. */
    readonly requestId: string
    readonly lastClearMs: number | null
    readonly tokenExpiresAt: number | null
  }
}
