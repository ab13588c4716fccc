import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DEMO_CLIENT_ID, DEMO_USER_ID } from '../simulator/directory.ts'
import {
  answerIn,
  armamentOf,
  CLEAR,
  createRig,
  KEY,
  SET,
  startRemote,
  until,
  untilWarm,
  type Remote,
  type Rig,
} from './rig.ts'
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
})
afterEach(async () => {
  await rig.sender.close()
  await remote.control.removeAllFaults()
  await remote.control.dropConnections('reset')
  for (const session of await remote.control.listSessions()) {
    await remote.control.removeSession(session.userId, session.clientId)
  }
  await remote.control.clearJournal()
})

/** How many tunnels were asked for. */
async function connects(): Promise<number> {
  return (await remote.control.journal()).filter((record) => record.kind === 'connect').length
}

describe('writes', () => {
  it('sets and clears as Graph documents it', async () => {
    const set = await rig.attempt(SET)
    expect(answerIn(set.result)).toMatchObject({
      status: 200,
      requestId: expect.any(String) as string,
      errorCode: '',
    })
    expect(await remote.control.listSessions()).toHaveLength(1)
    const clear = await rig.attempt(CLEAR)
    expect(answerIn(clear.result).status).toBe(200)
    expect(await remote.control.listSessions()).toHaveLength(0)
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)

    const writes = (await remote.control.journal()).filter((record) => record.kind === 'graph')
    expect(writes.map((record) => record.path)).toEqual([
      `/v1.0/users/${DEMO_USER_ID}/presence/setPresence`,
      `/v1.0/users/${DEMO_USER_ID}/presence/clearPresence`,
      `/v1.0/users/${DEMO_USER_ID}/presence/clearPresence`,
    ])
    expect(writes[0]?.body).toEqual({
      sessionId: DEMO_CLIENT_ID,
      availability: 'Busy',
      activity: 'InACall',
      expirationDuration: 'PT15M',
    })
    expect(writes[1]?.body).toEqual({ sessionId: DEMO_CLIENT_ID })
    expect(writes.map((record) => record.clientRequestId)).toEqual([
      set.clientRequestId,
      clear.clientRequestId,
      rig.delivered[2]?.clientRequestId,
    ])
    expect(new Set(writes.map((record) => record.clientRequestId)).size).toBe(3)
    expect(clear.endedAt).toBeGreaterThanOrEqual(clear.startedAt)
  })

  it('goes out on the connection that was opened ahead of need', async () => {
    await untilWarm(remote)
    const connects = (await remote.control.journal()).filter((record) => record.kind === 'connect')
    expect(connects).toHaveLength(1)
    await rig.attempt(CLEAR)
    const clear = (await remote.control.journal()).find((record) => record.kind === 'graph')
    expect(clear?.connection).toBe(connects[0]?.connection)
  })

  it('opens another connection when the idle one is closed', async () => {
    await untilWarm(remote)
    await remote.control.dropConnections('close')
    await until(async () => (await remote.control.connections()) === 0)
    await until(async () => (await remote.control.connections()) === 1)
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
  })

  it('opens another connection at each arming: the network may have changed', async () => {
    await untilWarm(remote)
    rig.sender.arm(await armamentOf(remote))
    await until(async () => (await connects()) === 2)
    await until(async () => (await remote.control.connections()) === 1)
    await rig.attempt(CLEAR)
    const clear = (await remote.control.journal()).findLast((record) => record.kind === 'graph')
    expect(clear?.connection).toBe(
      (await remote.control.journal()).findLast((record) => record.kind === 'connect')?.connection,
    )
    expect(await connects()).toBe(2)
  })

  it('survives an idle connection that is reset in the moment of the write', async () => {
    await untilWarm(remote)
    await remote.control.dropConnections('reset')
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
  })

  it('aborts a write, and what comes after it is sent at once', async () => {
    await remote.control.inject({ match: { path: 'setPresence' }, fault: { type: 'stall' } })
    const set = rig.write(SET)
    rig.sender.send(set)
    await remote.control.waitForRequest({ path: 'setPresence' })
    rig.sender.abort(set.id)
    const clear = await rig.attempt(CLEAR)
    expect(answerIn(clear.result).status).toBe(404)
    expect((await rig.delivery(set.id)).result).toEqual({
      type: 'failure',
      sent: true,
      stage: 'aborted',
      code: 'ABORTED',
    })
    const record = await remote.control.waitForRequest({ path: 'setPresence', outcome: 'dropped' })
    expect(record.tookEffect).toBe(false)
  })

  it('never calls a write unsent whose first try went out and was reset, whatever its second try met', async () => {
    await rig.attempt(CLEAR)
    await untilWarm(remote)
    const match = { host: 'graph.microsoft.com' }
    await remote.control.inject({ match: { path: 'setPresence' }, fault: { type: 'lost-answer' } })
    await remote.control.inject({ match, fault: { type: 'refuse' }, times: 'until-removed' })
    expect((await rig.attempt(SET)).result).toMatchObject({ type: 'failure', stage: 'proxy', sent: true })
    expect(await remote.control.listSessions()).toHaveLength(1)
  })

  it('gives up at the deadline of the write', async () => {
    await remote.control.inject({ fault: { type: 'stall' }, match: { path: 'clearPresence' } })
    const attempt = await rig.attempt(CLEAR, 300)
    expect(attempt.result).toEqual({ type: 'failure', sent: true, stage: 'timeout', code: 'ETIMEDOUT' })
  })

  it('refuses to write for a session that is not armed', async () => {
    rig.sender.disarm(KEY)
    expect((await rig.attempt(CLEAR)).result).toEqual({
      type: 'failure',
      sent: false,
      stage: 'not-armed',
      code: '',
    })
  })

  it('takes the token of the last arming', async () => {
    rig.sender.arm(await armamentOf(remote, { accessToken: 'not-a-token' }))
    expect(answerIn((await rig.attempt(CLEAR)).result)).toMatchObject({
      status: 401,
      errorCode: 'InvalidAuthenticationToken',
    })
    rig.sender.arm(await armamentOf(remote))
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
  })

  it('leaves the old proxy when the route changes', async () => {
    await untilWarm(remote)
    const other = await startRemote()
    try {
      rig.sender.arm(await armamentOf(other))
      expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
      expect((await other.control.journal()).some((record) => record.kind === 'graph')).toBe(true)
      await until(async () => (await remote.control.connections()) === 0)
    } finally {
      await rig.sender.close()
      await other.close()
    }
  })
})

describe('a worker that dies', () => {
  it('is replaced, armed again, and its open write has failed', async () => {
    await remote.control.inject({ match: { path: 'clearPresence' }, fault: { type: 'stall' } })
    const lost = rig.write(CLEAR)
    rig.sender.send(lost)
    await remote.control.waitForRequest({ path: 'clearPresence' })
    await rig.kill()
    expect((await rig.delivery(lost.id)).result).toMatchObject({
      type: 'failure',
      sent: true,
      stage: 'worker',
    })
    expect(answerIn((await rig.attempt(CLEAR)).result).status).toBe(404)
    expect(rig.workers).toHaveLength(2)
  })

  it('delivers what it had reported before', async () => {
    const write = rig.write(CLEAR)
    rig.sender.send(write)
    await remote.control.waitForRequest({ path: 'clearPresence', outcome: 'answered' })
    // This thread sees neither report nor exit until the next turn of its loop.
    const blockedUntil = performance.now() + 500
    while (performance.now() < blockedUntil);
    await rig.kill()
    expect(answerIn((await rig.delivery(write.id)).result).status).toBe(404)
  })

  it('leaves nothing unsent: what it never began is sent by the next', async () => {
    const write = rig.write(CLEAR)
    const fresh = createRig({ workerFile: bundle.file })
    try {
      fresh.sender.arm(await armamentOf(remote))
      void fresh.workers[0]!.terminate()
      fresh.sender.send(write)
      expect(answerIn((await fresh.delivery(write.id)).result).status).toBe(404)
    } finally {
      await fresh.sender.close()
    }
  })
})

describe('without a worker', () => {
  it('main sends itself when the file is missing', async () => {
    const lame = createRig({ workerFile: new URL('./no-such-worker.js', import.meta.url) })
    try {
      lame.sender.arm(await armamentOf(remote))
      expect(answerIn((await lame.attempt(CLEAR)).result).status).toBe(404)
      expect(lame.log.lines.join('\n')).toContain('sender-without-worker')
      const held = lame.write(CLEAR)
      lame.sender.send(held)
      expect(lame.sender.hold([held.id], 3000)).toEqual([])
      expect(answerIn((await lame.delivery(held.id)).result).status).toBe(404)
    } finally {
      await lame.sender.close()
    }
  })

  it('main sends itself when no thread can be started', async () => {
    const lame = createRig({
      startWorker: () => {
        throw new RangeError('no thread')
      },
    })
    try {
      lame.sender.arm(await armamentOf(remote))
      expect(answerIn((await lame.attempt(CLEAR)).result).status).toBe(404)
    } finally {
      await lame.sender.close()
    }
  })
})

it('keeps no process alive although it is never closed', async () => {
  const file = fileURLToPath(new URL('./lonely-sender.ts', import.meta.url))
  const env = { ...process.env, ARMAMENT: JSON.stringify(await armamentOf(remote)) }
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env, timeout: 50_000 })
  expect(stdout.trim()).toBe('404')
})

it('never logs a token', async () => {
  await rig.attempt(SET)
  await rig.kill()
  await rig.attempt(CLEAR)
  const text = rig.log.lines.join('\n')
  expect(text).toContain('sender-worker-ended')
  for (const secret of await remote.control.issuedTokens()) expect(text).not.toContain(secret)
})

it('says that a closed sender sends nothing', async () => {
  const write = rig.write(CLEAR)
  await rig.sender.close()
  rig.sender.send(write)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect((await remote.control.journal()).some((record) => record.kind === 'graph')).toBe(false)
})
