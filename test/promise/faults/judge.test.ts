/** The judge of the matrix tells every outcome from every other. */
import { describe, expect, it } from 'vitest'
import type { RequestRecord, SessionView } from '../../simulator/index.ts'
import { type Evidence, judge, settles } from './judge.ts'

const MINUTE = 60_000
const LIMIT = 16 * MINUTE

const session: SessionView = {
  ...{ userId: 'alex', clientId: 'app', availability: 'Busy', activity: 'InACall', setBy: 'graph' },
  effective: { availability: 'Busy', activity: 'InACall' },
  ...{ setAt: 0, expiresAt: 15 * MINUTE },
}

function clear(atMs: number, more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    ...{ seq: 1, realMs: 0, simulatedMs: atMs, kind: 'graph', connection: 1, host: 'graph.microsoft.com' },
    ...{ method: 'POST', path: '/v1.0/users/alex/presence/clearPresence', headers: {}, status: 200 },
    ...{ tookEffect: true, outcome: 'answered' },
    ...more,
  }
}

const BUSY = { status: 503, tookEffect: false } as const
const GONE = { status: 404, tookEffect: false } as const
const LOST = { status: null, outcome: 'dropped', fault: 'lost-answer' } as const

function judged(evidence: Partial<Evidence>): string {
  const writes = evidence.writes ?? []
  return judge({
    ...{ kind: 'own', left: session, held: [], writes, all: writes },
    ...{ elsewhereAt: LIMIT + 1, elsewhereStands: true, limitAt: LIMIT, told: true, killedAt: null },
    // Blocked until the very end, so that how early a clear came does not count.
    ...{ actsFrom: 0, deadlineMs: 30_000, blocked: true, healedAt: LIMIT, retryAfterMs: 0, swallows: false },
    agesLost: false,
    ...evidence,
  })
}

describe('the judge', () => {
  it.each<readonly [string, Partial<Evidence>]>([
    ['cleared', { writes: [clear(MINUTE)] }],
    // Its answer was lost, and the next one found nothing left.
    [
      'cleared',
      {
        writes: [
          clear(MINUTE, { status: null, outcome: 'dropped', fault: 'lost-answer' }),
          clear(2 * MINUTE, { status: 404, tookEffect: false }),
        ],
      },
    ],
    ['expired', {}],
    // A clear that came when it had ended by itself is not what ended it.
    ['expired', { writes: [clear(15 * MINUTE + 1)] }],
    ['stale', { held: [session] }],
    ['given-up', { kind: 'assumed', held: [session] }],
    ['lost', { kind: 'assumed', held: [session], told: false }],
    ['lost', { kind: 'assumed' }],
    ['nothing-set', { left: undefined, writes: [clear(1, { status: 404, tookEffect: false })] }],
    ['wrong', { writes: [clear(MINUTE), clear(2 * MINUTE)] }],
    ['wrong', { writes: [clear(LIMIT + 1)] }],
    ['wrong', { elsewhereAt: MINUTE, writes: [clear(2 * MINUTE)] }],
    ['wrong', { elsewhereStands: false }],
  ])('%s', (outcome, evidence) => {
    expect(judged(evidence)).toBe(outcome)
  })

  it('lets a clear be followed by one more, if a set was on its way when it was sent', () => {
    const set = clear(0, { path: '/v1.0/users/alex/presence/setPresence', realMs: 100, endedRealMs: 9_000 })
    const twice = [clear(MINUTE, { realMs: 5_000 }), clear(MINUTE, { realMs: 9_500, status: 404 })]
    expect(judged({ writes: twice, all: [set, ...twice] })).toBe('cleared')
    expect(judged({ writes: twice, all: [{ ...set, endedRealMs: 200 }, ...twice] })).toBe('wrong')
    const thrice = [...twice, clear(MINUTE, { realMs: 9_900, status: 404 })]
    expect(judged({ writes: thrice, all: [set, ...thrice] })).toBe('wrong')
  })

  it('lets a clear be sent again, if its answer died with the process', () => {
    const twice = [
      clear(MINUTE, { realMs: 5_000, endedRealMs: 5_100 }),
      clear(2 * MINUTE, { realMs: 9_500, status: 404, tookEffect: false }),
    ]
    expect(judged({ writes: twice, killedAt: 5_050 })).toBe('cleared')
    expect(judged({ writes: twice, killedAt: 9_000 })).toBe('wrong')
    expect(judged({ writes: [...twice, clear(3 * MINUTE)], killedAt: 5_050 })).toBe('wrong')
  })

  it.each<readonly [string, string, Partial<Evidence>]>([
    ['cleared', 'within the deadline', { writes: [clear(29_000)] }],
    ['late', 'after it', { writes: [clear(31_000)] }],
    ['late', 'after a back-off of ten minutes', { writes: [clear(0, BUSY), clear(10 * MINUTE)] }],
    ['cleared', 'within it from the start after a kill', { actsFrom: MINUTE, writes: [clear(89_000)] }],
    ['cleared', 'with a lost answer', { writes: [clear(1, LOST), clear(2 * MINUTE, GONE)] }],
    ['nothing-set', 'that finds nothing', { left: undefined, writes: [clear(1, GONE)] }],
    ['late', 'that finds nothing, after it', { left: undefined, writes: [clear(31_000, GONE)] }],
    ['late', 'that never came', { left: undefined }],
    ['nothing-set', 'that a kill made needless', { left: undefined, killedAt: 1 }],
  ])('where nothing blocks it, says %s of a clear %s', (outcome, _when, evidence) => {
    expect(judged({ blocked: false, healedAt: null, ...evidence })).toBe(outcome)
  })

  it.each<readonly [string, string, Partial<Evidence>]>([
    ['cleared', 'as soon as we try again', { writes: [clear(59_000, BUSY), clear(91_000)] }],
    ['late', 'after a longer back-off', { writes: [clear(0, BUSY), clear(93_000)] }],
    ['late', 'after ten minutes', { writes: [clear(0, BUSY), clear(10 * MINUTE)] }],
    [
      'cleared',
      'when Graph asked to wait',
      { retryAfterMs: 120_000, writes: [clear(50_000, BUSY), clear(175_000)] },
    ],
    [
      'late',
      'longer than Graph asked',
      { retryAfterMs: 120_000, writes: [clear(20_000, BUSY), clear(175_000)] },
    ],
    ['cleared', 'once the swallowed one has ended', { swallows: true, writes: [clear(101_000)] }],
    ['late', 'long after the swallowed one', { swallows: true, writes: [clear(103_000)] }],
    ['cleared', 'while the fault lasts', { healedAt: null, writes: [clear(10 * MINUTE)] }],
    ['cleared', 'after a late start', { actsFrom: 2 * MINUTE, writes: [clear(150_000)] }],
  ])('where it was blocked until a minute later, says %s of a clear %s', (outcome, _when, evidence) => {
    expect(judged({ blocked: true, healedAt: MINUTE, ...evidence })).toBe(outcome)
  })

  it("takes an answer for a settling one only if it is Graph's and reached the app", () => {
    expect(settles(clear(0))).toBe(true)
    expect(settles(clear(0, { status: 404 }))).toBe(true)
    expect(settles(clear(0, { outcome: 'dropped', fault: 'slow-drip' }))).toBe(true)
    expect(settles(clear(0, { ...GONE, outcome: 'dropped', fault: 'slow-drip' }))).toBe(false)
    expect(settles(clear(0, { status: 404, errorCode: 'Request_ResourceNotFound' }))).toBe(false)
    expect(settles(clear(0, { status: 503 }))).toBe(false)
    expect(settles(clear(0, { fault: 'captive-portal' }))).toBe(false)
    expect(settles(clear(0, { fault: 'lost-answer', status: null }))).toBe(false)
    expect(settles(clear(0, { outcome: 'dropped' }))).toBe(false)
    expect(settles(clear(0, { path: '/v1.0/users/alex/presence/setPresence' }))).toBe(false)
  })
})
