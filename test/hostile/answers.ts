/** The surface of the answers: Graph and Entra lie about type and length, and nothing is settled, leaked or held up by it. */
import { createTransport } from '../../src/main/graph/transport.ts'
import { createHttp } from '../../src/main/graph/http.ts'
import { readPresence } from '../../src/main/graph/read-presence.ts'
import { judge, LONGEST_RETRY_AFTER_MS } from '../../src/main/core/outcome.ts'
import { EntraRefusal, NetworkTrouble } from '../../src/main/identity/errors.ts'
import { createMsalNetwork } from '../../src/main/identity/msal-network.ts'
import type { Attempt, Clock, Log, Route } from '../../src/main/core/model.ts'
import { startLiar, type Liar } from './liar.ts'
import { randomLie, rawLies, type RawLie } from './lies.ts'
import { createRandom } from './random.ts'
import { createCounter, type Counter, type Surface, type Verdict } from './tally.ts'

/** What must never be found anywhere but in a request to the host it is for. */
const SECRET = 'eyJ0eXAiOiJKV1QifQ.hostile-test-secret.c2lnbmF0dXJl'
/** What an attempt is given whose answer stalls, ms. */
const TIMEOUT_MS = 2_500
/** What one is given whose answer ends by itself, ms: no crowded machine takes so long, so that giving up is a fault. */
const HONEST_MS = 30_000
const PATIENCE_MS = 45_000
/** Entra's requests have a limit of their own of 30 s. */
const ENTRA_PATIENCE_MS = 60_000
/** What a client may take of a body without end, bytes: socket buffers of both sides and what is read to be refused. */
const MOST_BYTES = 24 * 1024 * 1024
/** How many are told at once. */
const AT_ONCE = 12

const clock: Clock = {
  now: () => ({ wall: Date.now(), mono: performance.now(), jitter: 0.5 }),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** Tells every lie to every part that talks to Microsoft. */
export const attackAnswers: Surface = async ({ seed, long }) => {
  const counter = createCounter('answers of Graph and Entra')
  const random = createRandom(seed)
  const byHand = rawLies().filter(({ longOnly }) => long || longOnly !== true)
  const lies = [...byHand, ...Array.from({ length: long ? 1_500 : 20 }, () => randomLie(random))]
  // The three share the client: the short form spreads the lies over them, and tells the writer most.
  const share = (part: number): readonly RawLie[] => lies.filter((_, n) => long || n % 4 === part)
  const liar = await startLiar()
  const logged: string[] = []
  const note =
    (level: string) =>
    (event: string, data?: object): void =>
      void logged.push(`${level} ${event} ${JSON.stringify(data ?? {})}`)
  const log: Log = { info: note('info'), warn: note('warn'), error: note('error') }
  const route: Route = { proxyUrl: liar.proxyUrl, ca: [liar.caPem] }
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
  try {
    await inTurns(long ? lies : [...share(0), ...share(3)], async (lie) =>
      counter.count(await tellWriter(lie, liar, route)),
    )
    await inTurns(share(0), (lie) => tellReader(lie, liar, route, counter))
    const toEntra = long ? lies : [...share(1), ...share(2)]
    await inTurns(
      toEntra.filter(({ slow }) => long || slow !== true),
      (lie) => tellEntra(lie, liar, { route, log }, counter),
    )
    if (liar.hosts.has('evil.example') || [...liar.hosts].some((host) => !host.includes('microsoft')))
      counter.failed(`another host was asked: ${[...liar.hosts].join()}`)
    const leak = logged.find((line) => line.includes('hostile-test-secret'))
    if (leak !== undefined) counter.failed(`the log holds the secret: ${leak}`)
  } finally {
    clearInterval(watch)
    await liar.close()
  }
  const grew = Math.round((most - before) / 1024 / 1024)
  counter.note(`answers: memory grew by at most ${grew} MB`)
  if (grew > 400) counter.failed(`memory grew by ${grew} MB`)
  return counter.tally()
}

async function inTurns(lies: readonly RawLie[], tell: (lie: RawLie) => Promise<void>): Promise<void> {
  const left = [...lies]
  const next = async (): Promise<void> => {
    for (let lie = left.shift(); lie !== undefined; lie = left.shift()) await tell(lie)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
}

/** Whether it ended in time; what hangs is not waited for. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T | 'hangs'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'hangs'>((resolve) => {
    timer = setTimeout(() => resolve('hangs'), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** A write is judged by what the answer proves, and made once. */
async function tellWriter(
  { name, lie, graph, slow, endless }: RawLie,
  liar: Liar,
  route: Route,
): Promise<Verdict> {
  const number = liar.teach(lie)
  let deliver: (attempt: Attempt) => void = () => undefined
  const delivered = new Promise<Attempt>((resolve) => (deliver = resolve))
  const transport = createTransport((attempt) => deliver(attempt))
  try {
    transport.arm({
      key: 'hostile',
      graphOrigin: 'https://graph.microsoft.com',
      userId: `lie-${number}`,
      clientId: '11111111-2222-4333-8444-555555555555',
      accessToken: SECRET,
      route,
    })
    const stalls = slow === true || endless === true
    const timeoutMs = stalls ? TIMEOUT_MS : HONEST_MS
    transport.send({ id: 1, key: 'hostile', body: { kind: 'clear' }, timeoutMs })
    const attempt = await inTime(delivered, PATIENCE_MS)
    const input = `Graph, ${name}`
    if (attempt === 'hangs') return { failed: `${input}: never ended` }
    const outcome = judge(attempt.result, { write: 'clear', cloud: 'global', wall: Date.now() })
    const gaveUp = attempt.result.type === 'failure' && attempt.result.stage === 'timeout'
    // What ends by itself is judged by what it said: a write that stalls on it is a new fault.
    if (gaveUp && !stalls) return { failed: `${input}: stalled until the deadline` }
    if (!gaveUp && !graph.includes(outcome.kind))
      return { failed: `${input}: ${outcome.kind} ${JSON.stringify(attempt.result)}` }
    const asked = liar.asked(number)
    if (asked > 2) return { failed: `${input}: sent ${asked} times` }
    if (liar.sent(number) > MOST_BYTES) return { failed: `${input}: took ${liar.sent(number)} bytes` }
    const pause = outcome.kind === 'pending' ? outcome.retryAfterMs : null
    if (pause !== null && !(pause >= 0 && pause <= LONGEST_RETRY_AFTER_MS))
      return { failed: `${input}: a pause of ${pause} ms` }
    if (JSON.stringify(attempt).includes(SECRET)) return { failed: `${input}: the attempt holds the token` }
    return outcome.kind === 'done' || outcome.kind === 'nothing-to-clear' ? 'survived' : 'refused'
  } finally {
    transport.close()
  }
}

/** What is read back is two short words, or a problem. */
async function tellReader({ name, lie }: RawLie, liar: Liar, route: Route, counter: Counter): Promise<void> {
  const number = liar.teach(lie)
  const http = createHttp(route)
  try {
    const client = { ...http, axios: http.axios }
    // The reader asks for /me: the path that names the lie is put in on the way.
    client.axios.interceptors.request.use((config) => ({
      ...config,
      url: `${config.url ?? ''}?lie-${number}`,
    }))
    const reading = await inTime(
      readPresence({
        http: client,
        cloud: 'global',
        accessToken: SECRET,
        timeoutMs: TIMEOUT_MS,
        clientRequestId: 'x',
      }),
      PATIENCE_MS,
    )
    if (reading === 'hangs') counter.failed(`reading, ${name}: never ended`)
    else if (reading.type === 'presence') counter.failed(`reading, ${name}: ${JSON.stringify(reading)}`)
    else if (JSON.stringify(reading).includes('hostile-test-secret'))
      counter.failed(`reading, ${name}: holds the token`)
    else counter.refused()
  } finally {
    http.close()
  }
}

/** Entra's answers are errors with a name: none of these carries a token. */
async function tellEntra(
  { name, lie }: RawLie,
  liar: Liar,
  { route, log }: { readonly route: Route; readonly log: Log },
  counter: Counter,
): Promise<void> {
  const number = liar.teach(lie)
  const http = createHttp(route)
  const network = createMsalNetwork({ http: () => http, clock, log })
  const url = `https://login.microsoftonline.com/lie-${number}/oauth2/v2.0/token`
  try {
    const request = {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `refresh_token=${SECRET}`,
    }
    const ended = await inTime(
      network.sendPostRequestAsync(url, request).then(
        (value: unknown) => ({ value }),
        (error: unknown) => ({ error }),
      ),
      ENTRA_PATIENCE_MS,
    )
    const input = `Entra, ${name}`
    if (ended === 'hangs') counter.failed(`${input}: never ended`)
    else if ('value' in ended) counter.failed(`${input}: taken for tokens: ${JSON.stringify(ended.value)}`)
    else if (!(ended.error instanceof NetworkTrouble || ended.error instanceof EntraRefusal))
      counter.failed(`${input}: an error without a name: ${String(ended.error)}`)
    else if (liar.sent(number) > MOST_BYTES) counter.failed(`${input}: took ${liar.sent(number)} bytes`)
    else counter.refused()
  } finally {
    http.close()
  }
}
