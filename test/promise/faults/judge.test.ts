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

function judged(evidence: Partial<Evidence>): string {
  const writes = evidence.writes ?? []
  return judge({
    ...{ kind: 'own', left: session, held: [], writes, all: writes },
    ...{ elsewhereAt: LIMIT + 1, elsewhereStands: true, limitAt: LIMIT, told: true, killedAt: null },
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

  it("takes an answer for a settling one only if it is Graph's and reached the app", () => {
    expect(settles(clear(0))).toBe(true)
    expect(settles(clear(0, { status: 404 }))).toBe(true)
    expect(settles(clear(0, { outcome: 'dropped', fault: 'slow-drip' }))).toBe(true)
    expect(settles(clear(0, { status: 404, errorCode: 'Request_ResourceNotFound' }))).toBe(false)
    expect(settles(clear(0, { status: 503 }))).toBe(false)
    expect(settles(clear(0, { fault: 'captive-portal' }))).toBe(false)
    expect(settles(clear(0, { fault: 'lost-answer', status: null }))).toBe(false)
    expect(settles(clear(0, { outcome: 'dropped' }))).toBe(false)
    expect(settles(clear(0, { path: '/v1.0/users/alex/presence/setPresence' }))).toBe(false)
  })
})
