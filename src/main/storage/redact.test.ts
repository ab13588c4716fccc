import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isSecretName, redact } from './redact.ts'

const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** As Entra writes them, with made-up content. */
const JWT = [
  b64({ typ: 'JWT', alg: 'RS256', kid: 'Xy12' }),
  b64({
    aud: 'https://graph.microsoft.com',
    oid: '0f7d',
    upn: 'megan@contoso.com',
    scp: 'Presence.ReadWrite',
  }),
  'Q9sK2v_8hJd-1mZpWb0aRtYuIoPlKjHgFdSaZxCvBnM7654321qwertyuiop',
].join('.')
const REFRESH =
  '1.AXoAsomeLettersAnd123-_xYz.AgABAwEAAAApTwJmzXqdR4BN2miheQMYAgDs_wUA9P8MORE-andMore_456.x1Y2'
const AUTH_CODE = '1.AXoA_c0deLooksLikeThis-Zz9.AgABBAIAAADnfolhJpSnRYB1SVj-Hgd8AgDs_wUA9P-abcDEF123'
const PERSONAL_CODE = 'M.C5_BAY.2.U.Abc123-def!456*ghi$'
const CLIENT_INFO = b64({
  uid: 'fa8bf3dc-eca7-46b7-bad1-db199b62afc3',
  utid: '5f0c1ea2-0000-4000-8000-c1ea2be5e000',
})
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const BASE64 = Buffer.from(Array.from({ length: 96 }, (_, i) => (i * 73 + 41) % 256)).toString('base64')
const HEX = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

const SECRETS = { JWT, REFRESH, AUTH_CODE, PERSONAL_CODE, CLIENT_INFO, VERIFIER, BASE64, HEX }

/** Whether any `length` characters of the secret in a row are still there. */
function leaks(secret: string, text: string, length = 12): boolean {
  for (let i = 0; i + length <= secret.length; i++)
    if (text.includes(secret.slice(i, i + length))) return true
  return false
}

const PLACES: Record<string, (secret: string) => string> = {
  alone: (s) => s,
  'in a sentence': (s) => `request failed with ${s}, giving up`,
  'in brackets': (s) => `(${s})[${s}]{${s}}<${s}>"${s}"'${s}'`,
  'as a bearer': (s) => `Authorization: Bearer ${s}`,
  'in a query': (s) =>
    `GET https://login.microsoftonline.com/x/oauth2/v2.0/authorize?a=b&code=${s}&state=1 failed`,
  'in a fragment': (s) => `http://localhost:4711/#code=${s}&session_state=2`,
  'in a form': (s) => `grant_type=refresh_token&refresh_token=${s}&client_id=7`,
  'in JSON': (s) => `{"token_type":"Bearer","access_token":"${s}","expires_in":3599}`,
  'in JSON inside JSON': (s) => JSON.stringify({ body: JSON.stringify({ refresh_token: s }) }),
  'URL encoded': (s) => encodeURIComponent(`https://x/?code=${s}`),
  'after a colon': (s) => `client_info: ${s}`,
  'over two lines': (s) => `first\n${s}\nlast`,
  cut: (s) => s.slice(0, Math.max(40, Math.floor(s.length / 2))),
}

describe.each(Object.entries(SECRETS))('%s', (_name, secret) => {
  it.each(Object.entries(PLACES))('goes %s', (_place, put) => {
    const text = redact(put(secret))
    expect(leaks(secret, text), text).toBe(false)
    expect(text.length, 'something stands in its place').toBeGreaterThan(0)
  })
})

it('finds random text of every make, by far more often than not', () => {
  let missed = 0
  for (let n = 0; n < 2000; n++) {
    for (const bytes of [24, 32, 48, 300]) {
      const random = randomBytes(bytes)
      for (const secret of [
        random.toString('base64'),
        random.toString('base64url'),
        random.toString('hex'),
      ]) {
        if (leaks(secret, redact(`failed with ${secret} here`))) missed += 1
      }
    }
  }
  // 24,000 texts; a few of the shortest can't be told from words.
  expect(missed).toBeLessThan(24)
})

it('the test would notice a secret that stays', () => {
  expect(leaks(JWT, `x ${JWT.slice(30, 50)} y`)).toBe(true)
})

describe('short secrets', () => {
  it.each([
    ['password=hunter2', 'hunter2'],
    ['user_code: ABCD1234', 'ABCD1234'],
    ['?code=abc123', 'abc123'],
    ['&code=abc123', 'abc123'],
    ['"device_code":"d-17"', 'd-17'],
    ['Proxy-Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['http://meg:pa55@proxy.example:8080 refused', 'pa55'],
    ['Negotiate YIIJvwYGKwYBBQUC', 'YIIJvwYGKwYBBQUC'],
    [
      'WWW-Authenticate: Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="',
      'eyJh',
    ],
  ])('%s', (text, secret) => {
    expect(redact(text)).not.toContain(secret)
  })
})

describe('people', () => {
  it.each([
    ['megan.bowen@contoso.com', 'm…@contoso.com'],
    ['user megan@contoso.com signed in', 'user m…@contoso.com signed in'],
    ['login_hint%3Dx megan%40contoso.com', 'm…%40contoso.com'],
    ['megan_fabrikam.com#EXT#@contoso.onmicrosoft.com', 'm…@contoso.onmicrosoft.com'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toContain(expected)
    expect(redact(text)).not.toContain('egan')
  })
})

describe('what an administrator needs stays', () => {
  it.each([
    'cleared',
    'request-id 4d4a9e2b-3c5f-4f0e-9d7a-0a1b2c3d4e5f',
    'POST https://graph.microsoft.com/v1.0/users/fa8bf3dc-eca7-46b7-bad1-db199b62afc3/presence/clearPresence',
    'code=ECONNRESET',
    'code: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'error code: AADSTS50058: session not found',
    'status code 429',
    'code=407',
    'Request_ResourceNotFound',
    '/home/user/.config/Clear Presence/registry.json.corrupt-20261124T080000Z',
    '/opt/Clear-Presence/resources/app/out/main/index.js:120:17',
    'C:\\Program Files\\Clear Presence\\resources\\app.asar',
    'acquireTokenSilentWithForcedRefreshAndClaims',
    'socket hang up after 1234567890123 ms',
    'what happened? nothing',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text)
  })
})

/** What may repeat in a hostile text: the beginnings of what the patterns look for, without their ends. */
const UNITS = [
  ...['?', '#', '?a', '%3F', '%3Fa', '%253F', '%25', '25', '%', 'a%40', 'a@', 'a@a.', '@', '.', ':'],
  ...['eyJ', '_eyJ', 'eyJ.', 'a', 'A1', 'a/', 'Ab1/', '0.A', '0.Aaaaaaaaaaaa.', 'M.C5_', 'M.C5_aaaaaaaaaa.'],
  ...['code', 'code=', 'code= ', 'code%3D', 'code%25', '"code":', 'code=.', 'state%2525', '\\', '\\"'],
  ...['Bearer ', 'Bearer a', 'Basic  ', 'password=Bearer ', 'https://', 'https://x', 'a://', 'x:', ' ', '\n'],
]

/**
 * ms of this thread's processor time that the text takes; nothing is cut. Other programs don't count in it, but some systems
 * move that clock in steps of milliseconds, so it is the average of some runs and not the fastest.
 */
function timeOf(text: string): number {
  const runs = 4
  redact(text, Infinity) // Compiles the patterns.
  const began = process.threadCpuUsage()
  for (let n = 0; n < runs; n++) redact(text, Infinity)
  const { user, system } = process.threadCpuUsage(began)
  return (user + system) / 1000 / runs
}

describe('takes time that grows with the length only', () => {
  const texts = UNITS.flatMap((unit) => [
    [unit, (length: number) => unit.repeat(length / unit.length)] as const,
    ...['%', 'code='].map(
      (first) =>
        [
          `${first} and ${unit}`,
          (length: number) => first + unit.repeat(length / unit.length) + '\u00e9',
        ] as const,
    ),
  ])
  it.each(texts)('%j', (_name, make) => {
    const [short, long] = [make(4000), make(16_000)].map(timeOf)
    // Four times the length; what takes no time to speak of is all noise.
    expect(long).toBeLessThan(8 * Math.max(short ?? 0, 2))
  })
})

it('is bounded in time and size', () => {
  const began = performance.now()
  for (const unit of UNITS) expect(redact(unit.repeat(500_000)).length).toBeLessThan(20_000)
  expect(performance.now() - began).toBeLessThan(5000)
})

describe('a cut', () => {
  const LIMIT = 2000
  const WHOLE: Record<string, readonly [text: string, secret: string]> = {
    ...Object.fromEntries(
      Object.entries(SECRETS).flatMap(([name, secret]) => [
        [name, [`with ${secret} in it`, secret]],
        [`${name} in a query`, [`at https://x.example/a?code=${secret}&state=1 there`, secret]],
        [`${name} as a bearer`, [`Authorization: Bearer ${secret}`, secret]],
      ]),
    ),
    'a password': ['said password=hunter2hunter2 to it', 'hunter2hunter2'],
    'a password of a proxy': ['at http://megan:pa55w0rd@proxy.example:8080 refused', 'pa55w0rd'],
    'a password that looks like a port': ['at http://megan:12345678@proxy.example:8080 refused', '12345678'],
    'a query': ['at https://x.example/some/path?whoever-asked&a=b there', 'whoever-asked'],
    'an address': ['for megan.bowen@contoso.com there', 'megan.bowen'],
    'an address, encoded': ['for megan.bowen%40contoso.com there', 'megan.bowen'],
  }

  it.each(Object.entries(WHOLE))('anywhere in %s leaves nothing of it', (_name, [text, secret]) => {
    for (let at = 0; at <= text.length; at++) {
      const left = redact('x y '.repeat(LIMIT / 4).slice(at) + text)
      expect(leaks(secret, left, 4), `cut at ${at}: ${left.slice(-200)}`).toBe(false)
    }
  })

  it('would be seen to leave something', () => {
    expect(redact('x y '.repeat(400) + 'for hunter2 there')).toContain('hunter2')
  })

  it('keeps what stands before the run that it cuts, and where an address leads', () => {
    const before = 'x y '.repeat(495)
    expect(redact(`${before}some words and more of them`)).toBe(`${before}some words and more …`)
    expect(redact(`${before}12345678901234567890`)).toBe(`${before}12345678901234567890`)
    expect(redact(`${before}12345678901234567890 z`)).toBe(`${before}12345678901234567890…`)
    expect(redact(`${before}123456789012345678901`)).toBe(`${before}…`)
    const long = 'a'.repeat(5000)
    expect(redact(`https://evil.example:8443/${long}`)).toBe('https://evil.example:8443/…')
    expect(redact(`clear-presence://app/${long}`)).toBe('clear-presence://app/…')
    expect(redact(`https://megan:12345/${long}`)).toBe('https://megan:12345/…')
    expect(redact(`https://megan:pass@${long}`)).toBe('…')
    expect(redact(long)).toBe('…')
  })
})

it('redacting twice changes nothing more', () => {
  for (const put of Object.values(PLACES)) expect(redact(redact(put(JWT)))).toBe(redact(put(JWT)))
})

it('knows the names under which every text is a secret', () => {
  for (const name of [
    'accessToken',
    'refresh_token',
    'clientInfo',
    'Authorization',
    'codeVerifier',
    'userCode',
  ]) {
    expect(isSecretName(name), name).toBe(true)
  }
  for (const name of ['code', 'requestId', 'status', 'clientId', 'detail'])
    expect(isSecretName(name), name).toBe(false)
})
