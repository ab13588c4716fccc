import { describe, expect, it } from 'vitest'
import type { Cloud } from '../../shared/presence.ts'
import type { ProblemCode } from '../../shared/problem.ts'
import type { AttemptResult } from './model.ts'
import { claimsOf, judge, type JudgeContext, type Outcome } from './outcome.ts'

const WALL = Date.UTC(2026, 8, 1, 10)
type Answer = Extract<AttemptResult, { type: 'answer' }>
type Failure = Extract<AttemptResult, { type: 'failure' }>

const answer = (status: number, changes: Partial<Answer> = {}): Answer => ({
  type: 'answer',
  status,
  requestId: 'b0e1',
  date: WALL,
  retryAfter: null,
  errorCode: '',
  authenticate: null,
  ...changes,
})
const context = (changes: Partial<JudgeContext> = {}): JudgeContext => ({
  write: 'clear',
  cloud: 'global',
  wall: WALL,
  ...changes,
})
const pending = (
  code: ProblemCode,
  detail: string,
  { retryAfterMs = null, sureNot = false }: { retryAfterMs?: number | null; sureNot?: boolean } = {},
): Outcome => ({ kind: 'pending', problem: { code, detail }, retryAfterMs, sureNot })

describe('answers of Graph', () => {
  it.each([200, 201, 202, 204])('%i: done', (status) => {
    expect(judge(answer(status), context())).toEqual({ kind: 'done' })
  })

  it.each<[string, Answer, Partial<JudgeContext>, Outcome]>([
    ['404 to a clear', answer(404, { errorCode: 'ResourceNotFound' }), {}, { kind: 'nothing-to-clear' }],
    ['404 to a clear without a code', answer(404), {}, { kind: 'nothing-to-clear' }],
    [
      '404 for a wrong user id or cloud',
      answer(404, { errorCode: 'Request_ResourceNotFound' }),
      {},
      { kind: 'refused', problem: { code: 'wrong-user', detail: '404 Request_ResourceNotFound' } },
    ],
    [
      '404 to a set',
      answer(404, { errorCode: 'ResourceNotFound' }),
      { write: 'set' },
      { kind: 'refused', problem: { code: 'wrong-user', detail: '404 ResourceNotFound' } },
    ],
    [
      '404 in US Gov, whose schema has presence',
      answer(404, { errorCode: 'Request_ResourceNotFound' }),
      { cloud: 'us-gov' },
      { kind: 'refused', problem: { code: 'wrong-user', detail: '404 Request_ResourceNotFound' } },
    ],
    [
      '404 in China',
      answer(404, { errorCode: 'Request_ResourceNotFound' }),
      { cloud: 'china' },
      { kind: 'not-supported' },
    ],
    ['400 in China', answer(400, { errorCode: 'BadRequest' }), { cloud: 'china' }, { kind: 'not-supported' }],
    [
      '405',
      answer(405, { errorCode: 'Request_BadRequest' }),
      {},
      { kind: 'refused', problem: { code: 'unexpected-answer', detail: '405 Request_BadRequest' } },
    ],
    [
      '400 to a clear',
      answer(400, { errorCode: 'InvalidArgument' }),
      {},
      { kind: 'refused', problem: { code: 'unexpected-answer', detail: '400 InvalidArgument' } },
    ],
    [
      '400 to a set',
      answer(400, { errorCode: 'InvalidArgument' }),
      { write: 'set' },
      { kind: 'refused', problem: { code: 'set-refused', detail: '400 InvalidArgument' } },
    ],
    [
      '400 to a renewal',
      answer(400, { errorCode: 'InvalidArgument' }),
      { write: 'renew' },
      { kind: 'refused', problem: { code: 'set-refused', detail: '400 InvalidArgument' } },
    ],
    [
      '400 to a personal account',
      answer(400, { errorCode: 'AuthenticationError' }),
      {},
      { kind: 'refused', problem: { code: 'personal-account', detail: '400 AuthenticationError' } },
    ],
    [
      '401',
      answer(401, { errorCode: 'InvalidAuthenticationToken' }),
      {},
      {
        kind: 'token-refused',
        claims: null,
        problem: { code: 'needs-sign-in', detail: '401 InvalidAuthenticationToken' },
      },
    ],
    [
      '401 while our clock is an hour behind',
      answer(401, { date: WALL + 3_600_000 }),
      {},
      { kind: 'token-refused', claims: null, problem: { code: 'clock-wrong', detail: '401' } },
    ],
    [
      '401 while our clock is four minutes ahead, which Entra tolerates',
      answer(401, { date: WALL - 240_000 }),
      {},
      { kind: 'token-refused', claims: null, problem: { code: 'needs-sign-in', detail: '401' } },
    ],
    [
      '401 without a date',
      answer(401, { date: null }),
      {},
      { kind: 'token-refused', claims: null, problem: { code: 'needs-sign-in', detail: '401' } },
    ],
    [
      '403 with an empty message',
      answer(403, { errorCode: 'Forbidden' }),
      {},
      { kind: 'not-permitted', problem: { code: 'not-permitted', detail: 'Presence.ReadWrite' } },
    ],
    [
      '403 with a code of its own',
      answer(403, { errorCode: 'Authorization_RequestDenied' }),
      {},
      {
        kind: 'not-permitted',
        problem: { code: 'not-permitted', detail: 'Presence.ReadWrite (Authorization_RequestDenied)' },
      },
    ],
    [
      '403 with a claims challenge',
      answer(403, { authenticate: `Bearer error="insufficient_claims", claims="${btoa('{"a":1}')}"` }),
      {},
      { kind: 'token-refused', claims: '{"a":1}', problem: { code: 'needs-sign-in', detail: '403' } },
    ],
    [
      '402',
      answer(402, { errorCode: 'PaymentRequired' }),
      {},
      { kind: 'not-permitted', problem: { code: 'not-permitted', detail: '402 PaymentRequired' } },
    ],
    ['408', answer(408), {}, pending('server-trouble', '408')],
    ['409', answer(409, { errorCode: 'Conflict' }), {}, pending('server-trouble', '409 Conflict')],
    ['423', answer(423), {}, pending('server-trouble', '423')],
    ['410', answer(410), {}, { kind: 'refused', problem: { code: 'unexpected-answer', detail: '410' } }],
    ['429', answer(429), {}, pending('throttled', '429', { sureNot: true })],
    [
      '500',
      answer(500, { errorCode: 'InternalServerError' }),
      {},
      pending('server-trouble', '500 InternalServerError'),
    ],
    ['501', answer(501), {}, pending('server-trouble', '501')],
    ['501 in China', answer(501), { cloud: 'china' }, { kind: 'not-supported' }],
    [
      '503',
      answer(503, { retryAfter: '10' }),
      {},
      pending('server-trouble', '503', { retryAfterMs: 10_000 }),
    ],
    ['503 in China', answer(503), { cloud: 'china' }, pending('server-trouble', '503')],
    ['504', answer(504, { errorCode: 'UnknownError' }), {}, pending('server-trouble', '504 UnknownError')],
    ['509', answer(509), {}, pending('throttled', '509')],
    ['302', answer(302), {}, pending('unexpected-answer', '302')],
    ['304', answer(304), {}, pending('unexpected-answer', '304')],
  ])('%s', (_name, result, changes, outcome) => {
    expect(judge(result, context(changes))).toEqual(outcome)
  })
})

describe("answers that aren't Graph's", () => {
  const foreign = (status: number, changes: Partial<Answer> = {}): Answer =>
    answer(status, { requestId: null, ...changes })

  it.each<[number, Outcome]>([
    [200, pending('captive-portal', '200')],
    [204, pending('captive-portal', '204')],
    [302, pending('captive-portal', '302')],
    [401, pending('captive-portal', '401')],
    [403, pending('captive-portal', '403')],
    [404, pending('captive-portal', '404')],
    [407, pending('proxy-refused', '407')],
    [429, pending('throttled', '429', { sureNot: true })],
    [502, pending('server-trouble', '502')],
    [503, pending('server-trouble', '503')],
    [511, pending('captive-portal', '511')],
  ])('%i settles nothing', (status, outcome) => {
    expect(judge(foreign(status), context())).toEqual(outcome)
  })

  it.each<Cloud>(['global', 'us-gov', 'us-dod', 'china'])('not even in the cloud %s', (cloud) => {
    for (let status = 100; status < 600; status += 1) {
      for (const write of ['set', 'renew', 'clear'] as const) {
        expect(judge(foreign(status), context({ cloud, write })).kind).toBe('pending')
      }
    }
  })

  it('keeps a Retry-After of whoever throttles', () => {
    expect(judge(foreign(429, { retryAfter: '3' }), context())).toMatchObject({ retryAfterMs: 3_000 })
    expect(judge(foreign(503, { retryAfter: '3' }), context())).toMatchObject({ retryAfterMs: 3_000 })
  })

  it('lets nobody but Graph keep us away for longer than our own longest pause', () => {
    expect(judge(foreign(429, { retryAfter: '3600' }), context())).toMatchObject({ retryAfterMs: 30_000 })
    expect(judge(foreign(503, { retryAfter: '3600' }), context())).toMatchObject({ retryAfterMs: 30_000 })
    expect(judge(answer(503, { retryAfter: '3600' }), context())).toMatchObject({ retryAfterMs: 3_600_000 })
  })
})

describe('Retry-After', () => {
  it.each<[string | null, number | null]>([
    [null, null],
    ['', null],
    ['10', 10_000],
    ['2.128', 2_128],
    ['0', 0],
    [' 5 ', 5_000],
    ['soon', null],
    ['-5', null],
    ['Infinity', null],
    ['Tue, 01 Sep 2026 10:00:30 GMT', 30_000],
    ['Tue, 01 Sep 2026 09:00:00 GMT', 0],
    ['999999999', 3_600_000],
  ])('%s', (retryAfter, retryAfterMs) => {
    const outcome = judge(answer(429, { retryAfter }), context())
    // V8 reads "-5" as a date in 2001: that lies in the past, so it may be retried at once.
    const expected = retryAfter === '-5' ? 0 : retryAfterMs
    expect(outcome).toMatchObject({ kind: 'pending', retryAfterMs: expected })
  })

  it("counts a date from the server's own clock, or from ours when it names none", () => {
    const retryAfter = 'Tue, 01 Sep 2026 10:00:30 GMT'
    const wall = WALL + 3_600_000
    expect(judge(answer(503, { retryAfter }), context({ wall }))).toMatchObject({ retryAfterMs: 30_000 })
    expect(judge(answer(503, { retryAfter, date: null }), context({ wall: WALL + 10_000 }))).toMatchObject({
      retryAfterMs: 20_000,
    })
  })
})

describe('without an answer', () => {
  const failure = (stage: Failure['stage'], code: string, sent: boolean): Failure => ({
    type: 'failure',
    stage,
    code,
    sent,
  })

  it.each<[Failure['stage'], string, ProblemCode]>([
    ['dns', 'ENOTFOUND', 'no-network'],
    ['dns', 'EAI_AGAIN', 'no-network'],
    ['connect', 'ENETUNREACH', 'no-network'],
    ['connect', 'EHOSTUNREACH', 'no-network'],
    ['connect', 'ECONNREFUSED', 'no-network'],
    ['connect', 'ETIMEDOUT', 'not-reached'],
    ['connect', 'ECONNRESET', 'not-reached'],
    ['proxy', '407', 'proxy-refused'],
    ['proxy', '403', 'proxy-refused'],
    ['proxy', '502', 'not-reached'],
    ['proxy', '503', 'not-reached'],
    ['proxy', 'ECONNREFUSED', 'proxy-unreachable'],
    ['proxy', 'ENOTFOUND', 'proxy-unreachable'],
    ['proxy', 'ECONNRESET', 'proxy-unreachable'],
    ['tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-untrusted'],
    ['tls', 'SELF_SIGNED_CERT_IN_CHAIN', 'certificate-untrusted'],
    ['tls', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-untrusted'],
    ['tls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate-untrusted'],
    ['tls', 'CERT_HAS_EXPIRED', 'certificate-untrusted'],
    ['tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-untrusted'],
    ['tls', 'ECONNRESET', 'not-reached'],
    ['tls', 'EPROTO', 'not-reached'],
    ['answer', 'ECONNRESET', 'not-reached'],
    ['answer', 'HPE_INVALID_CONSTANT', 'not-reached'],
    ['timeout', 'ETIMEDOUT', 'not-reached'],
    ['aborted', 'ABORTED', 'not-reached'],
    ['worker', 'exit 1', 'sender-down'],
  ])('%s %s', (stage, code, problem) => {
    expect(judge(failure(stage, code, false), context())).toEqual(
      pending(problem, `${stage} ${code}`, { sureNot: true }),
    )
    expect(judge(failure(stage, code, true), context())).toEqual(pending(problem, `${stage} ${code}`))
  })

  it('not armed', () => {
    expect(judge(failure('not-armed', '', false), context())).toEqual(
      pending('not-reached', 'not-armed', { sureNot: true }),
    )
  })
})

describe('claims challenge', () => {
  const claims = '{"access_token":{"nbf":{"essential":true,"value":"1756720800"}}}'
  const base64 = btoa(claims)

  it.each<[string, string]>([
    ['alone', `Bearer claims="${base64}"`],
    ['first', `Bearer claims="${base64}", error="insufficient_claims", realm=""`],
    [
      'after an unquoted URL',
      `Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, claims="${base64}"`,
    ],
    ['unquoted, padding and all', `Bearer error=insufficient_claims, claims=${base64}`],
    ['in another case, with spaces', `bearer CLAIMS = "${base64}"`],
    ['in the second header', `Negotiate, Basic realm="x", Bearer realm="", claims="${base64}"`],
    ['after text that names it', `Bearer error_description="no claims=\\"x\\" here", claims="${base64}"`],
    [
      'in the URL alphabet',
      `Bearer claims="${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}"`,
    ],
    ['after one that is unreadable', `Bearer claims="%%%", Bearer claims="${base64}"`],
    ['as JSON text', `Bearer claims="${claims.replaceAll('"', '\\"')}"`],
  ])('%s', (_name, header) => {
    expect(claimsOf(header)).toBe(claims)
  })

  it('keeps what is beyond ASCII', () => {
    const text = '{"id_token":{"name":{"value":"Zoë"}}}'
    expect(claimsOf(`Bearer claims="${Buffer.from(text).toString('base64')}"`)).toBe(text)
  })

  it.each([
    null,
    '',
    'Bearer',
    'Bearer error="invalid_token"',
    'Bearer claims=""',
    `Bearer claims="${btoa('not json')}"`,
    `Bearer claims="${btoa('[1]')}"`,
    `Bearer claims="${btoa('null')}"`,
    'Bearer error_description="claims=eyJhIjoxfQ=="',
  ])('none in %s', (header) => {
    expect(claimsOf(header)).toBeNull()
  })
})

it('finds nothing in a challenge that is one endless word, and not only after a minute', () => {
  const began = performance.now()
  expect(claimsOf(`claims=${'a'.repeat(100_000)}`)).toBeNull()
  expect(claimsOf('a'.repeat(100_000))).toBeNull()
  expect(performance.now() - began).toBeLessThan(3_000)
})
