/** What only a bus that dies or hangs at the right moment shows; the rest is in test/dbus, on real buses. */
import { describe, expect, it } from 'vitest'
import type { Clock, Log } from '../../core/model.ts'
import type { Bus } from '../dbus/bus.ts'
import type { BusCall, BusLink, BusReply } from '../dbus/link.ts'
import { createLinuxLock } from './linux-lock.ts'
import { SERVICE_RETURNS_MS } from './linux-lock-rule.ts'

const LOGIN = 'org.freedesktop.login1'
const MATE = 'org.mate.ScreenSaver'
const PATH = '/org/freedesktop/login1/session/_32'
const UID = 1000

/** Answers a call; null: never. */
type Answer = (call: BusCall) => BusReply | null

/** Lets everything that was answered already be taken in. */
const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0))

function playClock() {
  let now = 1_000
  let timers: { readonly at: number; readonly run: () => void }[] = []
  const clock: Clock = {
    now: () => ({ wall: now, mono: now, jitter: 0 }),
    after(ms, run) {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  return {
    clock,
    pending: () => timers.length,
    async pass(ms: number) {
      const end = now + ms
      for (;;) {
        await settled()
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = next.at
        next.run()
      }
      now = end
    },
  }
}

/** A bus with played owners of names. */
function playBus(answer: Answer, owners: ReadonlyMap<string, string>) {
  const handlers: ((link: BusLink) => Promise<void>)[] = []
  const lost: (() => void)[] = []
  let watchers: { readonly name: string; readonly tell: (owner: string | null) => void }[] = []
  let waiting: ((reply: BusReply) => void)[] = []
  let connected = false
  const now = { answer, owners }

  function connect(): BusLink {
    let dead = false
    const request: BusLink['request'] = (call, settle) => {
      const reply: BusReply | null = dead ? { ok: false, error: 'closed' } : now.answer(call)
      if (reply === null) waiting.push(settle)
      else queueMicrotask(() => settle(reply))
    }
    return {
      request,
      call: (call) => new Promise((resolve) => request(call, resolve)),
      onSignal: () => Promise.resolve(),
      watchName(name, tell) {
        watchers.push({ name, tell })
        tell(now.owners.get(name) ?? null)
        return Promise.resolve()
      },
      closed: new Promise(() => undefined),
      close() {
        dead = true
      },
    }
  }

  let link: BusLink | null = null
  const bus: Bus = {
    onLink: (handler) => void handlers.push(handler),
    onLost: (listener) => void lost.push(listener),
    start: () => undefined,
    connected: () => connected,
    firstAttempt: Promise.resolve(),
    stop: () => undefined,
  }
  return {
    bus,
    now,
    start() {
      const mine = connect()
      link = mine
      connected = true
      for (const handler of handlers) void handler(mine)
      return settled()
    },
    /** A name gets another owner. */
    async own(name: string, owner: string | null) {
      for (const watcher of watchers) if (watcher.name === name) watcher.tell(owner)
      await settled()
    },
    async die() {
      link?.close()
      connected = false
      watchers = []
      const unanswered = waiting
      waiting = []
      for (const settle of unanswered) settle({ ok: false, error: 'closed' })
      for (const listener of lost) listener()
      await settled()
    },
  }
}

/** login1 with one session, and MATE's saver. */
const answers =
  (state: { readonly locked: boolean }): Answer =>
  ({ member, interface: of }) => {
    if (of === MATE) return { ok: true, body: [state.locked] }
    if (member !== 'GetAll') return { ok: true, body: [PATH] }
    const properties = { Id: '2', Class: 'user', Type: 'wayland', State: 'active', User: [UID, '/user'] }
    return { ok: true, body: [{ ...properties, LockedHint: state.locked, Active: true }] }
  }

function play(first: { readonly locked: boolean }) {
  const time = playClock()
  const write = (): void => undefined
  const log: Log = { info: write, warn: write, error: write }
  const system = playBus(answers(first), new Map([[LOGIN, ':1.1']]))
  const session = playBus(answers(first), new Map([[MATE, ':1.2']]))
  const lock = createLinuxLock({
    ...{ system: system.bus, session: session.bus, clock: time.clock, log, desktop: undefined },
    process: { pid: 1, uid: UID, sessionId: '2' },
  })
  const heard: string[] = []
  lock.begin((event) => heard.push(event.type === 'lock' ? `lock ${String(event.locked)}` : event.type))
  return { ...time, system, session, lock, heard }
}

const never: Answer = () => null

describe('a bus that dies while a question is under way', () => {
  it('says nothing of the login session', async () => {
    const { system, pass, pending, heard } = play({ locked: true })
    await system.start()
    expect(heard).toEqual(['lock true'])
    system.now.answer = never
    await system.own(LOGIN, ':1.7')
    await system.die()
    expect(pending()).toBe(1) // The rule's own, which ends what was known of the login session.
    await pass(3_600_000)
    expect(heard).toEqual(['lock true'])
    expect(pending()).toBe(0)
  })

  it('says nothing of a screen saver', async () => {
    const { session, pass, pending, heard } = play({ locked: true })
    await session.start()
    expect(heard).toEqual(['lock true'])
    session.now.answer = never
    await session.own(MATE, ':1.7')
    await session.die()
    expect(pending()).toBe(0)
    await pass(3_600_000)
    expect(heard).toEqual(['lock true'])
  })
})

describe('a login session', () => {
  it('that could not be read is read again', async () => {
    const { system, pass, heard } = play({ locked: true })
    await system.start()
    let reads = 0
    system.now.answer = (call) => {
      if (call.member === 'GetAll') reads += 1
      // The search reads it, too; what counts is what comes after it.
      return reads === 2 ? { ok: false, error: 'timeout' } : answers({ locked: false })(call)
    }
    await system.own(LOGIN, ':1.7')
    await pass(4_900)
    expect(heard).toEqual(['lock true'])
    await pass(1_000)
    expect(heard).toEqual(['lock true', 'lock false'])
    expect(reads).toBe(3)
  })

  it('is named as what tells the lock only while it is heard', async () => {
    const { system, session, pass, lock } = play({ locked: true })
    session.now.owners = new Map()
    await session.start()
    await system.start()
    expect(lock.watch()).toEqual({ kind: 'desktop', watchers: ['login-service'] })
    await system.die()
    await pass(SERVICE_RETURNS_MS - 100)
    expect(lock.watch()).toEqual({ kind: 'desktop', watchers: ['login-service'] })
    await pass(200)
    expect(lock.watch()).toEqual({ kind: 'poll', why: 'no-system-bus' })
    await system.start()
    expect(lock.watch()).toEqual({ kind: 'desktop', watchers: ['login-service'] })
  })
})

describe('savers after a lost session bus', () => {
  const locking = async (outageMs: number, backMs: number): Promise<readonly unknown[]> => {
    const { session, pass, lock } = play({ locked: false })
    const found: unknown[] = []
    lock.begin((event) => {
      if (event.type === 'lock' && event.locked) found.push(event.found ?? false)
    })
    await session.start()
    await session.die()
    await pass(outageMs)
    session.now.answer = answers({ locked: true })
    session.now.owners = new Map()
    await session.start()
    await pass(backMs)
    await session.own(MATE, ':1.9')
    return found
  }

  it('come back with what stood before; one that comes later starts in order to lock', async () => {
    expect(await locking(3_600_000, 100)).toEqual([true])
    expect(await locking(3_600_000, SERVICE_RETURNS_MS)).toEqual([false])
    expect(await locking(60_000, 100)).toEqual([false])
  })
})
