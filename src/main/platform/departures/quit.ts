/** The end of the app as a departure: reports it, and waits until it lets go. */
import type { AttendanceEvent } from '../../core/attendance.ts'
import { QUIT_TIME_MS, type QuitDeparture, type QuitHandler } from '../lifecycle.ts'

/** Makes the handler to register first with `lifecycle.onQuit`: the clear goes out before anything is shut down. */
export function quitDeparture({
  report,
  released,
}: {
  readonly report: (event: AttendanceEvent) => void
  /** Resolves when every open departure of this kind has let go, at the latest at its deadline. */
  readonly released: (departure: QuitDeparture) => Promise<void>
}): QuitHandler {
  return (origin, departure) => {
    report({ type: 'leaving', departure, deadlineMs: QUIT_TIME_MS[origin] })
    return released(departure)
  }
}
