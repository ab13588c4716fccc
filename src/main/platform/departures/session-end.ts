/** The end of a Windows session (log-off, restart, shutdown), told to a hidden window that exists for nothing else. */
import { BaseWindow, type WindowSessionEndEvent } from 'electron'
import type { AttendanceEvent, SessionEnd } from '../../core/attendance.ts'
import type { Log } from '../../core/model.ts'
import { words } from '../../../shared/strings.ts'

/**
 * How long the `session-end` handler may block, ms: Electron ends its own process the instant the handler returns, and
 * Windows ends whatever does not answer WM_ENDSESSION within 5 s.
 */
export const SESSION_END_HOLD_MS = 3_000

/** The window; without a reference it would be collected, and Windows would tell nobody. */
let window: BaseWindow | null = null

/**
 * Starts listening; call it after ready, on Windows only. It lasts as long as the process.
 *
 * Windows asks every top-level window, so one must exist, hidden is enough; without a renderer it costs next to nothing.
 * `query-session-end` sends the clear while the event loop still runs, `session-end` waits for the answer. Never a veto:
 * an app without a visible window may not cancel a shutdown, and trying costs it its time (Microsoft, "Shutdown Changes
 * for Windows Vista"). A shutdown that another program cancelled is a return, which attendance finds by itself.
 */
export function watchSessionEnd({
  report,
  log,
}: {
  readonly report: (event: AttendanceEvent) => void
  readonly log: Log
}): void {
  window = new BaseWindow({ show: false, focusable: false, skipTaskbar: true, title: words.appName })
  window.on('query-session-end', ({ reasons }: WindowSessionEndEvent) => {
    log.info('session end asked', { reasons: reasons.join(' ') })
    report({ type: 'session-ending', departure: sessionEndOf(reasons) })
  })
  window.on('session-end', ({ reasons }: WindowSessionEndEvent) => {
    report({ type: 'session-ended', departure: sessionEndOf(reasons), holdMs: SESSION_END_HOLD_MS })
    log.info('session end', { reasons: reasons.join(' ') })
  })
}

/** What the end is for the user. `close-app` comes from the Restart Manager: an installer wants this app closed. */
function sessionEndOf(reasons: WindowSessionEndEvent['reasons']): SessionEnd {
  if (reasons.includes('logoff')) return 'log-off'
  if (reasons.includes('close-app') && !reasons.includes('shutdown')) return 'quit'
  return 'shutdown'
}
