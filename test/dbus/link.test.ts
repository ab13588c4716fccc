/** One connection to a message bus, against real sockets: what can't be reached, what hangs, and what dies. */
import { createServer, type Server } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClock } from '../../src/main/platform/clock.ts'
import { createBus } from '../../src/main/platform/dbus/bus.ts'
import { BusError, openLink } from '../../src/main/platform/dbus/link.ts'
import { recorder, WAIT } from './listening.ts'
import { NO_DAEMON, startBus } from './private-bus.ts'
import { join } from './services.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'presence-link-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A socket that is no bus: it does with each connection what `how` says. */
async function fake(name: string, how: (server: Server) => void): Promise<{ path: string } & Disposable> {
  const path = joinPath(folder, name)
  const server = createServer()
  how(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return { path, [Symbol.dispose]: () => void server.close() }
}

describe.skipIf(process.platform !== 'linux')('what is no bus', () => {
  it('is told with every address that was tried', async () => {
    const sockets = [joinPath(folder, 'gone'), '\0presence-no-such-bus']
    await expect(openLink(sockets)).rejects.toThrow(/gone: .*ENOENT.*; @presence-no-such-bus: .*ECONNREFUSED/)
    await expect(openLink([])).rejects.toThrow(BusError)
  })

  it.each<readonly [string, (server: Server) => void]>([
    ['hangs', () => undefined],
    ['closes', (server) => void server.on('connection', (socket) => socket.destroy())],
    ['talks', (server) => void server.on('connection', (socket) => socket.end('HTTP/1.1 400\r\n\r\n'))],
    [
      'rejects',
      (server) =>
        void server.on('connection', (socket) => socket.on('data', () => socket.write('REJECTED\r\n'))),
    ],
    [
      'lets in, then says nothing',
      (server) =>
        void server.on('connection', (socket) => socket.once('data', () => socket.write('OK 0123\r\n'))),
    ],
    [
      'lets in, then talks nonsense',
      (server) =>
        void server.on('connection', (socket) =>
          socket.once('data', () => socket.write(`OK 0123\r\n${'nonsense'.repeat(40)}`)),
        ),
    ],
  ])('is given up in time: one that %s', async (name, how) => {
    const sockets: { destroy(): void }[] = []
    using server = await fake(name.replaceAll(/\W/g, '-'), (it) => {
      it.on('connection', (socket) => {
        sockets.push(socket)
        socket.on('error', () => undefined)
      })
      how(it)
    })
    await expect(openLink([server.path], 300)).rejects.toThrow(BusError)
    for (const socket of sockets) socket.destroy()
  })
})

describe.skipIf(NO_DAEMON !== null)(`a bus${NO_DAEMON === null ? '' : ` (${NO_DAEMON})`}`, () => {
  const path = (address: string): string => address.replace('unix:path=', '')

  it('is found behind addresses that lead nowhere', async () => {
    await using bus = await startBus()
    const link = await openLink([joinPath(folder, 'gone'), path(bus.address)])
    const reply = await link.call({
      ...{ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus' },
      ...{ interface: 'org.freedesktop.DBus', member: 'GetId' },
    })
    expect(reply).toMatchObject({ ok: true, body: [expect.stringMatching(/^[0-9a-f]{32}$/)] })
    link.close()
    await link.closed
  })

  it('answers calls that are under way when it dies, and those after it', async () => {
    await using bus = await startBus()
    const service = await join(bus.address)
    await service.requestName('org.example.Silent', 0)
    service.exportInterface({ Wait: () => new Promise(() => undefined) }, '/', {
      name: 'org.example.Silent',
      methods: { Wait: ['', '', [], []] },
    })
    const link = await openLink([path(bus.address)])
    const wait = {
      ...{ destination: 'org.example.Silent', path: '/' },
      ...{ interface: 'org.example.Silent', member: 'Wait' },
    }
    expect(await link.call({ ...wait, timeoutMs: 50 })).toEqual({ ok: false, error: 'timeout' })
    const under = link.call({ ...wait, timeoutMs: 60_000 })
    await bus.kill()
    expect(await under).toEqual({ ok: false, error: 'closed' })
    expect(await link.call(wait)).toEqual({ ok: false, error: 'closed' })
    await link.closed
  })

  it('starts no service that is not there', async () => {
    await using bus = await startBus()
    const started = bus.activatable('org.example.Sleeping')
    const link = await openLink([path(bus.address)])
    const reply = await link.call({
      ...{ destination: 'org.example.Sleeping', path: '/' },
      ...{ interface: 'org.example.Sleeping', member: 'Wake', timeoutMs: 1_000 },
    })
    expect(reply).toEqual({ ok: false, error: 'org.freedesktop.DBus.Error.NameHasNoOwner' })
    expect(started()).toBe(false)
    link.close()
  })

  it('tells who owns a name now, and every change', async () => {
    await using bus = await startBus()
    const link = await openLink([path(bus.address)])
    const owners: (string | null)[] = []
    await link.watchName('org.example.Name', (owner) => owners.push(owner))
    expect(owners).toEqual([null])
    const service = await join(bus.address)
    await service.requestName('org.example.Name', 0)
    await expect.poll(() => owners.at(-1), WAIT).toBe(service.name)
    const second: (string | null)[] = []
    await link.watchName('org.example.Name', (owner) => second.push(owner))
    await service.close()
    await expect.poll(() => owners, WAIT).toEqual([null, service.name, null])
    expect(second).toEqual([service.name, null])
    link.close()
  })

  it('tells a reply before the signals that came after it', async () => {
    await using bus = await startBus()
    const service = await join(bus.address)
    await service.requestName('org.example.Counter', 0)
    let count = 0
    /** A few turns later, so that reply and signal leave in this order and in one write. */
    async function signalBehind(): Promise<void> {
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
      service.sendSignal('/', 'org.example.Counter', 'Next', 'u', [count + 1])
    }
    service.exportInterface(
      {
        Read() {
          count += 1
          void signalBehind()
          return count
        },
      },
      '/',
      { name: 'org.example.Counter', methods: { Read: ['', 'u', [], []] } },
    )
    const link = await openLink([path(bus.address)])
    const told: unknown[] = []
    await link.onSignal({ sender: 'org.example.Counter', interface: 'org.example.Counter' }, ({ body }) =>
      told.push(body[0]),
    )
    for (let round = 0; round < 20; round += 1) {
      link.request(
        {
          ...{ destination: 'org.example.Counter', path: '/' },
          ...{ interface: 'org.example.Counter', member: 'Read' },
        },
        (reply) => told.push(reply.ok ? `read ${String(reply.body[0])}` : reply.error),
      )
      await expect.poll(() => told.length, WAIT).toBe(2 * (round + 1))
      expect(told.slice(-2)).toEqual([`read ${String(round + 1)}`, round + 2])
    }
    link.close()
  })

  it('calls each user of the bus for each connection, also one that comes later, until it is stopped', async () => {
    await using bus = await startBus()
    const lines: string[] = []
    const env = { DBUS_SESSION_BUS_ADDRESS: bus.address }
    const mine = createBus({ name: 'session', env, clock: createClock(), log: recorder(lines) })
    const calls: string[] = []
    mine.onLink(() => Promise.resolve(void calls.push('early')))
    mine.onLost(() => calls.push('lost'))
    mine.start()
    await mine.firstAttempt
    expect(mine.connected()).toBe(true)
    mine.onLink(() => Promise.resolve(void calls.push('late')))
    expect(calls).toEqual(['early', 'late'])
    await bus.kill()
    await expect.poll(() => calls.includes('lost'), WAIT).toBe(true)
    expect(mine.connected()).toBe(false)
    await bus.start()
    await expect
      .poll(() => calls.filter((call) => call !== 'lost'), WAIT)
      .toEqual(['early', 'late', 'early', 'late'])
    mine.stop()
    await bus.kill()
    await bus.start()
    expect(calls.slice(-2)).toEqual(['early', 'late'])
    // A bus that stays away is told once, not at each attempt.
    expect(lines.filter((line) => line.startsWith('no bus')).length).toBeLessThanOrEqual(2)
  })
})
