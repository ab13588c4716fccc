import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listenForRedirect, type Loopback } from '../../src/main/identity/loopback.ts'

const STATE = 'the-state-of-this-sign-in'
let listener: Loopback
let abort: AbortController
let port = 0
beforeEach(async () => {
  abort = new AbortController()
  listener = await listenForRedirect({
    state: STATE,
    successPage: '<h1>success</h1>',
    errorPage: '<h1>error</h1>',
    signal: abort.signal,
  })
  port = Number(new URL(listener.redirectUri).port)
})
afterEach(() => listener.close())

/** Status and page of one request as a browser makes it. */
async function post(fields: Record<string, string>): Promise<readonly [status: number, page: string]> {
  const body = new URLSearchParams(fields)
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
  return [response.status, await response.text()]
}

async function hang(text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined) // It is thrown out, which is what the tests look at.
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Unlike `once`, doesn't mind the error that comes with being thrown out. */
const closed = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.resume().once('close', resolve))

it('gives the code of the answer with its state, and refuses what came before', async () => {
  expect(listener.redirectUri).toBe(`http://localhost:${port}`)
  expect(await post({ code: 'foreign', state: 'x' })).toEqual([400, 'Bad Request'])
  expect(await post({ error: 'access_denied' })).toEqual([400, 'Bad Request'])
  expect(await post({ code: 'ours', state: STATE, client_info: 'info' })).toEqual([200, '<h1>success</h1>'])
  expect(await listener.answer).toEqual({ type: 'code', code: 'ours', clientInfo: 'info' })
})

it('gives an error with its text, and shows nothing of it', async () => {
  const sent = { error: 'access_denied', error_description: 'AADSTS65004: <b>declined</b>', state: STATE }
  expect(await post(sent)).toEqual([200, '<h1>error</h1>'])
  expect(await listener.answer).toEqual({
    type: 'error',
    error: 'access_denied',
    description: 'AADSTS65004: <b>declined</b>',
    suberror: '',
  })
})

it('refuses a body that is longer than an answer, and waits on', async () => {
  const [status] = await post({ code: 'x'.repeat(70_000), state: STATE })
  expect(status).toBe(413)
  await post({ code: 'ours', state: STATE })
  expect(await listener.answer).toMatchObject({ code: 'ours' })
})

it('throws out the oldest of too many connections, and lets the newest in', async () => {
  const crowd: Socket[] = []
  for (let n = 0; n < 40; n += 1) crowd.push(await hang('POST / HTTP/1.1\r\n'))
  const [oldest] = crowd
  if (oldest !== undefined) await closed(oldest)
  await post({ code: 'ours', state: STATE })
  expect(await listener.answer).toMatchObject({ code: 'ours' })
  for (const socket of crowd) socket.destroy()
})

it('ends every connection when it is aborted, and listens no more', async () => {
  const silent = await hang('')
  const half = await hang('POST / HTTP/1.1\r\nHost: ')
  const gone = Promise.all([silent, half].map(closed))
  abort.abort()
  expect(await listener.answer).toEqual({ type: 'aborted' })
  await gone
  await expect(post({ code: 'late', state: STATE })).rejects.toThrow()
})

it('is over at once when it was aborted before it began', async () => {
  abort.abort()
  const late = await listenForRedirect({ state: 'x', successPage: '', errorPage: '', signal: abort.signal })
  expect(await late.answer).toEqual({ type: 'aborted' })
})
