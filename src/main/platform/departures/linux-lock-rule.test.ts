import { describe, expect, it } from 'vitest'
import type { AttendanceEvent } from '../../core/attendance.ts'
import { attend, awayBy, DEFAULT_ATTENDANCE, NOBODY_REPORTED, type Edge } from '../../core/attendance.ts'
import {
  hear,
  LOCK_SIGNAL_COUNTS_MS,
  type LockFact,
  NOTHING_HEARD,
  SERVICE_RETURNS_MS,
  type StateSource,
  summary,
  UNLOCK_SETTLES_MS,
} from './linux-lock-rule.ts'

/** A played desktop: facts at moments, with the rule's own timers kept, and what attendance makes of the reports. */
function play() {
  let state = NOTHING_HEARD
  let wakeAt: number | null = null
  let now = 1_000
  let attendance = NOBODY_REPORTED
  const heard: string[] = []
  const edges: Edge[] = []

  function tell(fact: LockFact): void {
    const step = hear(state, fact, now)
    state = step.state
    wakeAt = step.wakeAt
    for (const event of step.reports) {
      heard.push(short(event))
      const next = attend(attendance, event, { wall: now, mono: now, jitter: 0 }, DEFAULT_ATTENDANCE)
      attendance = next.attendance
      edges.push(...next.edges)
    }
  }

  const desktop = {
    /** Lets time pass; the rule is woken when it asked for it. */
    after(ms: number) {
      const end = now + ms
      while (wakeAt !== null && wakeAt <= end) {
        now = Math.max(now, wakeAt)
        tell({ type: 'time' })
      }
      now = end
      return desktop
    },
    says(source: StateSource, active: boolean) {
      tell({ type: 'state', source, active })
      return desktop
    },
    /** What was asked for: it may have been so for long. */
    reads(source: StateSource, active: boolean) {
      tell({ type: 'state', source, active, read: 'asked' })
      return desktop
    },
    tells(fact: LockFact) {
      tell(fact)
      return desktop
    },
    heard,
    /** What the user did, as attendance understood it. */
    left: () => edges.flatMap((edge) => (edge.type === 'departure' && edge.first ? [edge.departure] : [])),
    returns: () => edges.filter(({ type }) => type === 'return').length,
    away: () => awayBy(attendance, DEFAULT_ATTENDANCE),
    state: () => state,
  }
  return desktop
}

function short(event: AttendanceEvent): string {
  const found = 'found' in event && event.found ? 'found ' : ''
  if (event.type === 'lock') return found + (event.locked ? 'locked' : 'unlocked')
  if (event.type === 'switched') return found + (event.away ? 'switched' : 'back')
  return event.type
}

const LOCK = { type: 'lock-signal' } as const
const UNLOCK = { type: 'unlock-signal' } as const
const inFront = (active: boolean): LockFact => ({ type: 'session-active', active })
const leaves = (source: StateSource): LockFact => ({ type: 'gone', source })
const loses = (bus: 'system' | 'session'): LockFact => ({ type: 'lost', bus })
const appears = (source: StateSource): LockFact => ({ type: 'state', source, active: true, read: 'appeared' })
const behindByReading: LockFact = { type: 'session-active', active: false, read: 'asked' }
const SHELL = { type: 'shell-sets-hint' } as const
const SETTLED = UNLOCK_SETTLES_MS
/** Longest time after which what happened in between may still clear what is only assumed. */
const RECENT = 15 * 60_000

describe("each desktop's own sequence is one departure and one return", () => {
  const DESKTOPS: Readonly<Record<string, (desktop: ReturnType<typeof play>) => unknown>> = {
    'GNOME: the saver just before the hint, the hint away just before the saver': (desktop) =>
      desktop
        .says('hint', false)
        .says('gnome', false)
        .says('gnome', true)
        .after(5)
        .says('hint', true)
        .after(60_000)
        .says('hint', false)
        .after(20)
        .says('gnome', false)
        .after(SETTLED),
    'KDE Plasma: the signal twice, and the hint': (desktop) =>
      desktop
        .says('hint', false)
        .says('freedesktop', false)
        .says('freedesktop', true)
        .says('freedesktop', true)
        .after(2)
        .says('hint', true)
        .after(60_000)
        .says('freedesktop', false)
        .says('freedesktop', false)
        .after(250)
        .says('hint', false)
        .after(SETTLED),
    'KDE Plasma, asked by login1': (desktop) =>
      desktop
        .says('freedesktop', false)
        .tells(LOCK)
        .after(400)
        .says('freedesktop', true)
        .says('hint', true)
        .after(60_000)
        .tells(UNLOCK)
        .says('hint', false)
        .says('freedesktop', false)
        .after(SETTLED),
    'Cinnamon 6.7: saver and hint': (desktop) =>
      desktop
        .says('cinnamon', false)
        .says('hint', true)
        .says('cinnamon', true)
        .after(60_000)
        .says('cinnamon', false)
        .says('hint', false)
        .after(SETTLED),
    'Cinnamon 6.6: the saver alone': (desktop) =>
      desktop
        .says('hint', false)
        .says('cinnamon', false)
        .says('cinnamon', true)
        .after(60_000)
        .says('cinnamon', false)
        .after(SETTLED),
    'MATE: two names of one saver': (desktop) =>
      desktop
        .says('mate', false)
        .says('freedesktop', false)
        .says('mate', true)
        .says('freedesktop', true)
        .after(60_000)
        .says('freedesktop', false)
        .after(SETTLED)
        .says('mate', false)
        .after(SETTLED),
    'Xfce: the saver alone, asked by login1': (desktop) =>
      desktop
        .says('xfce', false)
        .tells(LOCK)
        .after(900)
        .says('xfce', true)
        .after(60_000)
        .says('xfce', false)
        .after(SETTLED),
    'elementary: the hint alone, after a first Lock that nothing could confirm': (desktop) =>
      desktop
        .says('hint', false)
        .tells(LOCK)
        .after(150)
        .says('hint', true)
        .after(60_000)
        .says('hint', false)
        .after(SETTLED),
  }

  it.each(Object.entries(DESKTOPS))('%s', (_name, sequence) => {
    const desktop = play()
    sequence(desktop)
    expect(desktop.left()).toEqual(['lock'])
    expect(desktop.returns()).toBe(1)
    expect(desktop.away()).toEqual([])
  })

  it('light-locker: the greeter in front, then the session again', () => {
    const desktop = play().tells(LOCK).after(100).tells(inFront(false)).after(60_000)
    expect(desktop.left()).toEqual(['lock'])
    desktop.tells(inFront(true))
    expect(desktop.returns()).toBe(1)
    expect(desktop.away()).toEqual([])
    // Without a Lock it is somebody else at the machine.
    expect(play().tells(inFront(false)).left()).toEqual(['user-switch'])
  })

  it('light-locker, whose login manager sends Unlock first', () => {
    const desktop = play().tells(LOCK).tells(inFront(false)).after(60_000).tells(UNLOCK).tells(inFront(true))
    expect(desktop.left()).toEqual(['lock'])
    expect(desktop.returns()).toBe(1)
  })

  it.each(['sway', 'Hyprland', 'COSMIC'])('%s: a Lock, and never an unlock', () => {
    const desktop = play().says('hint', false).tells(LOCK).after(3_600_000)
    expect(desktop.heard).toEqual(['lock-requested'])
    expect(desktop.away()).toEqual(['lock'])
    // The next lock, more than a minute later: the user was back in between.
    desktop.tells(LOCK)
    expect(desktop.left()).toEqual(['lock', 'lock'])
    expect(desktop.returns()).toBe(1)
  })
})

describe('a blank screen', () => {
  it('counts on GNOME only until the session has once set its hint', () => {
    const desktop = play().says('gnome', true)
    expect(desktop.heard).toEqual(['locked'])
    desktop.says('hint', true).says('hint', false).says('gnome', false).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
    desktop.says('gnome', true).after(600_000)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
    // The lock after the blank is seen at once, by the hint.
    desktop.says('hint', true)
    expect(desktop.heard).toEqual(['locked', 'unlocked', 'locked'])
  })

  it('never counts where GNOME Shell is known to set the hint', () => {
    const desktop = play().tells(SHELL).says('gnome', true).after(60_000)
    expect(desktop.heard).toEqual([])
    desktop.says('hint', true)
    expect(desktop.heard).toEqual(['locked'])
  })

  it('that was taken for a lock is none any more when GNOME Shell turns out to set the hint', () => {
    const desktop = play().says('gnome', true).tells(SHELL).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('on GNOME stays none while login1 restarts, or the saver leaves', () => {
    const desktop = play().tells(SHELL).reads('hint', false).says('gnome', true)
    desktop
      .tells(leaves('hint'))
      .after(SERVICE_RETURNS_MS - 1)
      .reads('hint', false)
      .after(600_000)
    expect(desktop.heard).toEqual([])
    desktop.tells(leaves('gnome')).after(600_000)
    expect(desktop.heard).toEqual([])
  })

  it('on GNOME that stands when login1 is gone for good counts as one whose beginning is unknown', () => {
    const desktop = play().tells(SHELL).reads('hint', false).says('gnome', true).tells(leaves('hint'))
    desktop.after(SERVICE_RETURNS_MS)
    expect(desktop.heard).toEqual(['found locked'])
  })

  it('counts on GNOME again where the system bus is gone for good: a lock could not be told from it', () => {
    const desktop = play().says('gnome', false).says('hint', true).says('hint', false).after(SETTLED)
    desktop.tells(loses('system')).after(SERVICE_RETURNS_MS)
    desktop.says('gnome', true)
    expect(desktop.heard).toEqual(['locked', 'unlocked', 'locked'])
    // And no more, once login1 is back.
    desktop.says('gnome', false).after(SETTLED).reads('hint', false).says('gnome', true).after(60_000)
    expect(desktop.heard).toEqual(['locked', 'unlocked', 'locked', 'unlocked'])
  })
})

describe('the unlock', () => {
  it('waits until everything has said so for 300 ms', () => {
    const desktop = play().says('hint', true).says('mate', true).says('hint', false).after(10_000)
    expect(desktop.heard).toEqual(['locked'])
    desktop.says('mate', false).after(SETTLED - 1)
    expect(desktop.heard).toEqual(['locked'])
    desktop.after(1)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('is none when another source says locked meanwhile', () => {
    const desktop = play()
      .says('hint', true)
      .says('hint', false)
      .after(SETTLED - 1)
      .says('xfce', true)
    desktop.after(60_000)
    expect(desktop.heard).toEqual(['locked'])
  })
})

describe('a Lock', () => {
  it('that the locker refuses counts for 10 s', () => {
    const desktop = play()
      .says('cinnamon', false)
      .tells(LOCK)
      .after(LOCK_SIGNAL_COUNTS_MS - 1)
    expect(desktop.heard).toEqual(['locked'])
    desktop.after(SETTLED + 1)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('that is confirmed ends when its source says so, not after 10 s', () => {
    const desktop = play().says('cinnamon', false).tells(LOCK).after(100).says('cinnamon', true).after(1_000)
    desktop.says('cinnamon', false).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('that is taken back by Unlock before anything confirmed it ends at once', () => {
    const desktop = play().says('cinnamon', false).tells(LOCK).after(100).tells(UNLOCK).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('says nothing new while it is locked, and an Unlock alone unlocks nothing', () => {
    const desktop = play().says('hint', true).tells(LOCK).after(60_000).tells(UNLOCK).after(60_000)
    expect(desktop.heard).toEqual(['locked'])
  })

  it('while the service that says locked restarts says nothing new', () => {
    const desktop = play().says('xfce', true).tells(leaves('xfce')).tells(LOCK).after(1_000)
    desktop.says('xfce', true).after(60_000)
    expect(desktop.heard).toEqual(['locked'])
  })

  it('counts 10 s where the hint was seen once, also without any saver', () => {
    const desktop = play().says('hint', true).says('hint', false).after(SETTLED).tells(LOCK)
    desktop.after(LOCK_SIGNAL_COUNTS_MS + SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked', 'locked', 'unlocked'])
  })
})

describe('a service that leaves', () => {
  it('and restarts while locked changes nothing', () => {
    const desktop = play()
      .says('mate', true)
      .tells(leaves('mate'))
      .after(SERVICE_RETURNS_MS - 1)
    desktop.says('mate', true).after(600_000)
    expect(desktop.heard).toEqual(['locked'])
    desktop.says('mate', false).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('and comes back unlocked is an unlock', () => {
    const desktop = play().says('mate', true).tells(leaves('mate')).after(1_000).says('mate', false)
    desktop.after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('for good leaves a lock that ends as where no unlock is ever told', () => {
    const desktop = play().says('mate', true).tells(leaves('mate')).after(3_600_000)
    expect(desktop.left()).toEqual(['lock'])
    expect(desktop.away()).toEqual(['lock'])
    expect(desktop.returns()).toBe(0)
    expect(desktop.heard).toEqual(['locked', 'lock-requested', 'unlocked'])
  })

  it('for good, and back after an hour, tells how it is', () => {
    const open = play().says('mate', true).tells(leaves('mate')).after(3_600_000).says('mate', false)
    expect(open.returns()).toBe(0)
    open.after(SETTLED)
    expect(open.returns()).toBe(1)
    const locked = play().says('mate', true).tells(leaves('mate')).after(3_600_000).says('mate', true)
    expect(locked.returns()).toBe(0)
    locked.after(60_000).says('mate', false).after(SETTLED)
    expect(locked.left()).toEqual(['lock'])
    expect(locked.returns()).toBe(1)
  })

  it('is no reason to wait where another source still says locked', () => {
    const desktop = play().says('hint', true).says('xfce', true).tells(leaves('xfce')).after(60_000)
    expect(desktop.heard).toEqual(['locked'])
    desktop.says('hint', false).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })

  it('while it said nothing of a lock is forgotten', () => {
    const desktop = play().says('xfce', false).tells(leaves('xfce')).after(60_000)
    expect(desktop.heard).toEqual([])
    // So a Lock has nobody to confirm it any more.
    desktop.tells(LOCK)
    expect(desktop.heard).toEqual(['lock-requested'])
  })
})

describe('a bus that is lost', () => {
  it('changes nothing; what is read after it does', () => {
    const desktop = play().says('hint', true).says('cinnamon', true)
    desktop.tells(loses('system')).tells(loses('session')).after(3_600_000)
    // Read again: first the one, then the other.
    desktop.says('hint', true).says('cinnamon', true).after(60_000)
    expect(desktop.heard).toEqual(['locked'])
    desktop.says('hint', false).says('cinnamon', false).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })
})

describe('a lock that was read', () => {
  it('is found where nothing was heard before', () => {
    expect(play().reads('hint', true).heard).toEqual(['found locked'])
    expect(play().reads('mate', true).heard).toEqual(['found locked'])
  })

  it.each(['system', 'session'] as const)('after the %s bus was lost for a while is the lock', (bus) => {
    const source = bus === 'system' ? 'hint' : 'cinnamon'
    const desktop = play().reads(source, false).after(3_600_000).tells(loses(bus))
    // Each failed attempt to connect is told, too; the bus is lost only once.
    desktop
      .after(RECENT - 1_000)
      .tells(loses(bus))
      .after(999)
    expect(desktop.reads(source, true).heard).toEqual(['locked'])
  })

  it.each(['system', 'session'] as const)('after the %s bus was lost for long is found', (bus) => {
    const source = bus === 'system' ? 'hint' : 'cinnamon'
    const desktop = play().reads(source, false).tells(loses(bus)).after(RECENT).tells(loses(bus))
    expect(desktop.reads(source, true).heard).toEqual(['found locked'])
  })

  it('is not dated by another source, nor by the other bus', () => {
    expect(play().says('hint', false).reads('cinnamon', true).heard).toEqual(['found locked'])
    const desktop = play().says('cinnamon', false).tells(loses('system')).after(RECENT)
    expect(desktop.reads('cinnamon', true).heard).toEqual(['locked'])
  })

  it('is found when login1 left for long, and the lock when it only restarted', () => {
    const away = (ms: number) => play().reads('hint', false).tells(leaves('hint')).after(ms)
    expect(away(RECENT).reads('hint', true).heard).toEqual(['found locked'])
    expect(away(RECENT - 1).reads('hint', true).heard).toEqual(['locked'])
  })

  it('again while its source is heard is the lock', () => {
    expect(play().says('hint', false).after(RECENT).reads('hint', true).heard).toEqual(['locked'])
  })

  it('from a service that has just come is the lock: it starts in order to lock', () => {
    expect(play().tells(appears('cinnamon')).heard).toEqual(['locked'])
  })

  it('while the user is away by the same flag makes no departure', () => {
    const desktop = play().says('mate', true).tells(leaves('mate')).after(3_600_000).reads('mate', true)
    expect(desktop.left()).toEqual(['lock'])
  })
})

describe('another session in front', () => {
  it('is found where it was read first, or after long', () => {
    expect(play().tells(behindByReading).heard).toEqual(['found switched'])
    const desktop = play().tells(inFront(true)).tells(loses('system')).after(RECENT)
    expect(desktop.tells(behindByReading).heard).toEqual(['found switched'])
  })

  it('is a switch where it was signalled, or read after a short while', () => {
    expect(play().tells(inFront(false)).heard).toEqual(['switched'])
    const desktop = play()
      .tells(inFront(true))
      .tells(loses('system'))
      .after(RECENT - 1)
    expect(desktop.tells(behindByReading).heard).toEqual(['switched'])
  })

  it('ends when login1 leaves for good: nobody would tell its end', () => {
    const desktop = play()
      .tells(inFront(false))
      .tells(leaves('hint'))
      .after(SERVICE_RETURNS_MS - 1)
    expect(desktop.heard).toEqual(['switched'])
    desktop.after(1)
    expect(desktop.heard).toEqual(['switched', 'back'])
    expect(summary(desktop.state())).toEqual([])
    // What it is now was not heard.
    desktop.tells(behindByReading)
    expect(desktop.heard).toEqual(['switched', 'back', 'found switched'])
  })

  it('stands when login1 restarts, and when its bus is lost', () => {
    const restarted = play().tells(inFront(false)).tells(leaves('hint')).after(1_000).tells(behindByReading)
    expect(restarted.after(600_000).heard).toEqual(['switched'])
    const lost = play().tells(inFront(false)).tells(leaves('hint')).tells(loses('system'))
    expect(lost.after(600_000).heard).toEqual(['switched'])
  })

  it('that ends so leaves the request of a locker', () => {
    const desktop = play().tells(LOCK).tells(inFront(false)).tells(leaves('hint')).after(60_000)
    expect(desktop.away()).toEqual(['lock'])
  })
})

describe('a bus that is lost while a service is waited for', () => {
  it('ends the waiting: whether it came back is not known', () => {
    const desktop = play().says('mate', true).tells(leaves('mate')).after(1_000).tells(loses('session'))
    expect(desktop.after(600_000).heard).toEqual(['locked'])
    // The next connection tells that it isn't there.
    desktop.tells(leaves('mate')).after(SERVICE_RETURNS_MS)
    expect(desktop.heard).toEqual(['locked', 'lock-requested', 'unlocked'])
  })

  it('for good lets a saver that counts for the hint tell the unlock', () => {
    const desktop = play().tells(SHELL).says('hint', true).says('gnome', true).tells(loses('system'))
    desktop.after(600_000)
    expect(desktop.heard).toEqual(['locked'])
    desktop.says('gnome', false).after(SETTLED)
    expect(desktop.heard).toEqual(['locked', 'unlocked'])
  })
})

describe('the summary for somebody who heard nothing', () => {
  const told = (desktop: ReturnType<typeof play>): readonly string[] => summary(desktop.state()).map(short)

  it('tells what stands', () => {
    expect(told(play())).toEqual([])
    expect(told(play().says('hint', true))).toEqual(['found locked'])
    expect(told(play().tells(LOCK))).toEqual(['lock-requested'])
    expect(told(play().tells(inFront(false)))).toEqual(['found switched'])
  })
})
