/** All that a Linux desktop tells over D-Bus, put together: two buses, the lock, and the session's end. */
import type { AttendanceEvent } from '../../core/attendance.ts'
import type { Clock, Log } from '../../core/model.ts'
import type { LockWatch } from '../../../shared/snapshot.ts'
import { createBus } from '../dbus/bus.ts'
import type { BusEnvironment } from '../dbus/address.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { createLinuxLock } from './linux-lock.ts'
import { watchSessionManager } from './linux-session.ts'

/** The desktop. */
export interface LinuxDesktop {
  /** Resolves when the desktop has told its state, or after `ms`: a bus that hangs must not keep the app from starting. */
  known(ms: number): Promise<void>
  /** Whether the user is away by what was told so far. */
  away(): boolean
  /** Reports what was told so far, and from now on all that comes. */
  begin(report: (event: AttendanceEvent) => void): void
  /** What the lock is noticed by. */
  watch(): LockWatch
  /** Called back when that changed. */
  onWatch(listener: () => void): void
  /** Answers the session manager at the end. Call it after the departure's own quit handler was registered. */
  answerSessionEnd(lifecycle: Pick<Lifecycle, 'onQuit' | 'endSession'>): void
  stop(): void
}

/** Starts connecting at once. */
export function watchLinuxDesktop({
  env,
  pid,
  uid,
  clock,
  log,
}: {
  readonly env: BusEnvironment
  readonly pid: number
  readonly uid: number
  readonly clock: Clock
  readonly log: Log
}): LinuxDesktop {
  const system = createBus({ name: 'system', env, clock, log })
  const session = createBus({ name: 'session', env, clock, log })
  const lock = createLinuxLock({
    ...{ system, session, clock, log },
    process: { pid, uid, sessionId: env['XDG_SESSION_ID'] },
    desktop: env['XDG_CURRENT_DESKTOP'],
  })
  system.start()
  session.start()

  return {
    async known(ms) {
      let cancel = (): void => undefined
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(ms, resolve)
      })
      await Promise.race([Promise.all([system.firstAttempt, session.firstAttempt]), late])
      cancel()
    },
    away: lock.away,
    begin: lock.begin,
    watch: () => lock.watch() ?? { kind: 'unknown' },
    onWatch: lock.onWatch,
    answerSessionEnd(lifecycle) {
      const startupId = env['DESKTOP_AUTOSTART_ID'] ?? ''
      watchSessionManager({ bus: session, startupId, lifecycle, log })
    },
    stop() {
      lock.stop()
      for (const bus of [system, session]) bus.stop()
    },
  }
}
