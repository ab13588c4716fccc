import { describe, expect, it } from 'vitest'
import { english } from './english.ts'
import { DEPARTURES, PAIRS } from './presence.ts'
import type { Face, LockWatch } from './snapshot.ts'
import {
  departureText,
  historyText,
  lockText,
  ownText,
  pairText,
  presenceText,
  sentence,
  timeText,
  words,
} from './strings.ts'

const NOW = Date.UTC(2026, 10, 24, 12, 5)
const AT = Date.UTC(2026, 10, 24, 12, 4)
const UNTIL = Date.UTC(2026, 10, 24, 16, 4)
const reading = { locale: 'de-DE', now: NOW, timeZone: 'UTC', demo: false } as const
const offline = { code: 'no-network' } as const

describe('sentence', () => {
  it.each<[Face, string]>([
    [
      { kind: 'not-configured', problem: { code: 'client-id-missing' } },
      'Not set up: nothing is being cleared.',
    ],
    [{ kind: 'signed-out', problem: null }, 'Sign in: nothing is being cleared.'],
    [{ kind: 'signing-in', method: 'browser' }, 'Signing in: finish in your browser.'],
    [
      { kind: 'signing-in', method: 'device-code', userCode: '', verificationUri: '', expiresAt: 0 },
      'Signing in: asking Microsoft for a code.',
    ],
    [
      {
        kind: 'signing-in',
        method: 'device-code',
        userCode: 'ABC',
        verificationUri: 'https://x',
        expiresAt: UNTIL,
      },
      "Signing in: enter the code on Microsoft's page.",
    ],
    [{ kind: 'on' }, 'On. Your call status clears when you lock or leave.'],
    [{ kind: 'clearing', departure: 'lock' }, 'Clearing your call status now.'],
    [
      { kind: 'cleared', departure: 'lock', at: AT },
      'Cleared 12:04, when you locked. Teams may take a few minutes.',
    ],
    [
      { kind: 'cleared', departure: 'sleep', at: AT - 3_600_000 },
      'Cleared 11:04, when the computer slept. Still on.',
    ],
    [
      { kind: 'nothing-to-clear', departure: 'manual', at: AT },
      'Checked 12:04, when you asked: no call status was set.',
    ],
    [
      { kind: 'not-cleared', departure: 'lock', problem: offline, mayShowUntil: UNTIL, signingOut: false },
      'Not cleared: no network. Teams may show it until 16:04.',
    ],
    [
      { kind: 'not-cleared', departure: 'lock', problem: offline, mayShowUntil: null, signingOut: false },
      'Not cleared: no network. Trying again.',
    ],
    [
      { kind: 'not-cleared', departure: 'sign-out', problem: offline, mayShowUntil: null, signingOut: true },
      'Not signed out yet. Not cleared: no network. Trying again.',
    ],
    [
      { kind: 'needs-sign-in', problem: { code: 'needs-sign-in' }, due: null },
      'Sign in: nothing is being cleared.',
    ],
    [
      { kind: 'needs-sign-in', problem: { code: 'needs-sign-in' }, due: 'lock' },
      'Sign in: your call status is not cleared.',
    ],
    [
      { kind: 'not-permitted', problem: { code: 'not-permitted' }, due: null },
      'Not permitted: nothing is being cleared.',
    ],
    [
      { kind: 'not-permitted', problem: { code: 'not-permitted' }, due: 'lock' },
      'Not cleared: a permission is missing.',
    ],
    [
      { kind: 'not-supported', cloud: 'china' },
      'Not supported in this Microsoft cloud: nothing is being cleared.',
    ],
  ])('%j', (face, expected) => {
    expect(sentence(face, reading)).toBe(expected)
    expect(sentence(face, { ...reading, demo: true })).toBe(`Demo · ${expected}`)
  })

  it('names what may still show when we set it', () => {
    const face = {
      kind: 'not-cleared',
      departure: 'lock',
      problem: offline,
      mayShowUntil: UNTIL,
      signingOut: false,
    } as const
    expect(sentence(face, { ...reading, pair: 'Busy/InACall' })).toBe(
      'Not cleared: no network. May show Busy until 16:04.',
    )
  })
})

describe('times', () => {
  it('use the clock of the region and never mix languages', () => {
    expect(timeText(UNTIL, { ...reading, locale: 'de-DE' })).toBe('16:04')
    expect(timeText(UNTIL, { ...reading, locale: 'en-US' })).toMatch(/^4:04\sPM$/)
    expect(timeText(UNTIL - 7 * 3_600_000, { ...reading, locale: 'en-GB' })).toBe('09:04')
    expect(timeText(UNTIL - 86_400_000, { ...reading, locale: 'de-DE' })).toBe('Mon 16:04')
    expect(timeText(UNTIL - 9 * 86_400_000, { ...reading, locale: 'de-DE' })).toBe('15 Nov, 16:04')
  })

  it.each(['C', '', 'en_US', 'zz'])('survive the locale %j', (locale) => {
    expect(timeText(UNTIL, { ...reading, locale })).toMatch(/04/)
  })

  it('name the day across midnight of the time zone, not of UTC', () => {
    const before = Date.UTC(2026, 10, 24, 23, 30)
    const after = Date.UTC(2026, 10, 25, 0, 30)
    const inBerlin = { locale: 'de-DE', timeZone: 'Europe/Berlin' }
    expect(timeText(before, { ...inBerlin, now: after })).toBe('00:30')
    expect(timeText(before, { locale: 'de-DE', timeZone: 'UTC', now: after })).toBe('Tue 23:30')
  })
})

describe('the table', () => {
  it('has full sentences for every problem, and a short phrase that continues one', () => {
    for (const [code, text] of Object.entries(words.problems)) {
      expect(text.short, code).toMatch(/^(\p{Ll}|Microsoft)/u)
      expect(text.short, code).not.toMatch(/[.!]$/)
      expect(text.title, code).toMatch(/^\p{Lu}[^.]*$/u)
      expect(text.meaning, code).toMatch(/^\p{Lu}.*\.$/u)
      expect(text.action, code).toMatch(/^\p{Lu}.*\.$/u)
    }
  })

  it('says each departure and pair in its own words', () => {
    expect(new Set(DEPARTURES.map(departureText)).size).toBe(DEPARTURES.length)
    expect(new Set(PAIRS.map(pairText)).size).toBe(PAIRS.length)
  })

  it('never speaks of sessions, records or leases to the user', () => {
    const texts: string[] = []
    const walk = (value: unknown): void => {
      if (typeof value === 'string') texts.push(value)
      else if (typeof value === 'function')
        texts.push(String((value as (...args: string[]) => unknown)('x', 'y')))
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
    }
    walk(english)
    expect(texts.length).toBeGreaterThan(250)
    for (const text of texts)
      expect(text).not.toMatch(/\b(session|lease|snapshot|assumed|absence|departure)\b|undefined/i)
  })
})

describe('lines', () => {
  const own = { pair: 'Busy/InACall', confirmed: true, since: AT, problem: null } as const

  it('say what we set and when it ends', () => {
    const on = { kind: 'on' } as const
    expect(ownText(own, on)).toBe('Busy, in a call, until you leave')
    expect(ownText({ ...own, confirmed: false }, on)).toBe('Setting: Busy, in a call, until you leave')
    expect(ownText({ ...own, problem: offline }, on)).toBe('Busy, in a call: no network. Trying again.')
    expect(ownText(own, { kind: 'clearing', departure: 'manual' })).toBe('Busy, in a call: clearing')
    const due = { kind: 'needs-sign-in', problem: { code: 'needs-sign-in' }, due: 'lock' } as const
    expect(ownText(own, due)).toBe('Busy, in a call: not cleared yet')
    expect(ownText(own, { ...due, due: null })).toBe('Busy, in a call, until you leave')
  })

  it('say what Teams shows, names unknown to us included', () => {
    const shown = (availability: string, activity: string): string =>
      presenceText({ availability, activity, at: AT })
    expect(shown('Busy', 'InACall')).toBe('Busy, in a call')
    expect(shown('Available', 'Available')).toBe('Available')
    expect(shown('DoNotDisturb', 'DoNotDisturb')).toBe('Do not disturb')
    expect(shown('Busy', 'BlockedByFocusTime')).toBe('Busy, blocked by focus time')
    expect(shown('FocusMode', 'FocusMode')).toBe('Focus Mode')
  })

  it('say what happened, how long it took and what is known of its end', () => {
    expect(historyText({ at: AT, departure: 'lock', settlement: 'cleared', tookMs: 312 }, reading)).toEqual({
      text: 'Cleared when you locked',
      took: '0,3 s',
      time: '12:04',
    })
    const quick = { at: AT, departure: 'manual', settlement: 'cleared', tookMs: 12 } as const
    expect(historyText(quick, reading).took).toBe('0,1 s')
    const open = {
      at: AT,
      departure: 'sleep',
      settlement: 'not-confirmed',
      tookMs: null,
      problem: offline,
      endedBy: UNTIL,
    } as const
    expect(historyText(open, reading)).toEqual({
      text: 'Not confirmed when the computer slept: no network. It must have ended by 16:04.',
      took: '',
      time: '12:04',
    })
  })
})

describe('how a lock is noticed', () => {
  it.each<[LockWatch, string]>([
    [{ kind: 'system-events' }, 'Told by the system, and checked every 15 seconds'],
    [{ kind: 'desktop', watchers: ['gnome'] }, 'Told by GNOME, and checked every 15 seconds'],
    [
      { kind: 'desktop', watchers: ['kde', 'login-service'] },
      'Told by KDE Plasma and the login service (logind), and checked every 15 seconds',
    ],
    [
      { kind: 'poll', why: 'no-session-bus' },
      'No connection to the desktop (D-Bus). Checked every 15 seconds',
    ],
    [
      { kind: 'poll', why: 'no-lock-reported' },
      'This desktop has reported no lock so far. Checked every 15 seconds',
    ],
    [{ kind: 'unknown' }, 'Not known yet'],
  ])('%j', (watch, text) => expect(lockText(watch)).toBe(text))
})
