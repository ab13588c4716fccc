/** The surface of the sign-in's listener on 127.0.0.1: every process of the machine, and every page, can talk to it. */
import http from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import {
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  requestThroughProxy,
  signInAsBrowser,
  type Simulator,
} from '../simulator/index.ts'
import { createRandom, type Random, randomText } from './random.ts'
import { startEntra, startSigning, type Signing } from './signing.ts'
import { createCounter, type Counter, type Surface } from './tally.ts'

const FORM = 'application/x-www-form-urlencoded'

/** A sign-in that waits for its browser. */
interface Waiting {
  readonly url: string
  readonly port: number
  readonly state: string
  readonly result: ReturnType<Signing['part']['signIn']['start']>
}

async function begin(signing: Signing): Promise<Waiting> {
  const browser = signing.browser()
  const result = signing.part.signIn.start('browser')
  const url = await browser
  const { searchParams } = new URL(url)
  const { port } = new URL(searchParams.get('redirect_uri') ?? '')
  return { url, port: Number(port), state: searchParams.get('state') ?? '', result }
}

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Status and page of one request to the listener; status 0 when it hung up. */
function ask(
  port: number,
  { method = 'POST', path = '/', headers = {}, body = '' }: Sent,
): Promise<{ status: number; page: string }> {
  return new Promise((resolve) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { 'content-type': FORM, ...headers },
        agent: false,
        timeout: 5_000,
      },
      (response) => {
        let page = ''
        response.setEncoding('utf8').on('data', (text: string) => (page += text))
        response.on('close', () => resolve({ status: response.statusCode ?? 0, page }))
      },
    )
    request.on('connect', (_response, socket) => socket.destroy())
    request.on('timeout', () => request.destroy())
    request.on('close', () => resolve({ status: 0, page: '' }))
    request.on('error', () => resolve({ status: 0, page: '' }))
    request.end(body)
  })
}

const form = (...fields: [string, string][]): string => new URLSearchParams(fields).toString()

/** What must not settle the sign-in that waits; the attacker doesn't know its state, except where it sends it twice. */
function ignored(
  state: string,
  random: Random,
  times: number,
): readonly (Sent & { readonly name: string })[] {
  const post = (name: string, body: string, more: Sent = {}) => ({ name, body, ...more })
  const wrong = `${state.slice(0, -1)}x`
  const html = '<script>alert(1)</script>'
  const byHand = [
    post('a code without a state', form(['code', 'foreign'])),
    post('a code with a wrong state', form(['code', 'foreign'], ['state', wrong])),
    post('a code with an empty state', form(['code', 'foreign'], ['state', ''])),
    post('the state in capitals', form(['code', 'foreign'], ['state', state.toUpperCase()])),
    post('half the state', form(['code', 'foreign'], ['state', state.slice(0, 20)])),
    post('the state twice', form(['code', 'foreign'], ['state', state], ['state', state])),
    post('the state and another', form(['code', 'foreign'], ['state', state], ['state', 'x'])),
    post('another and the state', form(['code', 'foreign'], ['state', 'x'], ['state', state])),
    post('the state as a list', form(['code', 'foreign'], ['state[]', state])),
    post('the state in __proto__', form(['code', 'foreign'], ['__proto__[state]', state])),
    post('an error without a state', form(['error', 'access_denied'])),
    post(
      'an error with HTML and a wrong state',
      form(['error', html], ['error_description', html], ['state', wrong]),
    ),
    post('a state alone', form(['state', state])),
    post('nothing', ''),
    post('JSON', JSON.stringify({ code: 'foreign', state }), {
      headers: { 'content-type': 'application/json' },
    }),
    post('plain text, as a page of anybody may post it', form(['code', 'foreign'], ['state', state]), {
      headers: { 'content-type': 'text/plain' },
    }),
    post('multipart', form(['code', 'foreign'], ['state', state]), {
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    }),
    post('another path', form(['code', 'foreign'], ['state', state]), { path: '/callback' }),
    post('another host, as by DNS rebinding', form(['code', 'foreign'], ['state', wrong]), {
      headers: { host: 'evil.example', origin: 'http://evil.example' },
    }),
    post('a query with a wrong state', '', {
      method: 'GET',
      path: `/?${form(['code', 'foreign'], ['state', wrong])}`,
    }),
    post('a query without a state', '', { method: 'GET', path: '/?error=access_denied' }),
    post('a favicon', '', { method: 'GET', path: '/favicon.ico' }),
    post('the page', '', { method: 'GET', path: '/' }),
    post('a query of 12 KB', '', { method: 'GET', path: `/x?a=${'b'.repeat(12_000)}` }),
    post('a head of 20 KB', '', { method: 'GET', path: `/x?a=${'b'.repeat(20_000)}` }),
    post('another host with the right state', form(['code', 'foreign'], ['state', state]), {
      headers: { host: 'evil.example' },
    }),
    post('a host with another port', form(['code', 'foreign'], ['state', state]), {
      headers: { host: 'localhost:1' },
    }),
    post('a query with the right state', '', {
      method: 'GET',
      path: `/?${form(['code', 'foreign'], ['state', state])}`,
    }),
    post('two codes', form(['code', 'foreign'], ['code', 'x'], ['state', state])),
    post('a code and an error', form(['code', 'foreign'], ['error', 'x'], ['state', state])),
    post('an escape that is none', `code=%zz&state=%`),
    post('an address of two slashes', '', { method: 'GET', path: '//' }),
    post('an address with an escape that is none', '', { method: 'GET', path: '/%zz?code=%zz&state=%' }),
    post('a whole address', '', { method: 'GET', path: 'http://[::1/' }),
    post('an address of another host', '', { method: 'GET', path: 'http://evil.example/?code=x' }),
    ...['PUT', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PATCH', 'PROPFIND'].map((method) =>
      post(method, '', { method }),
    ),
  ]
  const atRandom = Array.from({ length: times }, (_, n) =>
    post(
      `random ${n}`,
      form(
        [random.pick(['code', 'error', 'state']), randomText(random)],
        ['state', randomText(random)],
        ['code', randomText(random)],
      ),
    ),
  )
  return [...byHand, ...atRandom]
}

/** A socket that says this and no more. */
function hang(port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined) // It is thrown out in the end, which is what is wanted.
  socket.write(text)
  return socket
}

/** Attacks a sign-in that waits for its browser, in every way that another process can. */
export const attackLoopback: Surface = async ({ seed, long }) => {
  const counter = createCounter('sign-in listener')
  const random = createRandom(seed)
  const simulator = await startEntra()
  try {
    await barrage(simulator, random, long ? 3_000 : 40, counter)
    await foreignCode(simulator, counter)
    await injectedError(simulator, counter)
    await slowClients(simulator, long ? 400 : 60, counter)
    await endlessBody(simulator, counter)
    await neighbour(simulator, counter)
    for (let n = 0; n < (long ? 20 : 1); n += 1) await crowd(simulator, random, counter)
  } finally {
    await simulator.close()
  }
  return counter.tally()
}

async function barrage(simulator: Simulator, random: Random, times: number, counter: Counter): Promise<void> {
  await using signing = await startSigning(simulator)
  const waiting = await begin(signing)
  const settled = { yet: false }
  void waiting.result.then(() => (settled.yet = true))
  for (const { name, ...sent } of ignored(waiting.state, random, times)) {
    const { status, page } = await ask(waiting.port, sent)
    if (settled.yet) {
      counter.failed(`${name}: ended the sign-in`)
      return
    }
    if (page.includes('<script>alert')) counter.failed(`${name}: came back as HTML`)
    else if (status >= 400 || status === 0) counter.refused()
    else counter.survived()
  }
  for (let n = 0; n < times; n += 1) {
    const socket = hang(waiting.port, randomText(random, 400))
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
    counter.survived()
  }
  await signInAsBrowser(simulator, waiting.url)
  await expectOurs(waiting, 'after all that', counter)
}

/** It ends with the person who signed in, and with nobody else. */
async function expectOurs({ result }: Waiting, input: string, counter: Counter): Promise<void> {
  const ended = await result
  if (ended.type !== 'signed-in') counter.failed(`${input}: ${ended.problem.code}`)
  else if (ended.identity.userId !== DEMO_USER_ID)
    counter.failed(`${input}: signed in as ${ended.identity.username}`)
  else counter.survived()
}

/** A code out of the attacker's own sign-in, with a state that it has found out: the proof key doesn't fit. */
async function foreignCode(simulator: Simulator, counter: Counter): Promise<void> {
  await using theirs = await startSigning(simulator)
  await using ours = await startSigning(simulator)
  const attacker = await begin(theirs)
  const { body } = await requestThroughProxy(simulator, attacker.url)
  const code = /name="code" value="([^"]+)"/.exec(body)?.[1] ?? ''
  if (code === '') throw new Error('the attacker got no code')
  const victim = await begin(ours)
  await ask(victim.port, { body: form(['code', code], ['state', victim.state]) })
  const ended = await victim.result
  counter.expectProblem('a foreign code', ended.type === 'failed' ? ended.problem.code : 'signed in', [
    'sign-in-failed',
    'redirect-not-registered',
  ])
  theirs.part.signIn.cancel()
  await attacker.result
}

/** Whoever knows the state can end the sign-in, but neither show anything nor put words into the app. */
async function injectedError(simulator: Simulator, counter: Counter): Promise<void> {
  const evil = '<img src=x onerror=alert(1)>'
  for (const error of [evil, 'access_denied', '__proto__', 'x'.repeat(50_000), 'a\r\nb']) {
    await using signing = await startSigning(simulator)
    const waiting = await begin(signing)
    const body = form(
      ['error', error],
      ['error_description', evil],
      ['error_uri', 'javascript:alert(1)'],
      ['state', waiting.state],
    )
    const { page } = await ask(waiting.port, { body })
    const ended = await waiting.result
    const told = JSON.stringify(ended) + signing.log.join()
    if (ended.type !== 'failed') counter.failed(`the error ${error.slice(0, 20)}: signed in`)
    else if (page.includes('onerror') || told.includes('onerror') || told.length > 20_000)
      counter.failed(`the error ${error.slice(0, 20)}: was shown or logged`)
    else counter.refused()
  }
}

/** Clients that say half a sentence and wait keep nobody out, and are thrown out in the end. */
async function slowClients(simulator: Simulator, times: number, counter: Counter): Promise<void> {
  await using signing = await startSigning(simulator)
  const waiting = await begin(signing)
  const beginnings = [
    '',
    'P',
    'POST / HTTP/1.1\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nX-A: ',
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 1000\r\n\r\ncode=`,
  ]
  const sockets = Array.from({ length: times }, (_, n) =>
    hang(waiting.port, beginnings[n % beginnings.length] ?? ''),
  )
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  await signInAsBrowser(simulator, waiting.url)
  await expectOurs(waiting, 'with slow clients', counter)
  for (const socket of sockets) socket.resume()
  const all = await Promise.race([
    Promise.all(closed),
    new Promise<null>((resolve) => setTimeout(resolve, 10_000, null)),
  ])
  if (all === null) counter.failed('slow clients: still connected after the sign-in')
  else counter.refused(times)
  for (const socket of sockets) socket.destroy()
}

/** What a client may push before it is cut off, bytes: the limit, and the socket buffers of both sides. */
const MOST_PUSHED = 16 * 1024 * 1024

/** Bodies that never end are cut off, with a length and in chunks, and the sign-in goes on. */
async function endlessBody(simulator: Simulator, counter: Counter): Promise<void> {
  await using signing = await startSigning(simulator)
  const waiting = await begin(signing)
  const head = `POST / HTTP/1.1\r\nHost: localhost:${waiting.port}\r\nContent-Type: ${FORM}\r\n`
  const heads = [
    ['a length of 1 GB', 'Content-Length: 1000000000\r\n\r\nstate='],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n'],
  ] as const
  for (const [name, more] of heads) {
    const pushed = await push(waiting.port, head + more, name === 'chunks' ? '4000\r\n' : '')
    if (pushed >= MOST_PUSHED) counter.failed(`a body with ${name}: ${pushed} bytes were taken`)
    else counter.refused()
  }
  await signInAsBrowser(simulator, waiting.url)
  await expectOurs(waiting, 'after bodies without end', counter)
}

/** Writes until it is cut off or has written more than may be taken; answers how much that was, bytes. */
function push(port: number, head: string, chunkHead: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = hang(port, head)
    const piece = Buffer.from(`${chunkHead}${'x'.repeat(16_384)}${chunkHead === '' ? '' : '\r\n'}`)
    let taken = 0
    const more = (): void => {
      taken += piece.length
      if (taken >= MOST_PUSHED) socket.destroy()
      else socket.write(piece, (error) => (error ? undefined : more()))
    }
    socket.resume()
    socket.once('connect', more)
    socket.once('close', () => resolve(taken))
  })
}

/**
 * Another process listens on the same port of ::1, which a browser may try first for `localhost`: it gets the code, can't
 * redeem it, and the sign-in goes on until it is given up or the code comes after all.
 */
async function neighbour(simulator: Simulator, counter: Counter): Promise<void> {
  await using signing = await startSigning(simulator)
  const waiting = await begin(signing)
  const thief = createServer()
  const listens = await new Promise<boolean>((resolve) => {
    thief.once('error', () => resolve(false))
    thief.listen(waiting.port, '::1', () => resolve(true))
  })
  if (!listens)
    counter.note('sign-in listener: this machine has no ::1; the thief of a code was played without it')
  const { body } = await requestThroughProxy(simulator, waiting.url)
  const code = /name="code" value="([^"]+)"/.exec(body)?.[1] ?? ''
  const redeem = {
    client_id: DEMO_CLIENT_ID,
    grant_type: 'authorization_code',
    code,
    redirect_uri: new URL(waiting.url).searchParams.get('redirect_uri') ?? '',
    scope: 'https://graph.microsoft.com/Presence.ReadWrite',
  }
  for (const verifier of [{}, { code_verifier: 'x'.repeat(43) }] as const) {
    const stolen = await requestThroughProxy(
      simulator,
      `https://login.microsoftonline.com/${DEMO_TENANT_ID}/oauth2/v2.0/token`,
      {
        method: 'POST',
        headers: { 'Content-Type': FORM },
        body: new URLSearchParams({ ...redeem, ...verifier }).toString(),
      },
    )
    if (stolen.body.includes('access_token'))
      counter.failed('a stolen code was redeemed without its proof key')
    else counter.refused()
  }
  if (listens) await new Promise((resolve) => thief.close(resolve))
  signing.part.signIn.cancel()
  const ended = await waiting.result
  counter.expectProblem(
    'a code that never came',
    ended.type === 'failed' ? ended.problem.code : 'signed in',
    ['sign-in-cancelled'],
  )
}

/** Everybody at once, the right one among them: it ends with the right person or with a name for what went wrong. */
async function crowd(simulator: Simulator, random: Random, counter: Counter): Promise<void> {
  await using signing = await startSigning(simulator)
  const waiting = await begin(signing)
  const others = ignored(waiting.state, random, 30).map((sent) => ask(waiting.port, sent))
  const page = signInAsBrowser(simulator, waiting.url).catch(() => null)
  await Promise.all([...others, page])
  await expectOurs(waiting, 'in a crowd', counter)
  counter.survived(others.length)
}
