import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  answerIn,
  armamentOf,
  CLEAR,
  createRig,
  SET,
  startRemote,
  untilWarm,
  type Remote,
  type Rig,
} from './rig.ts'
import { startThread } from '../../src/main/graph/worker-link.ts'
import { buildWorker, type WorkerBundle } from './worker-bundle.ts'

let bundle: WorkerBundle
let remote: Remote
let rig: Rig
beforeAll(async () => {
  bundle = await buildWorker()
  remote = await startRemote()
})
afterAll(async () => {
  await remote.close()
  bundle.remove()
})
beforeEach(async () => {
  rig = createRig({ workerFile: bundle.file })
  rig.sender.arm(await armamentOf(remote))
  await untilWarm(remote)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rig.sender.close()
  await remote.control.removeAllFaults()
  await remote.control.dropConnections('reset')
  await remote.control.clearJournal()
})

/** Lets everything that is still to be delivered arrive. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300))

describe.each([
  { way: 'waiting', refuse: false },
  { way: 'spinning, where waiting is refused', refuse: true },
])('hold by $way', ({ refuse }) => {
  beforeEach(() => {
    if (!refuse) return
    vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw new TypeError('Atomics.wait cannot be called in this context')
    })
  })

  it('returns the answer while this thread is blocked, and it is not delivered again', async () => {
    await remote.control.inject({ match: { path: 'clearPresence' }, fault: { type: 'latency', ms: 200 } })
    const write = rig.write(CLEAR)
    rig.sender.send(write)
    const attempts = rig.sender.hold([write.id], 20_000)
    expect(rig.delivered).toEqual([])
    expect(attempts.map((attempt) => attempt.id)).toEqual([write.id])
    expect(answerIn(attempts[0]!.result).status).toBe(404)
    await settle()
    expect(rig.delivered).toEqual([])
  })

  it('lets go at its bound, and what comes later is delivered', async () => {
    await remote.control.inject({ match: { path: 'clearPresence' }, fault: { type: 'latency', ms: 1500 } })
    const write = rig.write(CLEAR)
    const before = performance.now()
    rig.sender.send(write)
    expect(rig.sender.hold([write.id], 700)).toEqual([])
    const held = performance.now() - before
    expect(held).toBeGreaterThanOrEqual(700)
    // Far less than the write's own deadline of ten seconds.
    expect(held).toBeLessThan(5_000)
    expect(answerIn((await rig.delivery(write.id)).result).status).toBe(404)
  })
})

describe('hold', () => {
  it('returns at once for writes that have ended or were never sent', async () => {
    const done = await rig.attempt(CLEAR)
    const before = performance.now()
    expect(rig.sender.hold([done.id, 123_456], 20_000)).toEqual([])
    expect(performance.now() - before).toBeLessThan(5_000)
  })

  it('takes an answer that has arrived and is still undelivered', () => {
    const write = rig.write(CLEAR)
    rig.sender.send(write)
    const blockedUntil = performance.now() + 1000
    while (performance.now() < blockedUntil);
    expect(rig.sender.hold([write.id], 20_000)).toHaveLength(1)
  })

  it('takes the failure of a write that is not armed', () => {
    const write = { ...rig.write(CLEAR), key: 'unknown' }
    rig.sender.send(write)
    expect(rig.sender.hold([write.id], 20_000)[0]?.result).toMatchObject({ stage: 'not-armed', sent: false })
  })

  it('waits for all of its writes, and leaves others to be delivered', async () => {
    const [other, first, second] = [rig.write(CLEAR), rig.write(CLEAR), rig.write(CLEAR)]
    await remote.control.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'latency', ms: 300 },
      times: 3,
    })
    for (const write of [other, first, second]) rig.sender.send(write)
    const attempts = rig.sender.hold([first.id, second.id], 20_000)
    expect(attempts.map((attempt) => attempt.id).toSorted((a, b) => a - b)).toEqual([first.id, second.id])
    expect(rig.delivered).toEqual([])
    await rig.delivery(other.id)
    expect(rig.delivered.map((attempt) => attempt.id)).toEqual([other.id])
  })

  it('holds for the clear that follows an aborted set', async () => {
    await remote.control.inject({
      match: { path: 'setPresence' },
      fault: { type: 'stall', tookEffect: true },
    })
    const set = rig.write(SET)
    rig.sender.send(set)
    await remote.control.waitForRequest({ path: 'setPresence' })
    const clear = rig.write(CLEAR)
    rig.sender.abort(set.id)
    rig.sender.send(clear)
    const attempts = rig.sender.hold([clear.id], 20_000)
    expect(answerIn(attempts[0]!.result).status).toBe(200)
    expect((await rig.delivery(set.id)).result).toMatchObject({ stage: 'aborted', sent: true })
    expect(await remote.control.listSessions()).toEqual([])
  })

  it('replaces a worker that was killed, and sends again', async () => {
    await remote.control.inject({ match: { path: 'clearPresence' }, fault: { type: 'stall' } })
    const write = rig.write(CLEAR)
    rig.sender.send(write)
    await remote.control.waitForRequest({ path: 'clearPresence' })
    // Its exit can't be told to a thread that is blocked from here on.
    void rig.workers[0]!.terminate()
    const attempts = rig.sender.hold([write.id], 20_000)
    expect(rig.workers).toHaveLength(2)
    expect(answerIn(attempts[0]!.result).status).toBe(404)
    await settle()
    expect(rig.delivered).toEqual([])
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
    expect(rig.workers).toHaveLength(2)
  })

  it('replaces a worker that had died before the write', () => {
    void rig.workers[0]!.terminate()
    const write = rig.write(CLEAR)
    rig.sender.send(write)
    expect(answerIn(rig.sender.hold([write.id], 20_000)[0]!.result).status).toBe(404)
  })

  it('starts a worker where this thread was sending itself', async () => {
    let refusals = 2
    const lame = createRig({
      workerFile: bundle.file,
      startWorker: (file, options) => {
        if (refusals === 0) return startThread(file, options)
        refusals -= 1
        throw new RangeError('no thread')
      },
    })
    try {
      lame.sender.arm(await armamentOf(remote))
      const write = lame.write(CLEAR)
      lame.sender.send(write)
      const attempts = lame.sender.hold([write.id], 20_000)
      expect(attempts.map(({ result }) => answerIn(result).status)).toEqual([404])
    } finally {
      await lame.sender.close()
    }
  })

  it('keeps its bound although no worker lives', () => {
    const broken = createRig({ workerFile: new URL('./no-such-worker.js', import.meta.url) })
    broken.sender.arm({
      key: 'session-under-test',
      graphOrigin: 'https://graph.microsoft.com',
      userId: 'u',
      clientId: 'c',
      accessToken: 'never-sent',
      route: remote.route,
    })
    const write = broken.write(CLEAR)
    const before = performance.now()
    broken.sender.send(write)
    expect(broken.sender.hold([write.id], 1000)).toEqual([])
    expect(performance.now() - before).toBeLessThan(6_000)
    return broken.sender.close()
  })
})
