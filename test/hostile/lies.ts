/** What an answer can lie about, in raw bytes; the same lies are told by Graph and by Entra. */
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import { flood, hold, say, type Lie } from './liar.ts'
import { type Random, randomText } from './random.ts'

/** One lie. */
export interface RawLie {
  readonly name: string
  readonly lie: Lie
  /** What a write may be judged as; anything that isn't among them is a failure. */
  readonly graph: readonly string[]
  /** It says no more, or says nothing for ever: given up by the deadline. Entra's side takes 30 s for that. */
  readonly slow?: boolean
  /** It never ends; where the end is waited for, the limit of size or the deadline comes first. */
  readonly endless?: boolean
  /** One of many of a kind: left out of the short form. */
  readonly longOnly?: boolean
}

const ID = 'request-id: 11111111-2222-4333-8444-555555555555\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'

/** An answer with a true length. */
export function answer(status: number | string, headers: string, body: string | Uint8Array = ''): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} Lie\r\n${headers}Content-Length: ${bytes.length}\r\n\r\n`, 'latin1'),
    bytes,
  ])
}

const unfinished = (status: number, headers: string, body = ''): string =>
  `HTTP/1.1 ${status} Lie\r\n${headers}\r\n${body}`

const MB = 1024 * 1024
const bomb = gzipSync(Buffer.alloc(64 * MB))
const deepJson = '['.repeat(60_000)
const b64 = (text: string): string => Buffer.from(text).toString('base64')
const challenge = (value: string): Buffer =>
  answer(401, `${ID}${JSON_TYPE}WWW-Authenticate: ${value}\r\n`, '{}')
const bearer = (claims: string): string => `Bearer realm="", error="insufficient_claims", claims="${claims}"`

const PENDING = ['pending'] as const
const TOKEN = ['token-refused'] as const

/** The lies written by hand. */
export function rawLies(): readonly RawLie[] {
  return [...lengths(), ...bodies(), ...protocol(), ...redirects(), ...headers()]
}

function lengths(): readonly RawLie[] {
  const chunked = `${ID}Transfer-Encoding: chunked\r\n`
  return [
    {
      name: 'a 404 shorter than its length',
      lie: say(unfinished(404, `${ID}Content-Length: 500\r\n`, '{}')),
      graph: PENDING,
    },
    {
      name: 'a 404 longer than its length',
      lie: say(
        unfinished(404, `${ID}Content-Length: 2\r\n`, '{}{"error":{"code":"Request_ResourceNotFound"}}'),
      ),
      graph: ['nothing-to-clear', 'pending'],
    },
    {
      name: 'two lengths',
      lie: say(unfinished(404, `${ID}Content-Length: 2\r\nContent-Length: 3\r\n`, '{}x')),
      graph: PENDING,
    },
    { name: 'a negative length', lie: say(unfinished(404, `${ID}Content-Length: -1\r\n`)), graph: PENDING },
    { name: 'a length of 1e9', lie: say(unfinished(404, `${ID}Content-Length: 1e9\r\n`)), graph: PENDING },
    {
      name: 'a length beyond all numbers',
      lie: say(unfinished(404, `${ID}Content-Length: ${'9'.repeat(40)}\r\n`)),
      graph: PENDING,
    },
    {
      name: 'a length and chunks',
      lie: say(unfinished(404, `${chunked}Content-Length: 2\r\n`, '0\r\n\r\n')),
      graph: ['pending', 'nothing-to-clear'],
    },
    { name: 'a chunk without a size', lie: say(unfinished(404, chunked, 'zz\r\n{}\r\n')), graph: PENDING },
    {
      name: 'a chunk of an endless size',
      lie: say(unfinished(404, chunked, `${'f'.repeat(30)}\r\n{}\r\n`)),
      graph: PENDING,
    },
    { name: 'chunks that break off', lie: say(unfinished(404, chunked, '5\r\n{"er')), graph: PENDING },
    {
      name: 'a chunk extension without end',
      lie: flood(unfinished(404, chunked, '5;'), 'x'.repeat(16_384)),
      graph: PENDING,
      endless: true,
    },
    {
      name: 'a transfer encoding nobody knows',
      lie: say(unfinished(404, `${ID}Transfer-Encoding: zz\r\n`, 'x')),
      graph: ['pending', 'nothing-to-clear'],
    },
    {
      name: 'a body without end',
      lie: flood(unfinished(404, ID), 'x'.repeat(16_384)),
      graph: ['nothing-to-clear', 'pending'],
      endless: true,
    },
    {
      name: 'an error without end',
      lie: flood(unfinished(500, ID), 'x'.repeat(16_384)),
      graph: PENDING,
      endless: true,
    },
    {
      name: 'a success without end',
      lie: flood(unfinished(200, `${ID}${JSON_TYPE}`), 'x'.repeat(16_384)),
      graph: ['done'],
      endless: true,
    },
    {
      name: 'a 404 that never goes on',
      lie: hold(unfinished(404, `${ID}Content-Length: 9\r\n`)),
      graph: PENDING,
      slow: true,
    },
    { name: 'half a head', lie: hold('HTTP/1.1 404 Not Fo'), graph: PENDING, slow: true },
  ]
}

function bodies(): readonly RawLie[] {
  const zipped = (encoding: string, body: Uint8Array, status = 404): Buffer =>
    answer(status, `${ID}${JSON_TYPE}Content-Encoding: ${encoding}\r\n`, body)
  const many = Array.from({ length: 6 }).reduce<Buffer>(
    (inner) => gzipSync(inner),
    gzipSync(Buffer.from('{}')),
  )
  return [
    { name: 'a gzip bomb of 64 MB', lie: say(zipped('gzip', bomb)), graph: ['nothing-to-clear', 'pending'] },
    { name: 'a gzip bomb in a success', lie: say(zipped('gzip', bomb, 200)), graph: ['done'] },
    { name: 'gzip that is none', lie: say(zipped('gzip', Buffer.from('plain'))), graph: PENDING },
    {
      name: 'gzip cut off',
      lie: say(zipped('gzip', bomb.subarray(0, 30))),
      graph: ['pending', 'nothing-to-clear'],
    },
    {
      name: 'gzip in gzip',
      lie: say(zipped('gzip, gzip, gzip, gzip, gzip, gzip, gzip', many)),
      graph: ['nothing-to-clear', 'pending'],
    },
    {
      name: 'a brotli bomb',
      lie: say(zipped('br', brotliCompressSync(Buffer.alloc(16 * MB)))),
      graph: ['nothing-to-clear', 'pending'],
    },
    {
      name: 'deflate without a head',
      lie: say(zipped('deflate', deflateRawSync('{}'))),
      graph: ['nothing-to-clear', 'pending'],
    },
    {
      name: 'an encoding nobody knows',
      lie: say(zipped('zz', Buffer.from('{}'))),
      graph: ['nothing-to-clear', 'pending'],
    },
    {
      name: 'a page',
      lie: say(answer(200, 'Content-Type: text/html\r\n', '<script>alert(1)</script>')),
      graph: PENDING,
    },
    {
      name: 'a page as 404',
      lie: say(answer(404, 'Content-Type: text/html\r\n', '<h1>no</h1>')),
      graph: PENDING,
    },
    { name: 'JSON deep', lie: say(answer(404, `${ID}${JSON_TYPE}`, deepJson)), graph: ['nothing-to-clear'] },
    {
      name: 'JSON deep and closed',
      lie: say(answer(404, `${ID}${JSON_TYPE}`, `${deepJson.slice(0, 30_000)}${']'.repeat(30_000)}`)),
      graph: ['nothing-to-clear'],
    },
    { name: 'null', lie: say(answer(404, `${ID}${JSON_TYPE}`, 'null')), graph: ['nothing-to-clear'] },
    { name: 'a list', lie: say(answer(404, `${ID}${JSON_TYPE}`, '[]')), graph: ['nothing-to-clear'] },
    {
      name: 'a code that is a number',
      lie: say(answer(404, `${ID}${JSON_TYPE}`, '{"error":{"code":1e999}}')),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'a code that is an object',
      lie: say(answer(404, `${ID}${JSON_TYPE}`, '{"error":{"code":{}}}')),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'a code in __proto__',
      lie: say(
        answer(404, `${ID}${JSON_TYPE}`, '{"__proto__":{"error":{"code":"Request_ResourceNotFound"}}}'),
      ),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'a code of 50 KB',
      lie: say(answer(400, `${ID}${JSON_TYPE}`, JSON.stringify({ error: { code: 'x'.repeat(50_000) } }))),
      graph: ['refused'],
    },
    {
      name: 'UTF-16',
      lie: say(answer(404, `${ID}${JSON_TYPE}`, Buffer.from('\uFEFF{}', 'utf16le'))),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'a 204 with a body',
      lie: say(unfinished(204, `${ID}Content-Length: 2\r\n`, '{}')),
      graph: ['done'],
    },
    { name: 'a success without a request-id', lie: say(answer(200, JSON_TYPE, '{}')), graph: PENDING },
    {
      name: 'a success with an empty request-id',
      lie: say(answer(200, `request-id: \r\n${JSON_TYPE}`, '{}')),
      graph: PENDING,
    },
    { name: '304', lie: say(unfinished(304, ID)), graph: PENDING },
  ]
}

function protocol(): readonly RawLie[] {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'
  return [
    { name: 'nothing', lie: ({ socket }) => socket.destroy(), graph: PENDING },
    { name: 'an end without a word', lie: say(''), graph: PENDING },
    { name: 'HTTP/0.9', lie: say('<html>hello</html>'), graph: PENDING },
    { name: 'HTTP/3.0', lie: say(`HTTP/3.0 200 OK\r\n${ID}\r\n`), graph: [...PENDING, 'done'] },
    { name: 'HTTP/2 by surprise', lie: say(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])), graph: PENDING },
    { name: 'an SSH server', lie: say('SSH-2.0-OpenSSH_9.9\r\n'), graph: PENDING },
    { name: 'no HTTP, without end', lie: flood('', 'A'.repeat(16_384)), graph: PENDING, endless: true },
    { name: 'status 0', lie: say(answer(0, ID)), graph: PENDING },
    { name: 'status 99', lie: say(answer(99, ID)), graph: PENDING },
    { name: 'status 1000', lie: say(answer(1000, ID)), graph: PENDING },
    { name: 'status 20', lie: say(answer('20', ID)), graph: PENDING },
    { name: 'status -200', lie: say(answer('-200', ID)), graph: PENDING },
    { name: 'status 600', lie: say(answer(600, ID)), graph: PENDING },
    { name: 'status 299', lie: say(answer(299, ID)), graph: ['done'] },
    {
      name: 'a switch to another protocol',
      lie: say(unfinished(101, `${ID}Upgrade: websocket\r\nConnection: Upgrade\r\n`)),
      graph: PENDING,
      slow: true,
    },
    { name: '1xx without end', lie: flood('', early), graph: PENDING, slow: true, endless: true },
    {
      name: 'a thousand 1xx and then an answer',
      lie: say(Buffer.concat([Buffer.from(early.repeat(1_000)), answer(404, ID, '{}')])),
      graph: ['nothing-to-clear', 'pending'],
    },
    {
      name: 'two answers',
      lie: say(Buffer.concat([answer(404, ID, '{}'), answer(200, ID, '{}')])),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'headers without end',
      lie: flood('HTTP/1.1 404 Lie\r\n', 'X-A: b\r\n'.repeat(100)),
      graph: PENDING,
      endless: true,
    },
    { name: 'a header of 1 MB', lie: say(answer(404, `${ID}X-A: ${'b'.repeat(MB)}\r\n`)), graph: PENDING },
    { name: 'a header without a name', lie: say(answer(404, `${ID}: x\r\n`)), graph: PENDING },
    { name: 'a header with a null byte', lie: say(answer(404, `${ID}X-A: a\0b\r\n`)), graph: PENDING },
    {
      name: 'a trailer',
      lie: say(
        unfinished(
          404,
          `${ID}Transfer-Encoding: chunked\r\nTrailer: request-id\r\n`,
          '0\r\nrequest-id: x\r\n\r\n',
        ),
      ),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'a request-id only in the trailer',
      lie: say(
        unfinished(
          200,
          'Transfer-Encoding: chunked\r\nTrailer: request-id\r\n',
          '0\r\nrequest-id: x\r\n\r\n',
        ),
      ),
      graph: PENDING,
    },
  ]
}

function redirects(): readonly RawLie[] {
  const targets = [
    'https://evil.example/',
    'http://evil.example/',
    '//evil.example/',
    '/lie-0/',
    'https://graph.microsoft.com@evil.example/',
    'javascript:alert(1)',
    '\\\\evil.example\\x',
  ]
  return [301, 302, 303, 307, 308].flatMap((status) =>
    targets.map((target) => ({
      name: `${status} to ${target}`,
      lie: say(answer(status, `${ID}Location: ${target}\r\nRefresh: 0;url=https://evil.example/\r\n`)),
      graph: PENDING,
      longOnly: status !== 301 && (status !== 307 || target !== targets[0]),
    })),
  )
}

function headers(): readonly RawLie[] {
  const retry = [
    '-1',
    'NaN',
    '1e308',
    '9'.repeat(400),
    'Infinity',
    '0x10',
    '1,2',
    '',
    ' ',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'yesterday',
    '1.5.5',
  ]
  const dates = [
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'x',
    '1e999',
    '+275760-09-13T00:00:00Z',
  ]
  const claims = [
    '',
    'x',
    '!!!!',
    b64('null'),
    b64('[]'),
    b64('{'),
    b64(`${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`),
    'a'.repeat(15_000),
    '{"a":1',
    b64('{"__proto__":{}}'),
  ]
  return [
    ...retry.map((value) => ({
      name: `Retry-After: ${value.slice(0, 40)}`,
      lie: say(answer(503, `${ID}Retry-After: ${value}\r\n`, '{}')),
      graph: PENDING,
    })),
    ...dates.map((value) => ({
      name: `Date: ${value}`,
      lie: say(answer(503, `${ID}Date: ${value}\r\n`, '{}')),
      graph: PENDING,
    })),
    ...claims.map((value) => ({
      name: `claims ${value.slice(0, 20)} (${value.length})`,
      lie: say(challenge(bearer(value))),
      graph: TOKEN,
    })),
    { name: 'a challenge of 15 KB of one letter', lie: say(challenge('a'.repeat(15_000))), graph: TOKEN },
    { name: 'a challenge of quotes', lie: say(challenge('claims="'.repeat(1_800))), graph: TOKEN },
    {
      name: 'a challenge for a password',
      lie: say(challenge('Basic realm="Enter your password"')),
      graph: TOKEN,
    },
    {
      name: 'a request-id that is folded',
      lie: say(answer(404, 'request-id: a\r\n b: c\r\n')),
      graph: ['pending', 'nothing-to-clear'],
    },
    {
      name: 'a request-id of 10 KB',
      lie: say(answer(404, `request-id: ${'x'.repeat(10_000)}\r\n`)),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'a request-id in Latin-1',
      lie: say(answer(404, 'request-id: \xe9\xff\r\n')),
      graph: ['nothing-to-clear', 'pending'],
    },
    { name: 'two request-ids', lie: say(answer(404, `${ID}${ID}`)), graph: ['nothing-to-clear'] },
    {
      name: 'a cookie',
      lie: say(answer(404, `${ID}Set-Cookie: a=b; Domain=microsoft.com\r\n`)),
      graph: ['nothing-to-clear'],
    },
    {
      name: 'the proxy’s 407 from the server',
      lie: say(answer(407, `${ID}Proxy-Authenticate: Basic realm="x"\r\n`)),
      graph: PENDING,
    },
  ]
}

/** A random answer, and what a write may be judged as by its status and its request-id alone. */
export function randomLie(random: Random): RawLie {
  const status = random.pick([
    200,
    204,
    299,
    301,
    400,
    401,
    403,
    404,
    404,
    404,
    409,
    429,
    500,
    503,
    100 + random.below(500),
  ])
  const clean = (value: string): string => value.replaceAll(/[^\x21-\x7e\x80-\xff]/g, '')
  const id = random.pick(['', 'request-id: x\r\n', 'request-id:\r\n', 'Request-Id: y\r\n'])
  const more = Array.from({ length: random.below(4) }, () => {
    const name = random.pick([
      'Retry-After',
      'Date',
      'WWW-Authenticate',
      'Content-Type',
      'Content-Encoding',
      'X-A',
    ])
    return `${name}: ${clean(randomText(random, 60))}\r\n`
  }).join('')
  const body = randomText(random, 300)
  const bytes = answer(status, id + more, body)
  const whole = random.next() < 0.8
  const hasId = /request-id: \S/i.test(id)
  const success = status >= 200 && status <= 299
  return {
    name: `random ${status} ${id.trim()} ${JSON.stringify(more)} ${whole ? '' : 'cut'}`,
    lie: say(whole ? bytes : bytes.subarray(0, random.below(bytes.length))),
    graph: [
      ...['pending', 'refused', 'token-refused', 'not-permitted'],
      ...(hasId && success ? ['done'] : []),
      ...(hasId && status === 404 ? ['nothing-to-clear'] : []),
    ],
  }
}
