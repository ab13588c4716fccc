/** Makes the one immutable state that tray and window show. Pure. */
import type { Problem } from '../../shared/problem.ts'
import type {
  Face,
  HistoryEntry,
  LockWatch,
  OwnView,
  PresenceView,
  SigningIn,
  Snapshot,
  StartAtLogin,
} from '../../shared/snapshot.ts'
import { isAway } from './attendance.ts'
import { type Config, isDemo } from './config.ts'
import { mustHaveEndedBy } from './lease.ts'
import type { Now } from './model.ts'
import type { Session, State } from './state.ts'

/** All that a snapshot is made of. */
export interface SnapshotParts {
  readonly state: State
  readonly now: Now
  readonly config: Config
  readonly signingIn: SigningIn | null
  /** Why the last sign-in failed. */
  readonly signInProblem: Problem | null
  readonly presence: PresenceView | null
  readonly history: readonly HistoryEntry[]
  readonly notices: readonly Problem[]
  readonly lockWatch: LockWatch
  readonly startAtLogin: StartAtLogin
  readonly update: string | null
  readonly version: string
  /** Graph's `request-id` of the last answer to a write. */
  readonly requestId: string
}

/** Makes the snapshot. */
export function snapshotOf(parts: SnapshotParts): Snapshot {
  const { state, config } = parts
  const session = state.active === null ? undefined : state.sessions[state.active]
  const away = isAway(state.attendance, state.settings)
  const face = faceOf(parts, session)
  const record = session?.record
  return {
    face,
    demo: isDemo(config),
    account: record === undefined ? null : { name: record.name, username: record.username },
    away,
    own: session === undefined ? null : ownView(session, state),
    canSet:
      record !== undefined &&
      !away &&
      record.signingOut === null &&
      session?.unsupported === false &&
      session.forbidden === null &&
      session.signInProblem === null,
    setProblem: session?.setProblem ?? null,
    presence: parts.presence,
    history: parts.history,
    notices: parts.notices,
    lockWatch: parts.lockWatch,
    startAtLogin: parts.startAtLogin,
    update: parts.update,
    details: {
      version: parts.version,
      cloud: config.cloud,
      tenant: record?.tenantId ?? config.tenant,
      clientId: config.clientId ?? '',
      userId: record?.userId ?? '',
      requestId: parts.requestId,
      lastClearMs: session?.lastClearMs ?? null,
      tokenExpiresAt: session?.token?.expiresAt ?? null,
    },
  }
}

function faceOf(parts: SnapshotParts, session: Session | undefined): Face {
  if (parts.config.problem !== null) return { kind: 'not-configured', problem: parts.config.problem }
  if (parts.signingIn !== null) return { kind: 'signing-in', ...parts.signingIn }
  if (session === undefined) return { kind: 'signed-out', problem: parts.signInProblem }
  if (session.unsupported) return { kind: 'not-supported', cloud: session.record.cloud }
  const { due } = session.record
  if (due !== null) return dueFace(parts.state, session)
  const usable = session.token !== null && session.token.expiresAt > parts.now.wall
  if (session.signInProblem !== null && !usable) {
    return { kind: 'needs-sign-in', problem: parts.signInProblem ?? session.signInProblem, due: null }
  }
  if (session.forbidden !== null) return { kind: 'not-permitted', problem: session.forbidden, due: null }
  const { last } = session
  if (last?.settlement === 'cleared' || last?.settlement === 'nothing-to-clear') {
    return { kind: last.settlement, departure: last.departure, at: last.at }
  }
  return { kind: 'on' }
}

function dueFace(state: State, session: Session): Face {
  const { due, own, signingOut } = session.record
  const problem = due?.problem ?? null
  const departure = due?.departure ?? 'manual'
  if (problem === null) return { kind: 'clearing', departure }
  if (problem.code === 'needs-sign-in' && signingOut === null)
    return { kind: 'needs-sign-in', problem, due: departure }
  if (problem.code === 'not-permitted' && signingOut === null)
    return { kind: 'not-permitted', problem, due: departure }
  return {
    kind: 'not-cleared',
    departure,
    problem,
    mayShowUntil: own === null ? null : mustHaveEndedBy(own).wall - state.serverOffsetMs,
    signingOut: signingOut !== null,
  }
}

/** Only what we set ourselves has a "what": a wish that waits, or an own session that was not ended yet. */
function ownView(session: Session, state: State): OwnView | null {
  const { own } = session.record
  const shown = session.wish ?? (own !== null && !own.ended ? own : null)
  if (shown === null) return null
  return {
    pair: shown.pair,
    confirmed: session.wish === null && own?.confirmed === true,
    since: shown.since.wall - state.serverOffsetMs,
    problem: session.ownProblem,
  }
}
