/** Whether the person is at the desk, by the rules that the architecture page states, from what the sources report. */
import type { AttendanceEvent } from '../../../src/main/core/attendance.ts'

const SECOND = 1_000
/** An announced end of the session that didn't come is forgotten after this long, once there was input. */
const CANCELLED_MS = 60 * SECOND
/** Without input for this long, the person is idle (the default, switched on here). */
export const IDLE_MS = 15 * 60 * SECOND

/** What one report changed; both, when the person was back unseen before leaving again. A further departure is none. */
export interface Edges {
  readonly returned: boolean
  readonly left: boolean
}

/** A person at a machine. */
export interface Desk {
  away(): boolean
  /** The process starts and knows only the screen. */
  started(locked: boolean): void
  /** Takes in a report. */
  reported(event: AttendanceEvent): Edges
}

/** Nobody has reported anything. `mono`: monotonic ms of the process. */
export function createDesk(mono: () => number): Desk {
  let locks = new Set<string>()
  let asleep = false
  let wokeAt: number | null = null
  let elsewhere = false
  let idle = false
  let ending: { readonly at: number; certain: boolean; input: boolean } | null = null
  let leaving = false
  const away = (): boolean => locks.size > 0 || asleep || elsewhere || idle || ending !== null || leaving

  function polled(event: Extract<AttendanceEvent, { type: 'poll' }>): void {
    const input = event.idleSeconds * SECOND
    const since = (moment: number): boolean => input + SECOND <= mono() - moment
    if (event.state === 'locked') locks.add('poll')
    else if (locks.delete('poll')) asleep = false
    if (wokeAt !== null && since(wokeAt)) {
      asleep = false
      wokeAt = null
    }
    if (ending !== null && !ending.certain) {
      ending.input ||= since(ending.at)
      if (ending.input && mono() - ending.at >= CANCELLED_MS) ending = null
    }
    idle = input >= IDLE_MS
  }

  /** An end that was cancelled, and somebody was here since: whoever leaves now leaves anew. */
  function cancelledBefore(event: AttendanceEvent): boolean {
    if (ending?.input !== true || ending.certain) return false
    if (event.type === 'lock') return event.locked
    if (event.type === 'switched') return event.away
    if (event.type === 'poll') return event.state === 'locked'
    return ['suspend', 'session-ending', 'session-ended', 'leaving'].includes(event.type)
  }

  function take(event: AttendanceEvent): void {
    switch (event.type) {
      case 'lock':
        if (event.locked) locks.add(event.source)
        else {
          if (locks.size > 0) asleep = false
          locks.delete(event.source)
          locks.delete('poll')
        }
        return
      case 'suspend':
        asleep = true
        wokeAt = null
        return
      case 'resume':
        wokeAt = mono()
        return
      case 'switched':
        elsewhere = event.away
        return
      case 'session-ending':
        ending ??= { at: mono(), certain: false, input: false }
        return
      case 'session-ended':
        ending = { at: mono(), certain: true, input: false }
        return
      case 'leaving':
        leaving = true
        return
      case 'poll':
        polled(event)
        return
      case 'lock-requested':
      case 'used':
        return
    }
  }

  return {
    away,
    started(locked) {
      locks = new Set(locked ? ['poll'] : [])
      asleep = elsewhere = idle = leaving = false
      wokeAt = null
      ending = null
    },
    reported(event) {
      const first = away()
      if (cancelledBefore(event)) ending = null
      const before = away()
      take(event)
      return { returned: (first && !before) || (before && !away()), left: !before && away() }
    },
  }
}
