import { describe, expect, it } from 'vitest'
import {
  attend,
  type Attendance,
  type AttendanceEvent,
  DEFAULT_ATTENDANCE,
  type Edge,
  isAway,
  NOBODY_REPORTED,
} from './attendance.ts'
import { MINUTE, SECOND } from './time.ts'

/** Plays reports at given seconds and tells the edges that each made. */
function play(
  reports: readonly (readonly [seconds: number, event: AttendanceEvent])[],
  settings = DEFAULT_ATTENDANCE,
) {
  let attendance: Attendance = NOBODY_REPORTED
  const edges: string[][] = []
  for (const [seconds, event] of reports) {
    const now = { wall: 1_000_000 + seconds * SECOND, mono: seconds * SECOND, jitter: 0 }
    const next = attend(attendance, event, now, settings)
    attendance = next.attendance
    edges.push(next.edges.map(told))
  }
  return { edges, away: isAway(attendance, settings) }
}

function told(edge: Edge): string {
  return edge.type === 'return' ? 'return' : `${edge.first ? 'left' : 'further'}:${edge.departure}`
}

const lock = { type: 'lock', source: 'system-events', locked: true } as const
const unlock = { type: 'lock', source: 'system-events', locked: false } as const
const gnome = { type: 'lock', source: 'desktop:gnome', locked: true } as const
const gnomeUnlock = { type: 'lock', source: 'desktop:gnome', locked: false } as const
const poll = (state: 'active' | 'idle' | 'locked' | 'unknown', idleSeconds = 0) =>
  ({ type: 'poll', state, idleSeconds }) as const
const suspend = { type: 'suspend' } as const
const resume = { type: 'resume' } as const
const requested = { type: 'lock-requested' } as const

describe('locked', () => {
  it('is one departure however many sources report it, and one return when the last vote goes', () => {
    const { edges } = play([
      [0, lock],
      [0.1, gnome],
      [5, poll('locked')],
      [60, gnomeUnlock],
      [60.1, unlock],
    ])
    // The unlock of any real source is newer than the last poll; the other source's own vote must go by itself.
    expect(edges).toEqual([['left:lock'], [], [], [], ['return']])
  })

  it('by a poll and by an event within 15 s is the same lock', () => {
    expect(
      play([
        [0, poll('locked')],
        [14, lock],
      ]).edges,
    ).toEqual([['left:lock'], []])
  })

  it("is withdrawn by a poll only as far as the poll's own vote goes", () => {
    const { edges, away } = play([
      [0, lock],
      [15, poll('active')],
      [30, poll('idle', 30)],
    ])
    expect(edges).toEqual([['left:lock'], [], []])
    expect(away).toBe(true)
    expect(
      play([
        [0, poll('locked')],
        [15, poll('active')],
      ]).edges,
    ).toEqual([['left:lock'], ['return']])
  })

  it('is neither begun nor ended by a poll that does not know', () => {
    expect(play([[0, poll('unknown')]]).edges).toEqual([[]])
    expect(
      play([
        [0, poll('locked')],
        [15, poll('unknown')],
      ]).away,
    ).toBe(true)
  })

  it('ends at an unlock event although the last poll still said locked', () => {
    expect(
      play([
        [0, lock],
        [1, poll('locked')],
        [9, unlock],
      ]).edges.at(-1),
    ).toEqual(['return'])
  })
})

describe('a desktop that never reports an unlock', () => {
  it('is back when our window or tray is used', () => {
    expect(
      play([
        [0, requested],
        [40, { type: 'used' }],
      ]).edges,
    ).toEqual([['left:lock'], ['return']])
  })

  it('is back at a resume with input', () => {
    const { edges } = play([
      [0, requested],
      [10, suspend],
      [100, resume],
      [110, poll('active', 2)],
    ])
    expect(edges).toEqual([['left:lock'], ['further:sleep'], [], ['return']])
  })

  it('was back when it is asked to lock again a minute later, and left again', () => {
    expect(
      play([
        [0, requested],
        [59, requested],
      ]).edges,
    ).toEqual([['left:lock'], []])
    expect(
      play([
        [0, requested],
        [60, requested],
      ]).edges,
    ).toEqual([['left:lock'], ['return', 'left:lock']])
  })

  it('does not make our own window end a lock that a source can withdraw', () => {
    expect(
      play([
        [0, lock],
        [5, { type: 'used' }],
      ]).away,
    ).toBe(true)
  })
})

describe('asleep', () => {
  it('outlives a wake without input: a wake in the bag is no return', () => {
    const { edges, away } = play([
      [0, suspend],
      [1000, resume],
      [1002, poll('idle', 1002)],
      [1015, poll('unknown', 1015)],
    ])
    expect(edges).toEqual([['left:sleep'], [], [], []])
    expect(away).toBe(true)
  })

  it('falls when somebody touches the machine after it woke', () => {
    expect(
      play([
        [0, suspend],
        [1000, resume],
        [1005, poll('active', 3)],
      ]).edges.at(-1),
    ).toEqual(['return'])
  })

  it('does not fall for input that came before the wake', () => {
    expect(
      play([
        [0, suspend],
        [1000, resume],
        [1001, poll('active', 1)],
      ]).away,
    ).toBe(true)
  })

  it('falls at an unlock', () => {
    const { edges } = play([
      [0, lock],
      [1, suspend],
      [1000, resume],
      [1010, unlock],
    ])
    expect(edges).toEqual([['left:lock'], ['further:sleep'], [], ['return']])
  })

  it('falls when the poll sees a lock end, although no wake was reported', () => {
    expect(
      play([
        [0, poll('locked')],
        [1, suspend],
        [1000, poll('active', 0)],
      ]).away,
    ).toBe(false)
  })

  it('stays while the screen is still locked after input at the lock screen', () => {
    expect(
      play([
        [0, lock],
        [1, suspend],
        [1000, resume],
        [1005, poll('locked', 1)],
      ]).away,
    ).toBe(true)
  })
})

describe('session end', () => {
  const ending = { type: 'session-ending', departure: 'shutdown' } as const

  it('is a departure when it is asked for', () => {
    expect(play([[0, ending]]).edges).toEqual([['left:shutdown']])
  })

  it("is a quit, which can't be switched off, when an installer wants only this app closed", () => {
    const off = { ...DEFAULT_ATTENDANCE.enabled, 'log-off': false, shutdown: false }
    const settings = { ...DEFAULT_ATTENDANCE, enabled: off }
    expect(play([[0, ending]], settings).away).toBe(false)
    expect(play([[0, { type: 'session-ending', departure: 'quit' }]], settings).edges).toEqual([
      ['left:quit'],
    ])
  })

  it('was cancelled when a minute later there is input and no end', () => {
    expect(
      play([
        [0, ending],
        [59, poll('active', 0)],
      ]).away,
    ).toBe(true)
    expect(
      play([
        [0, ending],
        [61, poll('active', 70)],
      ]).away,
    ).toBe(true)
    expect(
      play([
        [0, ending],
        [61, poll('active', 0)],
      ]).edges.at(-1),
    ).toEqual(['return'])
  })

  it('makes the next departure one of its own when somebody was seen since', () => {
    const lock = { type: 'lock', source: 'system-events', locked: true } as const
    const seen = poll('active', 0)
    expect(
      play([
        [0, ending],
        [15, seen],
        [45, lock],
      ]).edges.at(-1),
    ).toEqual(['return', 'left:lock'])
    expect(
      play([
        [0, ending],
        [15, seen],
        [30, ending],
      ]).edges.at(-1),
    ).toEqual(['return', 'left:shutdown'])
    // Nobody was: the same absence.
    expect(
      play([
        [0, ending],
        [15, poll('active', 20)],
        [30, ending],
      ]).edges.at(-1),
    ).toEqual([])
  })

  it('is forgotten a minute after the first question, however often it is repeated', () => {
    expect(
      play([
        [0, ending],
        [50, ending],
        [61, poll('active', 0)],
      ]).away,
    ).toBe(false)
  })

  it('is never forgotten once it is certain', () => {
    const ended = { type: 'session-ended', departure: 'shutdown' } as const
    expect(
      play([
        [0, ending],
        [0.01, ended],
        [120, poll('active', 0)],
      ]).away,
    ).toBe(true)
  })
})

describe('other flags', () => {
  it('counts a switch to another user until the switch back', () => {
    const { edges } = play([
      [0, { type: 'switched', away: true }],
      [90, { type: 'switched', away: false }],
    ])
    expect(edges).toEqual([['left:user-switch'], ['return']])
  })

  it('counts idleness only where it is switched on', () => {
    const on = {
      ...DEFAULT_ATTENDANCE,
      enabled: { ...DEFAULT_ATTENDANCE.enabled, idle: true },
      idleAfterMs: 5 * MINUTE,
    }
    expect(
      play(
        [
          [0, poll('idle', 299)],
          [1, poll('idle', 300)],
          [2, poll('active', 0)],
        ],
        on,
      ).edges,
    ).toEqual([[], ['left:idle'], ['return']])
    expect(play([[0, poll('idle', 9000)]]).away).toBe(false)
  })

  it('sets no flag for a departure that is switched off, so the next one is while present', () => {
    const off = { ...DEFAULT_ATTENDANCE, enabled: { ...DEFAULT_ATTENDANCE.enabled, lock: false } }
    expect(
      play(
        [
          [0, lock],
          [1, suspend],
        ],
        off,
      ).edges,
    ).toEqual([[], ['left:sleep']])
  })

  it('never comes back from the end of the app itself', () => {
    const leaving = { type: 'leaving', departure: 'quit', deadlineMs: 5000 } as const
    const { edges, away } = play([
      [0, leaving],
      [1, poll('active')],
      [2, unlock],
    ])
    expect(edges).toEqual([['left:quit'], [], []])
    expect(away).toBe(true)
  })
})
