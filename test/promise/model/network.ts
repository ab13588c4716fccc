/** What a machine reaches the simulator through: one contract for the virtual network and for real TLS. */
import type {
  AccessToken,
  AttemptResult,
  PresenceWrite,
  Route,
  Sender,
} from '../../../src/main/core/model.ts'
import type { SessionView } from '../../simulator/index.ts'
import type { Weather } from '../moves.ts'

/** One write on its way, as seen from outside. */
export interface Request {
  /** Unique in the whole run, over all lives of the process. */
  readonly no: number
  readonly id: number
  /** Which life of the process sent it. */
  readonly life: number
  readonly body: PresenceWrite['body']
  /** ms since the world began. */
  readonly sentAt: number
}

/** Who watches the traffic. */
export interface Traffic {
  sent(request: Request): void
  aborted(request: Request): void
  /** The process has learnt how it ended. */
  ended(request: Request, result: AttemptResult): void
  /** The simulator has done what it says. `hit`: the session that a clear has ended. */
  tookEffect(request: Request, hit: SessionView | null): void
}

/** A network with the simulator behind it. */
export interface Network {
  readonly route: Route
  /** The only writer of a new process. */
  open(): Sender
  /** The process is gone; what it sent is on its way. */
  cut(): void
  /** The machine has woken. */
  woke(): void
  weather(weather: Weather): Promise<void>
  weatherNow(): Weather
  /** A token of the demo user; `lifeMs` 0: one that has just ended. */
  issueToken(lifeMs: number): Promise<AccessToken>
  /** Another program sets a session of the same user and application. */
  call(): Promise<void>
  sessions(): Promise<readonly SessionView[]>
  /** Resolves when nothing that needs real time is open. */
  settle(): Promise<void>
  /** Something that needs real time is open. */
  busy(): boolean
  /** Where effects are only seen afterwards: tells the last one. */
  tellEffects(): Promise<void>
  /** Requests that the process still waits for. */
  waiting(): number
}
