import { describe, expect, it } from 'vitest'
import type { Face, HistoryEntry, Snapshot } from '../../../shared/snapshot.ts'
import { decideNotice, TOLD_NOTHING, type Notice } from './notification-rule.ts'

const READING = { locale: 'en-GB', now: Date.UTC(2026, 0, 15, 12, 5), timeZone: 'UTC' }

function snapshot(face: Face, away = false, history: readonly HistoryEntry[] = []): Snapshot {
  return {
    face,
    demo: false,
    account: null,
    away,
    own: null,
    canSet: true,
    setProblem: null,
    presence: null,
    history,
    notices: [],
    startAtLogin: { on: false, why: null, offered: false },
    update: null,
    lockWatch: { kind: 'unknown' },
    details: {
      version: '1',
      cloud: 'global',
      tenant: '',
      clientId: '',
      userId: '',
      requestId: '',
      lastClearMs: null,
      tokenExpiresAt: null,
    },
  }
}

const ON: Face = { kind: 'on' }
const CLEARING: Face = { kind: 'clearing', departure: 'lock' }
const CLEARED: Face = { kind: 'cleared', departure: 'lock', at: READING.now }
const FAILED: Face = {
  kind: 'not-cleared',
  departure: 'lock',
  problem: { code: 'no-network' },
  mayShowUntil: null,
  signingOut: false,
}
const SIGN_IN: Face = { kind: 'needs-sign-in', problem: { code: 'needs-sign-in' }, due: null }
const SIGN_IN_DUE: Face = { kind: 'needs-sign-in', problem: { code: 'needs-sign-in' }, due: 'lock' }
const FORBIDDEN: Face = { kind: 'not-permitted', problem: { code: 'not-permitted' }, due: 'lock' }

const entry = (at: number, settlement: HistoryEntry['settlement']): HistoryEntry => ({
  at,
  departure: 'lock',
  settlement,
  tookMs: null,
  ...(settlement === 'not-confirmed' ? { problem: { code: 'no-network' } } : {}),
})

/** Feeds snapshots in order and tells what each made be shown. */
function tell(...snapshots: readonly Snapshot[]): (Notice | null)[] {
  let told = TOLD_NOTHING
  return snapshots.map((next) => {
    const decided = decideNotice(told, next, READING)
    told = decided.told
    return decided.notice
  })
}
const titles = (...snapshots: readonly Snapshot[]): (string | null)[] =>
  tell(...snapshots).map((notice) => notice?.title ?? null)

const SIGN_IN_TITLE = 'Sign in to Clear Presence'
const FAILED_TITLE = 'Your call status was not cleared'

describe('a day that works', () => {
  it('shows nothing, however often the user locks', () => {
    const day = Array.from({ length: 5 }, (_, n) => [
      snapshot(ON),
      snapshot(CLEARING, true),
      snapshot(CLEARED, true, [entry(n + 1, 'cleared')]),
      snapshot(CLEARED, false, [entry(n + 1, 'cleared')]),
    ]).flat()
    expect(tell(...day).filter((notice) => notice !== null)).toEqual([])
  })

  it('shows nothing for being signed out, signing in or not configured', () => {
    expect(
      titles(
        snapshot({ kind: 'not-configured', problem: { code: 'client-id-missing' } }),
        snapshot({ kind: 'signed-out', problem: null }),
        snapshot({ kind: 'signing-in', method: 'browser' }),
        snapshot({ kind: 'signed-out', problem: { code: 'sign-in-failed' } }),
        snapshot({ kind: 'not-supported', cloud: 'china' }),
      ),
    ).toEqual([null, null, null, null, null])
  })
})

describe('sign-in needed', () => {
  it('is told at once when the user is there, also right at the start', () => {
    expect(titles(snapshot(SIGN_IN))).toEqual([SIGN_IN_TITLE])
    expect(titles(snapshot(ON), snapshot(SIGN_IN))).toEqual([null, SIGN_IN_TITLE])
  })

  it('is told on the return when it happened while away', () => {
    expect(titles(snapshot(ON), snapshot(SIGN_IN, true), snapshot(SIGN_IN))).toEqual([
      null,
      null,
      SIGN_IN_TITLE,
    ])
  })

  it('is told once, however often the user locks meanwhile', () => {
    expect(titles(snapshot(SIGN_IN), snapshot(SIGN_IN, true), snapshot(SIGN_IN), snapshot(SIGN_IN))).toEqual([
      SIGN_IN_TITLE,
      null,
      null,
      null,
    ])
  })

  it('is told once when the user tries and gives up', () => {
    const trying: Face = { kind: 'signing-in', method: 'browser' }
    expect(titles(snapshot(SIGN_IN), snapshot(trying), snapshot(SIGN_IN))).toEqual([
      SIGN_IN_TITLE,
      null,
      null,
    ])
  })

  it('is told again after it was mended', () => {
    expect(titles(snapshot(SIGN_IN), snapshot(ON), snapshot(SIGN_IN))).toEqual([
      SIGN_IN_TITLE,
      null,
      SIGN_IN_TITLE,
    ])
  })

  it('says that a clear is open', () => {
    expect(tell(snapshot(SIGN_IN_DUE))).toEqual([
      { title: SIGN_IN_TITLE, body: 'Sign in: your call status is not cleared.' },
    ])
  })
})

describe('a clear that failed', () => {
  it.each([
    [FAILED, 'Not cleared: no network. Trying again.'],
    [FORBIDDEN, 'Not cleared: a permission is missing.'],
  ])('is told on the return while it is open', (face, body) => {
    expect(tell(snapshot(ON), snapshot(CLEARING, true), snapshot(face, true), snapshot(face))).toEqual([
      null,
      null,
      null,
      { title: FAILED_TITLE, body },
    ])
  })

  it('is told on the return when it was given up then', () => {
    const given = [entry(5, 'not-confirmed')]
    expect(tell(snapshot(ON), snapshot(FAILED, true), snapshot(ON, false, given))).toEqual([
      null,
      null,
      { title: FAILED_TITLE, body: 'Not confirmed when you locked: no network' },
    ])
  })

  it('is told on the return when it was given up while away', () => {
    const given = [entry(5, 'not-confirmed')]
    expect(titles(snapshot(ON), snapshot(ON, true, given), snapshot(ON, false, given))).toEqual([
      null,
      null,
      FAILED_TITLE,
    ])
  })

  it('is not told when it worked in the end', () => {
    const worked = [entry(6, 'cleared')]
    expect(
      titles(
        snapshot(ON),
        snapshot(FAILED, true),
        snapshot(CLEARED, true, worked),
        snapshot(CLEARED, false, worked),
      ),
    ).toEqual([null, null, null, null])
    const late = [entry(6, 'cleared'), entry(5, 'not-confirmed')]
    expect(titles(snapshot(ON), snapshot(ON, true, late), snapshot(ON, false, late))).toEqual([
      null,
      null,
      null,
    ])
  })

  it('is told once for a whole day without network, and again after one that worked', () => {
    const offline = (n: number): Snapshot[] => [
      snapshot(FAILED, true),
      snapshot(ON, false, [entry(n, 'not-confirmed')]),
    ]
    expect(
      titles(snapshot(ON), ...offline(1), ...offline(2), ...offline(3)).filter((title) => title !== null),
    ).toEqual([FAILED_TITLE])
    const worked = snapshot(CLEARED, true, [entry(3, 'cleared')])
    expect(
      titles(snapshot(ON), ...offline(1), worked, ...offline(4)).filter((title) => title !== null),
    ).toEqual([FAILED_TITLE, FAILED_TITLE])
  })

  it('that is older than this start is no news', () => {
    const old = [entry(1, 'not-confirmed')]
    expect(titles(snapshot(ON, false, old), snapshot(ON, false, old))).toEqual([null, null])
  })

  it('is told to somebody who asked for it', () => {
    expect(titles(snapshot(ON), snapshot({ ...FAILED, departure: 'manual' }))).toEqual([null, FAILED_TITLE])
  })
})
