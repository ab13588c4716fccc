/** The lock of a Linux desktop: hears login1 and the screen savers, asks the rule, and reports what comes of it. */
import type { AttendanceEvent } from '../../core/attendance.ts'
import type { Clock, Log } from '../../core/model.ts'
import type { LockWatch, LockWatcher } from '../../../shared/snapshot.ts'
import type { Bus } from '../dbus/bus.ts'
import { hear, type LockFact, NOTHING_HEARD, type Saver, summary } from './linux-lock-rule.ts'
import { type Process, watchLogin } from './linux-login.ts'
import { watchSavers } from './linux-savers.ts'

/** The lock as it is heard. */
export interface LinuxLock {
  /** Whether the user is away by what was heard so far: locked, or another session is in front. For the app's start. */
  away(): boolean
  /** Tells what was heard so far, and from now on all that comes. */
  begin(report: (event: AttendanceEvent) => void): void
  /** What the lock is noticed by; `null` until that is known. */
  watch(): LockWatch | null
  /** Called back when that changed. */
  onWatch(listener: () => void): void
  stop(): void
}

/** Builds it; it hears nothing before the buses are started. */
export function createLinuxLock({
  system,
  session,
  process,
  desktop,
  clock,
  log,
}: {
  readonly system: Bus
  readonly session: Bus
  readonly process: Process
  /** `XDG_CURRENT_DESKTOP`: names with colons between them. */
  readonly desktop: string | undefined
  readonly clock: Clock
  readonly log: Log
}): LinuxLock {
  let state = NOTHING_HEARD
  let report: ((event: AttendanceEvent) => void) | null = null
  let cancelWake = (): void => undefined
  let savers: readonly Saver[] = []
  let lockAsked = false
  let loginKnown = false
  let isGnomeShell = false
  let told = ''
  let settled = false
  const listeners: (() => void)[] = []

  function tell(fact: LockFact): void {
    const now = clock.now().mono
    const step = hear(state, fact, now)
    state = step.state
    if (fact.type === 'lock-signal') lockAsked = true
    if (step.reports.length > 0) log.info('lock heard', fact)
    cancelWake()
    if (step.wakeAt !== null) {
      // A millisecond more, so that rounding never wakes too early and asks again.
      cancelWake = clock.after(step.wakeAt - now + 1, () => tell({ type: 'time' }))
    }
    for (const event of step.reports) report?.(event)
    changed()
  }

  /** Never taken back: a desktop stays what it is, and what ends or restarts while the screen is blank locks nothing. */
  function shellSetsHint(): void {
    if (isGnomeShell && loginKnown) tell({ type: 'shell-sets-hint' })
  }

  function watch(): LockWatch | null {
    if (!settled) return null
    const watchers = watchersOf(savers, desktop)
    if (state.loginHeard && (state.hintSeen || lockAsked)) watchers.push('login-service')
    if (watchers.length > 0) return { kind: 'desktop', watchers }
    if (session.connected() && system.connected()) return { kind: 'poll', why: 'no-lock-reported' }
    return { kind: 'poll', why: session.connected() ? 'no-system-bus' : 'no-session-bus' }
  }

  function changed(): void {
    const now = JSON.stringify(watch())
    if (now === told) return
    told = now
    log.info('lock watched', { watch: now })
    for (const listener of listeners) listener()
  }

  watchLogin({
    ...{ bus: system, process, clock, log, tell },
    found(known) {
      loginKnown = known
      shellSetsHint()
    },
  })
  watchSavers({
    ...{ bus: session, clock, log, tell },
    present(now) {
      savers = now
      changed()
    },
    shell(is) {
      isGnomeShell = is
      shellSetsHint()
    },
  })
  system.onLost(() => tell({ type: 'lost', bus: 'system' }))
  session.onLost(() => tell({ type: 'lost', bus: 'session' }))
  void Promise.all([system.firstAttempt, session.firstAttempt]).then(() => {
    settled = true
    changed()
  })

  return {
    away: () => summary(state).length > 0,
    begin(to) {
      report = to
      for (const event of summary(state)) to(event)
    },
    watch,
    onWatch: (listener) => void listeners.push(listener),
    stop() {
      cancelWake()
      report = null
    },
  }
}

/** The common name is KDE's; where another desktop says who it is, it is only a screen saver. MATE's is MATE's. */
function watchersOf(savers: readonly Saver[], desktop: string | undefined): LockWatcher[] {
  const isKde = desktop === undefined || desktop === '' || desktop.split(':').includes('KDE')
  return savers.flatMap((saver): readonly LockWatcher[] => {
    if (saver !== 'freedesktop') return [saver]
    return savers.includes('mate') ? [] : [isKde ? 'kde' : 'screen-saver']
  })
}
