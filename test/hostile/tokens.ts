/** The surface of the tokens: Entra's answer parses, and every member of it may be of the wrong type, size or person. */
import {
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  signInAsBrowser,
  type Simulator,
} from '../simulator/index.ts'
import { startEntra, startSigning } from './signing.ts'
import { createRandom, randomJson } from './random.ts'
import { createCounter, type Counter, type Surface, type Verdict } from './tally.ts'

const MONTH_MS = 31 * 86_400_000
/** More refreshes than this right after a sign-in are a loop. */
const MOST_REQUESTS = 3

type Body = Record<string, unknown>

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown): string => `${b64({ alg: 'RS256', typ: 'JWT' })}.${b64(claims)}.c2lnbmF0dXJl`
const seconds = (): number => Math.floor(Date.now() / 1000)

/** The claims of the demo user's id token. */
function claimsOf(changes: object = {}): object {
  return {
    ver: '2.0',
    iss: `https://login.microsoftonline.com/${DEMO_TENANT_ID}/v2.0`,
    aud: DEMO_CLIENT_ID,
    sub: 'subject',
    oid: DEMO_USER_ID,
    tid: DEMO_TENANT_ID,
    preferred_username: 'alex@demo.example',
    name: 'Alex Demo',
    iat: seconds(),
    nbf: seconds(),
    exp: seconds() + 3600,
    ...changes,
  }
}

/** A good answer of the token endpoint (OAuth 2.0, section 5.1), with one thing changed. */
function bodyOf(changes: Body = {}): Body {
  return {
    token_type: 'Bearer',
    scope:
      'https://graph.microsoft.com/Presence.Read https://graph.microsoft.com/Presence.ReadWrite openid profile',
    expires_in: 3600,
    ext_expires_in: 3600,
    access_token: 'hostile-access-token',
    refresh_token: 'hostile-refresh-token',
    id_token: jwt(claimsOf()),
    client_info: b64({ uid: DEMO_USER_ID, utid: DEMO_TENANT_ID }),
    ...changes,
  }
}

interface TokenLie {
  readonly name: string
  readonly body: unknown
  /** Whether the sign-in must fail; null when either is right, as long as what comes of it is sound. */
  readonly mustFail: boolean | null
}

function tokenLies(): readonly TokenLie[] {
  const lie = (name: string, changes: Body, mustFail: boolean | null = true): TokenLie => ({
    name,
    body: bodyOf(changes),
    mustFail,
  })
  const claims = (name: string, changes: object, mustFail: boolean | null = true): TokenLie =>
    lie(name, { id_token: jwt(claimsOf(changes)) }, mustFail)
  return [
    lie('a good answer', {}, false),
    ...['', 5, null, {}, [], true].map((value) =>
      lie(`access_token ${JSON.stringify(value)}`, { access_token: value }),
    ),
    lie('no access_token', { access_token: undefined }),
    lie('an access token with a line break', { access_token: 'a\r\nX-Injected: 1' }),
    lie('an access token with a blank', { access_token: 'a b' }),
    lie('an access token with a null byte', { access_token: 'a\0b' }),
    lie('an access token in Greek', { access_token: 'αβγ' }),
    lie('an access token of 900 KB', { access_token: 'a'.repeat(900_000) }),
    ...[0, -1, 'abc', '', null, {}, [], 1e308, '1e308', 'Infinity', 9e15].map((value) =>
      lie(`expires_in ${JSON.stringify(value)}`, { expires_in: value }),
    ),
    lie('expires_in as text', { expires_in: '3600' }, false),
    lie('expires_in of a fraction', { expires_in: 0.001 }, null),
    ...[-1, 0, 1e308, 'x', {}, null].flatMap((value) => [
      lie(`ext_expires_in ${JSON.stringify(value)}`, { ext_expires_in: value }, null),
      lie(`refresh_in ${JSON.stringify(value)}`, { refresh_in: value }, null),
    ]),
    ...[5, {}, [], '', 'a\r\nb', null].map((value) =>
      lie(`refresh_token ${JSON.stringify(value)}`, { refresh_token: value }, null),
    ),
    ...['', 'x', 'a.b.c', 5, {}, null, `${b64({})}.${'['.repeat(50_000)}.x`].map((value) =>
      lie(`id_token ${JSON.stringify(value).slice(0, 30)}`, { id_token: value }),
    ),
    lie('an id token that is null', { id_token: jwt(null) }),
    lie('an id token that is a list', { id_token: jwt([]) }, null),
    ...[
      '',
      'x',
      5,
      {},
      b64(null),
      b64({}),
      b64({ uid: {}, utid: [] }),
      b64({ uid: 'x'.repeat(5_000), utid: 'y' }),
    ].map((value) => lie(`client_info ${JSON.stringify(value).slice(0, 40)}`, { client_info: value }, null)),
    ...['x', '../../x', '__proto__', 5, {}, ['a'], 'x'.repeat(5_000)].map((value) =>
      claims(`oid ${JSON.stringify(value).slice(0, 30)}`, { oid: value }, null),
    ),
    ...['x', '../../x', 5, {}].map((value) => claims(`tid ${JSON.stringify(value)}`, { tid: value }, null)),
    claims('a name of 50 KB', { name: 'x'.repeat(50_000) }, null),
    claims('a name with line breaks', { name: 'x\r\ny\u202Ez' }, null),
    claims('a user name of 50 KB', { preferred_username: 'x'.repeat(50_000) }, null),
    claims('a user name that is a list', { preferred_username: [] }, null),
    lie('a token type nobody asked for', { token_type: 'pop' }, null),
    lie('a token type that is a number', { token_type: 5 }, null),
    ...[5, [], {}, '', 'x'.repeat(50_000)].map((value) =>
      lie(`scope ${JSON.stringify(value).slice(0, 30)}`, { scope: value }, null),
    ),
    lie('__proto__ inside', { ...(JSON.parse('{"__proto__":{"access_token":"x"}}') as Body) }, null),
    { name: 'null', body: null, mustFail: true },
    { name: 'a list', body: [bodyOf()], mustFail: true },
    { name: 'a text', body: JSON.stringify(JSON.stringify(bodyOf())), mustFail: true },
    { name: 'an error with status 200', body: { error: 'invalid_grant' }, mustFail: true },
    { name: 'an error that is an object, with status 200', body: { ...bodyOf(), error: {} }, mustFail: true },
    { name: 'an empty object', body: {}, mustFail: true },
    { name: 'deep', body: '{"a":'.repeat(50_000), mustFail: true },
  ]
}

/** Signs in once for every lie, and once more for each that is random. */
export const attackTokens: Surface = async ({ seed, long }) => {
  const counter = createCounter('members of the token answer')
  const random = createRandom(seed)
  const names = Object.keys(bodyOf())
  const changed = Array.from({ length: long ? 300 : 0 }, (_, n): TokenLie => {
    const name = random.pick(names)
    const value = randomJson(random, 3)
    return {
      name: `random ${n}: ${name} ${JSON.stringify(value)}`,
      body: bodyOf({ [name]: value }),
      mustFail: null,
    }
  })
  const all = [...tokenLies(), ...changed]
  // In the short form those that once got through, and every fourth of the others.
  const known = /good|line break|"1e308"|oid "x"|a name of 50 KB/
  const simulator = await startEntra()
  try {
    for (const [n, lie] of all.entries())
      if (long || n % 12 === seed % 12 || known.test(lie.name)) counter.count(await tell(lie, simulator))
    for (const [name, changes] of codeLies()) await tellCode(name, changes, simulator, counter)
  } finally {
    await simulator.close()
  }
  return counter.tally()
}

async function tell({ name, body, mustFail }: TokenLie, simulator: Simulator): Promise<Verdict> {
  simulator.removeAllFaults()
  simulator.clearJournal()
  await using signing = await startSigning(simulator)
  simulator.inject({
    match: { path: 'token' },
    fault: { type: 'status', status: 200, body },
    times: 'until-removed',
  })
  const browser = signing.browser()
  const ending = signing.part.signIn.start('browser')
  const page = browser.then((url) => signInAsBrowser(simulator, url))
  const result = await ending
  await page
  if (result.type === 'failed') {
    if (mustFail === false)
      return { failed: `${name}: ${result.problem.code} ${result.problem.detail ?? ''}` }
    return 'refused'
  }
  if (mustFail === true) return { failed: `${name}: signed in` }
  const { accessToken, expiresAt } = result.token
  const { userId, tenantId, homeAccountId, username, name: shown } = result.identity
  const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
  const ahead = expiresAt - Date.now()
  const unsound = [
    [typeof accessToken === 'string' && /^[\x21-\x7e]+$/.test(accessToken), 'access token'],
    [Number.isFinite(expiresAt) && ahead > -60_000 && ahead < MONTH_MS, `expiry ${expiresAt}`],
    [guid.test(userId) && guid.test(tenantId), 'user or tenant id'],
    [typeof homeAccountId === 'string' && homeAccountId.length <= 256, 'home account id'],
    [typeof username === 'string' && username.length <= 1024, 'user name'],
    [typeof shown === 'string' && shown.length <= 1024, 'name'],
  ].flatMap(([sound, what]) => (sound === true ? [] : [String(what)]))
  if (unsound.length > 0) return { failed: `${name}: unsound ${unsound.join()}` }
  await new Promise((resolve) => setTimeout(resolve, 100))
  const requests = simulator.journal().filter(({ path }) => path.endsWith('/token')).length
  if (requests > MOST_REQUESTS) return { failed: `${name}: ${requests} requests in a moment` }
  const leaked = signing.log.find((line) => /hostile-(access|refresh)-token/.test(line))
  if (leaked !== undefined) return { failed: `${name}: logged ${leaked}` }
  return 'survived'
}

/** Lies about a device code, whose interval and end become timers, and whose texts are shown. */
function codeLies(): readonly (readonly [string, Body])[] {
  return [
    ['an interval of 1e308', { interval: 1e308 }],
    ['a negative interval', { interval: -1 }],
    ['an interval that is a list', { interval: [0] }],
    ['a life of 1e308', { expires_in: 1e308 }],
    ['a life that is a text', { expires_in: 'soon' }],
    ['a user code of 900 KB', { user_code: 'A'.repeat(900_000) }],
    ['a user code that is an object', { user_code: {} }],
    ['no page', { verification_uri: undefined }],
  ]
}

async function tellCode(name: string, changes: Body, simulator: Simulator, counter: Counter): Promise<void> {
  simulator.removeAllFaults()
  await using signing = await startSigning(simulator)
  const good = {
    user_code: 'ABCD1234',
    device_code: 'hostile-device-code',
    verification_uri: 'https://microsoft.com/devicelogin',
    expires_in: 900,
    interval: 5,
    message: 'Go there',
  }
  const fault = { type: 'status', status: 200, body: { ...good, ...changes } } as const
  simulator.inject({ match: { path: 'devicecode' }, fault, times: 'until-removed' })
  const result = await signing.part.signIn.start('device-code')
  const code = result.type === 'failed' ? result.problem.code : 'signed in'
  counter.expectProblem(`device code, ${name}`, code, ['unexpected-answer'])
}
