/** Graph's presence API as documented, request by request over real TLS. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  DEMO_CLIENT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  OTHER_CLIENT_ID,
  OTHER_USER_ID,
  SESSION_PAIRS,
  startSimulator,
  type Simulator,
} from './index.ts'
import { parseDuration } from './iso-duration.ts'
import { graphCall } from './test-kit.ts'

const MINUTE = 60_000
const PRESENCE = `/users/${DEMO_USER_ID}/presence`
const CALL = { sessionId: DEMO_CLIENT_ID, availability: 'Busy', activity: 'InACall' }

let simulator: Simulator
let token: string
beforeAll(async () => {
  simulator = await startSimulator()
})
afterAll(() => simulator.close())
afterEach(() => {
  for (const s of simulator.listSessions()) simulator.removeSession(s.userId, s.clientId)
  simulator.setPreferred(DEMO_USER_ID)
  simulator.claimsChallenge(false)
})
const fresh = (): string => (token = simulator.issueToken({ user: DEMO_USER_ID, clientId: DEMO_CLIENT_ID }))
const post = (action: string, body?: unknown, id = PRESENCE) =>
  graphCall(simulator, fresh(), 'POST', `${id}/${action}`, body)
const shown = (): string => {
  const { availability, activity } = simulator.presence(DEMO_USER_ID)
  return `${availability}/${activity}`
}

describe('set and clear', () => {
  it('answers 200 with an empty body, then 404 for a session that is gone', async () => {
    const set = await post('setPresence', CALL)
    expect([set.status, set.body]).toEqual([200, ''])
    expect(shown()).toBe('Busy/InACall')
    const first = await post('clearPresence', { sessionId: DEMO_CLIENT_ID })
    expect([first.status, first.body]).toEqual([200, ''])
    expect(shown()).toBe('Offline/Offline')
    const second = await post('clearPresence', { sessionId: DEMO_CLIENT_ID })
    expect([second.status, second.code]).toEqual([404, 'NotFound'])
  })

  it('takes exactly the five pairs', async () => {
    for (const pair of SESSION_PAIRS) {
      expect((await post('setPresence', { sessionId: DEMO_CLIENT_ID, ...pair })).status).toBe(200)
    }
    for (const [availability, activity] of [
      ['Busy', 'Busy'],
      ['Busy', 'InAMeeting'],
      ['Available', 'InACall'],
      ['DoNotDisturb', 'DoNotDisturb'],
      ['BeRightBack', 'BeRightBack'],
      ['Offline', 'OffWork'],
    ]) {
      const answer = await post('setPresence', { sessionId: DEMO_CLIENT_ID, availability, activity })
      expect(answer.status, `${availability}/${activity}`).toBe(400)
    }
  })

  it('keeps one session per user and application, also through /me and /communications', async () => {
    await post('setPresence', CALL)
    await post('setPresence', { ...CALL, activity: 'InAConferenceCall' }, '/me/presence')
    await post('setPresence', CALL, `/communications/presences/${DEMO_USER_ID}`)
    simulator.setSession({ user: DEMO_USER_NAME, clientId: OTHER_CLIENT_ID, ...SESSION_PAIRS[0]! })
    expect(simulator.listSessions().map((s) => [s.clientId, s.activity, s.setBy])).toEqual([
      [DEMO_CLIENT_ID, 'InACall', 'graph'],
      [OTHER_CLIENT_ID, 'Available', 'control'],
    ])
    await post('clearPresence', { sessionId: DEMO_CLIENT_ID }, '/me/presence')
    expect(simulator.listSessions().map((s) => s.clientId)).toEqual([OTHER_CLIENT_ID])
  })

  it("refuses another application's id and leaves its session alone", async () => {
    simulator.setSession({ user: DEMO_USER_ID, clientId: OTHER_CLIENT_ID, ...SESSION_PAIRS[1]! })
    const clear = await post('clearPresence', { sessionId: OTHER_CLIENT_ID })
    expect([clear.status, clear.code]).toEqual([403, 'Forbidden'])
    expect((await post('setPresence', { ...CALL, sessionId: OTHER_CLIENT_ID })).status).toBe(403)
    expect(simulator.listSessions()).toHaveLength(1)
  })
})

describe('expirationDuration', () => {
  it.each([
    ['PT5M', 5],
    ['PT1H', 60],
    ['PT4H', 240],
    ['PT240M', 240],
    [undefined, 5],
  ])('%s lives %d minutes', async (expirationDuration, minutes) => {
    await post('setPresence', {
      ...CALL,
      ...(expirationDuration === undefined ? {} : { expirationDuration }),
    })
    const [session] = simulator.listSessions()
    expect((session?.expiresAt ?? 0) - (session?.setAt ?? 0)).toBe(minutes * MINUTE)
  })

  it.each(['PT4M', 'PT4M59S', 'PT4H1M', 'P1D'])('%s is out of range', async (expirationDuration) => {
    const answer = await post('setPresence', { ...CALL, expirationDuration })
    expect(answer.status).toBe(400)
    expect(answer.json.error).toMatchObject({
      code: 'InvalidArgument',
      message: 'The provided [ExpirationDuration] is out of range.',
    })
  })

  it.each(['5', '', 'PT', 'P', '1H', 'PT1.5H', null, 300])('%j is refused as malformed', async (value) => {
    expect((await post('setPresence', { ...CALL, expirationDuration: value })).status).toBe(400)
    expect(simulator.listSessions()).toEqual([])
  })

  it('reads every part of a duration', () => {
    expect(parseDuration('P1DT2H3M4.5S')).toBe(((24 + 2) * 60 + 3) * MINUTE + 4500)
    expect(parseDuration('P2W')).toBe(14 * 24 * 60 * MINUTE)
  })
})

describe('time', () => {
  it('ends a session at its expiry: Offline, and 404 for its clear', async () => {
    await post('setPresence', { ...CALL, expirationDuration: 'PT10M' })
    simulator.clock.advance(10 * MINUTE - 5000)
    expect(shown()).toBe('Busy/InACall')
    simulator.clock.advance(5000)
    expect(shown()).toBe('Offline/Offline')
    expect((await post('clearPresence', { sessionId: DEMO_CLIENT_ID })).status).toBe(404)
  })

  it('lets Available decay after 5 and 10 minutes, but no other pair', async () => {
    await post('setPresence', {
      sessionId: DEMO_CLIENT_ID,
      availability: 'Available',
      activity: 'Available',
      expirationDuration: 'PT1H',
    })
    expect(shown()).toBe('Available/Available')
    simulator.clock.advance(5 * MINUTE)
    expect(shown()).toBe('Available/AvailableInactive')
    simulator.clock.advance(5 * MINUTE)
    expect(shown()).toBe('Away/Away')
    await post('setPresence', { ...CALL, expirationDuration: 'PT1H' })
    simulator.clock.advance(30 * MINUTE)
    expect(shown()).toBe('Busy/InACall')
  })

  it('starts the decay again when the session is set again', async () => {
    const available = { sessionId: DEMO_CLIENT_ID, availability: 'Available', activity: 'Available' }
    await post('setPresence', available)
    simulator.clock.advance(4 * MINUTE)
    await post('setPresence', available)
    simulator.clock.advance(4 * MINUTE)
    expect(shown()).toBe('Available/Available')
  })
})

describe('precedence', () => {
  it('shows DoNotDisturb before Busy before Available before Away', () => {
    const order = [
      SESSION_PAIRS[3]!,
      SESSION_PAIRS[0]!,
      SESSION_PAIRS[1]!,
      { availability: 'DoNotDisturb', activity: 'Presenting' },
    ]
    for (const [i, pair] of order.entries()) {
      simulator.setSession({ user: DEMO_USER_ID, clientId: `teams-${i}`, ...pair })
      simulator.setSession({ user: DEMO_USER_ID, clientId: 'low', availability: 'Away', activity: 'Away' })
      expect(shown()).toBe(`${pair.availability}/${pair.activity}`)
    }
  })

  it('lets a preferred state beat all sessions, but only while there is one', async () => {
    const preferred = { availability: 'DoNotDisturb', activity: 'DoNotDisturb', expirationDuration: 'PT8H' }
    expect((await post('setUserPreferredPresence', preferred)).status).toBe(200)
    expect(shown()).toBe('Offline/Offline')
    await post('setPresence', CALL)
    expect(shown()).toBe('DoNotDisturb/DoNotDisturb')
    expect((await post('clearUserPreferredPresence', {})).status).toBe(200)
    expect(shown()).toBe('Busy/InACall')
  })

  it('ends a preferred state by itself: after 1 day for Busy, 7 days for Away', async () => {
    const day = 24 * 60 * MINUTE
    for (const [state, days] of [
      ['Busy', 1],
      ['Away', 7],
    ] as const) {
      await post('setUserPreferredPresence', { availability: state, activity: state })
      const { preferred } = simulator.presence(DEMO_USER_ID)
      expect(Math.round(((preferred?.expiresAt ?? 0) - simulator.clock.now()) / day)).toBe(days)
    }
    expect(
      (await post('setUserPreferredPresence', { availability: 'Busy', activity: 'InACall' })).status,
    ).toBe(400)
  })
})

describe('reading', () => {
  it('gives own presence by /me and by id', async () => {
    await post('setPresence', CALL)
    for (const path of ['/me/presence', PRESENCE, `/communications/presences/${DEMO_USER_ID}`]) {
      const answer = await graphCall(simulator, fresh(), 'GET', path)
      expect(answer.json).toMatchObject({ id: DEMO_USER_ID, availability: 'Busy', activity: 'InACall' })
    }
  })

  it("refuses somebody else's without Presence.Read.All", async () => {
    const path = `/users/${OTHER_USER_ID}/presence`
    const refused = await graphCall(simulator, fresh(), 'GET', path)
    expect([refused.status, refused.code]).toEqual([403, 'Authorization_RequestDenied'])
    const all = simulator.issueToken({
      user: DEMO_USER_ID,
      clientId: DEMO_CLIENT_ID,
      scopes: ['Presence.Read.All'],
    })
    expect((await graphCall(simulator, all, 'GET', path)).status).toBe(200)
  })
})

describe('refusals', () => {
  const only = (...scopes: string[]) =>
    simulator.issueToken({ user: DEMO_USER_ID, clientId: DEMO_CLIENT_ID, scopes })

  it('looks at the body before it looks at permissions', async () => {
    const token = only('Presence.Read')
    const empty = await graphCall(simulator, token, 'POST', `${PRESENCE}/clearPresence`, {})
    expect(empty.status).toBe(400)
    expect(empty.json.error).toMatchObject({
      code: 'InvalidArgument',
      message: '[SessionId]: The SessionId field is required.',
    })
    const full = await graphCall(simulator, token, 'POST', `${PRESENCE}/clearPresence`, {
      sessionId: DEMO_CLIENT_ID,
    })
    expect(full.status).toBe(403)
    expect(full.json.error).toMatchObject({ code: 'Forbidden', message: '' })
  })

  it('refuses null, arrays and text that is no JSON as a body', async () => {
    for (const body of ['null', '[]', '{']) {
      expect((await post('clearUserPreferredPresence', body)).status).toBe(400)
    }
    expect((await post('clearUserPreferredPresence')).status).toBe(200)
  })

  it('needs Presence.Read to read', async () => {
    const answer = await graphCall(simulator, only('Presence.ReadWrite'), 'GET', '/me/presence')
    expect(answer.status).toBe(403)
  })

  it("refuses to set somebody else's presence, a UPN, and an id that doesn't exist", async () => {
    const body = { sessionId: DEMO_CLIENT_ID }
    const other = await post('clearPresence', body, `/users/${OTHER_USER_ID}/presence`)
    expect(other.status).toBe(401)
    expect(other.body).toContain('Cannot set the presence of another user')
    for (const id of [DEMO_USER_NAME, 'fa8bf3dc-0000-4000-8000-000000000000']) {
      const answer = await post('clearPresence', body, `/users/${id}/presence`)
      expect([answer.status, answer.code]).toEqual([404, 'Request_ResourceNotFound'])
    }
  })

  it('refuses unknown paths and wrong methods', async () => {
    expect((await graphCall(simulator, fresh(), 'GET', `${PRESENCE}/clearPresence`)).status).toBe(405)
    expect((await post('dance', {})).status).toBe(400)
    expect((await graphCall(simulator, fresh(), 'GET', `/users/${DEMO_USER_ID}`)).status).toBe(400)
  })

  it('validates tokens: none, unknown, another cloud, expired, revoked', async () => {
    const get = (t: string | undefined, host = 'graph.microsoft.com') =>
      graphCall(simulator, t, 'GET', '/me/presence', undefined, { host })
    const answers = [
      await get(undefined),
      await get('made.up.token'),
      await get(fresh(), 'graph.microsoft.us'),
      await get(simulator.issueToken({ user: 'alex@demo-us.example', clientId: DEMO_CLIENT_ID })),
    ]
    simulator.clock.advance(61 * MINUTE)
    answers.push(await get(token))
    const revoked = fresh()
    simulator.revoke(DEMO_USER_NAME)
    answers.push(await get(revoked))
    for (const answer of answers)
      expect([answer.status, answer.code]).toEqual([401, 'InvalidAuthenticationToken'])
    expect(answers[4]?.body).toContain('the token is expired')
    expect((await get(fresh())).status).toBe(200)
  })

  it('has no presence in the China cloud, and none for personal accounts', async () => {
    const cn = simulator.issueToken({
      user: 'alex@demo-cn.example',
      clientId: '5f0c1ea2-0000-4000-8000-c1ea2be5e0c2',
    })
    const china = await graphCall(simulator, cn, 'GET', '/me/presence', undefined, {
      host: 'microsoftgraph.chinacloudapi.cn',
    })
    expect([china.status, china.code]).toEqual([404, 'Request_ResourceNotFound'])
    const home = simulator.issueToken({ user: 'alex@home.example', clientId: DEMO_CLIENT_ID })
    const personal = await graphCall(simulator, home, 'GET', '/me/presence')
    expect([personal.status, personal.code]).toEqual([400, 'AuthenticationError'])
  })

  it('throttles by application and tenant, and lets go after 30 s', async () => {
    const small = await startSimulator({ throttleLimit: 2 })
    try {
      const t = small.issueToken({ user: DEMO_USER_ID, clientId: DEMO_CLIENT_ID })
      const get = () => graphCall(small, t, 'GET', '/me/presence')
      expect([(await get()).status, (await get()).status]).toEqual([200, 200])
      const third = await get()
      expect([third.status, third.code]).toEqual([429, 'TooManyRequests'])
      expect(Number(third.headers['retry-after'])).toBeGreaterThan(0)
      small.clock.advance(31_000)
      expect((await get()).status).toBe(200)
    } finally {
      await small.close()
    }
  })
})

describe('headers', () => {
  it('sends request-id, echoes client-request-id and dates by the simulated clock', async () => {
    const id = '0f0c1ea2-1111-4000-8000-000000000001'
    const answer = await graphCall(simulator, fresh(), 'GET', '/me/presence', undefined, {
      headers: { 'client-request-id': id },
    })
    expect(answer.headers['client-request-id']).toBe(id)
    expect(answer.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/)
    // The clock of this file has been moved by more than an hour by now.
    const date = Date.parse(String(answer.headers['date']))
    expect(Math.abs(date - simulator.clock.now())).toBeLessThan(10_000)
    const refused = await graphCall(simulator, undefined, 'GET', '/me/presence', undefined, {
      headers: { 'client-request-id': id },
    })
    expect(refused.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(refused.json.error).toMatchObject({
      innerError: { 'client-request-id': id, 'request-id': refused.headers['request-id'] },
    })
  })

  it('challenges only clients that declared CP1', async () => {
    const plain = fresh()
    const cp1 = simulator.issueToken({ user: DEMO_USER_ID, clientId: DEMO_CLIENT_ID, handlesClaims: true })
    simulator.claimsChallenge(true)
    expect((await graphCall(simulator, plain, 'GET', '/me/presence')).status).toBe(200)
    const challenged = await graphCall(simulator, cp1, 'GET', '/me/presence')
    expect(challenged.status).toBe(401)
    const header = String(challenged.headers['www-authenticate'])
    const claims = /claims="([^"]+)"/.exec(header)?.[1] ?? ''
    expect(JSON.parse(Buffer.from(claims, 'base64').toString())).toMatchObject({
      access_token: { nbf: { essential: true } },
    })
  })
})
