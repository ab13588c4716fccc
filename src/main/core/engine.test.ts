import { describe, expect, it } from 'vitest'
import { DEFAULT_ATTENDANCE } from './attendance.ts'
import { createEngine, type EnginePorts } from './engine.ts'
import type {
  Armament,
  Attempt,
  AttemptResult,
  PresenceWrite,
  RegistryData,
  SaveResult,
  TokenResult,
} from './model.ts'
import { ALEX, ANSWERS, HOUR, KEY, SECOND } from './world.testing.ts'

/** An engine whose edges are on a bench: every call is noted in order, and each answer is given by hand. */
function bench() {
  const calls: string[] = []
  const armed: Armament[] = []
  const writes: PresenceWrite[] = []
  const timers: { at: number; callback: () => void }[] = []
  let wall = 1_700_000_000_000
  let onAttempt: (attempt: Attempt) => void = () => undefined
  let saveResult: SaveResult = { ok: true }
  let saveMs = 0
  let tokenResult: TokenResult = { type: 'token', accessToken: 'fresh', expiresAt: wall + HOUR }
  let held: readonly AttemptResult[] = []
  let whenSent = (): void => undefined
  let disk: RegistryData = { machineId: 'm', absence: 0, serverOffsetMs: 0, records: [] }
  const attemptOf = (write: PresenceWrite | undefined, result: AttemptResult): Attempt => {
    if (write === undefined) throw new Error('no such write')
    return { id: write.id, key: write.key, clientRequestId: 'c', startedAt: wall, endedAt: wall, result }
  }
  const ports: EnginePorts = {
    clock: {
      now: () => ({ wall, mono: wall, jitter: 0 }),
      after: (ms, callback) => {
        const timer = { at: wall + ms, callback }
        timers.push(timer)
        return () => {
          if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
        }
      },
    },
    sender: {
      arm: (armament) => {
        calls.push('arm')
        armed.push(armament)
      },
      disarm: () => calls.push('disarm'),
      send: (write) => {
        calls.push(`send ${write.body.kind}`)
        writes.push(write)
        const interrupt = whenSent
        whenSent = () => undefined
        interrupt()
      },
      abort: () => calls.push('abort'),
      hold: () => {
        calls.push('hold')
        const [result, ...later] = held
        held = later
        return result === undefined ? [] : [attemptOf(writes.at(-1), result)]
      },
      onAttempt: (listener) => {
        onAttempt = listener
      },
      close: () => Promise.resolve(),
    },
    tokens: {
      acquire: () => {
        calls.push('acquire')
        return Promise.resolve(tokenResult)
      },
      forget: () => {
        calls.push('forget')
        return Promise.resolve()
      },
    },
    registry: {
      load: () => ({ data: disk, problems: [] }),
      save: (data) => {
        calls.push('save')
        wall += saveMs
        if (saveResult.ok) disk = data
        return saveResult
      },
    },
    history: { load: () => ({ data: [], problems: [] }), add: () => ({ ok: true }) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    graphOrigin: () => 'https://graph.example.test',
    route: () => ({ proxyUrl: null, ca: [] }),
  }
  const engine = createEngine(ports, DEFAULT_ATTENDANCE)
  return {
    engine,
    calls,
    armed,
    writes,
    answer: (result: AttemptResult, write = writes.at(-1)) => onAttempt(attemptOf(write, result)),
    failSaves: (problem: SaveResult) => {
      saveResult = problem
    },
    /** How long each write to the disk takes from now on. */
    slowDisk: (ms: number) => {
      saveMs = ms
    },
    /** Time passes while the event loop is busy: no timer fires. */
    busyFor: (ms: number) => {
      wall += ms
    },
    giveTokens: (result: TokenResult) => {
      tokenResult = result
    },
    /** Runs once, in the middle of the plan that sends. */
    onSend: (interrupt: () => void) => {
      whenSent = interrupt
    },
    /** What each hold returns in turn; nothing once they are used up. */
    holdAnswers: (...results: readonly AttemptResult[]) => {
      held = results
    },
    pass: (ms: number) => {
      const end = wall + ms
      for (;;) {
        const next = timers.toSorted((a, b) => a.at - b.at)[0]
        if (next === undefined || next.at > end) break
        timers.splice(timers.indexOf(next), 1)
        wall = Math.max(wall, next.at)
        next.callback()
      }
      wall = end
    },
    signedIn: () => {
      engine.start(false)
      engine.restored([ALEX])
      engine.tokenCame(ALEX, { type: 'token', accessToken: 'first', expiresAt: wall + HOUR })
      calls.length = 0
    },
    disk: () => disk,
  }
}

const lock = { type: 'lock', source: 'system-events', locked: true } as const

describe('engine', () => {
  it('fires, writes and holds, in this order, and has written the outcome before the handler returns', () => {
    const { engine, calls, signedIn, holdAnswers, disk } = bench()
    signedIn()
    holdAnswers(ANSWERS.ok)
    engine.report({ type: 'suspend', holdMs: 3 * SECOND })
    expect(calls).toEqual(['send clear', 'save', 'hold', 'save'])
    expect(disk().records[0]?.due).toBeNull()
    expect(engine.history()).toMatchObject([{ departure: 'sleep', settlement: 'cleared' }])
  })

  it('tries again within the hold when a connection turns out to be dead', () => {
    const { engine, calls, signedIn, holdAnswers, disk } = bench()
    signedIn()
    holdAnswers({ type: 'failure', stage: 'answer', code: 'ECONNRESET', sent: true }, ANSWERS.ok)
    engine.report({ type: 'session-ended', departure: 'shutdown', holdMs: 3 * SECOND })
    expect(calls).toEqual(['send clear', 'save', 'hold', 'send clear', 'save', 'hold', 'save'])
    expect(disk().records[0]?.due).toBeNull()
  })

  it('tries no more than three times in one hold', () => {
    const { engine, calls, signedIn, holdAnswers, disk } = bench()
    signedIn()
    holdAnswers(...Array.from({ length: 10 }, () => ANSWERS.offline))
    engine.report({ type: 'suspend', holdMs: 3 * SECOND })
    expect(calls.filter((call) => call === 'send clear')).toHaveLength(3)
    expect(disk().records[0]?.due).toMatchObject({ departure: 'sleep', attempts: 3 })
  })

  it('goes on when the write fails at a departure, and says so until a write works again', () => {
    const { engine, calls, signedIn, failSaves, answer } = bench()
    signedIn()
    failSaves({ ok: false, problem: { code: 'registry-unwritable', detail: 'ENOSPC' } })
    engine.report(lock)
    expect(calls).toEqual(['send clear', 'save'])
    expect(engine.problems()).toMatchObject([{ code: 'registry-unwritable', detail: 'ENOSPC' }])
    failSaves({ ok: true })
    answer(ANSWERS.ok)
    expect(engine.problems()).toEqual([])
  })

  it('offers to the disk again what it refused, although nothing changes', () => {
    const { engine, signedIn, failSaves, answer, disk, pass } = bench()
    signedIn()
    failSaves({ ok: false, problem: { code: 'registry-unwritable', detail: 'ENOSPC' } })
    engine.report(lock)
    // Only the user can help now: nothing is tried, so nothing changes.
    answer(ANSWERS.forbidden)
    failSaves({ ok: true })
    expect(disk().records).toMatchObject([{ due: null }])
    pass(31 * SECOND)
    expect(disk().records).toMatchObject([{ due: { departure: 'lock' } }])
    expect(engine.problems()).toEqual([])
  })

  it('does not send a set that could not be written', () => {
    const { engine, calls, signedIn, failSaves } = bench()
    signedIn()
    failSaves({ ok: false, problem: { code: 'registry-unwritable', detail: 'ENOSPC' } })
    engine.set('Busy/InACall')
    expect(calls).not.toContain('send set')
    const session = engine.state().sessions[KEY]
    expect(session).toMatchObject({
      setProblem: { code: 'set-not-written', detail: 'ENOSPC' },
      flights: [],
    })
    expect(engine.problems()).toMatchObject([{ code: 'registry-unwritable', detail: 'ENOSPC' }])
    expect(session?.record.own).toBeNull()
  })

  it('arms the sender before the planner hears of a token, so that what waited can go out', () => {
    const { engine, calls, armed } = bench()
    engine.start(false)
    engine.restored([ALEX])
    engine.report(lock)
    expect(calls).not.toContain('send clear')
    engine.tokenCame(ALEX, { type: 'token', accessToken: 'late', expiresAt: 2_000_000_000_000 })
    expect(calls.indexOf('arm')).toBeLessThan(calls.indexOf('send clear'))
    expect(armed.at(-1)).toMatchObject({ accessToken: 'late', graphOrigin: 'https://graph.example.test' })
  })

  it('arms anew when the network changed', () => {
    const { engine, calls, signedIn } = bench()
    signedIn()
    engine.networkChanged()
    expect(calls).toEqual(['arm'])
  })

  it('wakes itself for a retry', () => {
    const { engine, calls, signedIn, answer, pass } = bench()
    signedIn()
    engine.report(lock)
    answer(ANSWERS.offline)
    pass(1_100)
    expect(calls.filter((call) => call === 'send clear')).toHaveLength(2)
  })

  it('wakes itself for a retry that came due while the disk was written', () => {
    const { engine, calls, signedIn, answer, pass, slowDisk } = bench()
    signedIn()
    engine.report(lock)
    slowDisk(1_200)
    answer(ANSWERS.offline)
    slowDisk(0)
    pass(100)
    expect(calls.filter((call) => call === 'send clear')).toHaveLength(2)
  })

  it('wakes itself for a retry that came due when something else had its turn first', () => {
    const { engine, calls, signedIn, answer, pass, busyFor } = bench()
    signedIn()
    engine.report(lock)
    answer(ANSWERS.offline)
    busyFor(1_200)
    engine.addProblem({ code: 'settings-unwritable' })
    pass(100)
    expect(calls.filter((call) => call === 'send clear')).toHaveLength(2)
  })

  it('tells when a departure has let go, also at its deadline', async () => {
    const { engine, signedIn, answer, pass } = bench()
    signedIn()
    let released = 0
    engine.report({ type: 'leaving', departure: 'quit', deadlineMs: 5 * SECOND })
    const waiting = engine.released('quit').then(() => (released += 1))
    answer(ANSWERS.offline)
    await Promise.resolve()
    expect(released).toBe(0)
    pass(5_100)
    await waiting
    expect(released).toBe(1)
    await engine.released('quit')
  })

  it('does not let go before a departure that was reported in the middle of something else had its turn', async () => {
    const { engine, signedIn, answer, writes, onSend } = bench()
    signedIn()
    let released = false
    onSend(() => {
      engine.report({ type: 'leaving', departure: 'quit', deadlineMs: 5 * SECOND })
      void engine.released('quit').then(() => (released = true))
    })
    engine.report(lock)
    await Promise.resolve()
    await Promise.resolve()
    expect(released).toBe(false)
    expect(writes).toHaveLength(1)
    answer(ANSWERS.ok)
    await Promise.resolve()
    await Promise.resolve()
    expect(released).toBe(true)
  })

  it('forgets token and armament once a sign-out is settled', () => {
    const { engine, calls, signedIn, answer } = bench()
    signedIn()
    engine.signOut()
    expect(calls).not.toContain('forget')
    answer(ANSWERS.notFound)
    expect(calls.slice(-2)).toEqual(['disarm', 'forget'])
    expect(engine.token(KEY)).toBeNull()
  })

  it('keeps trouble that was told before it started', () => {
    const { engine } = bench()
    engine.addProblem({ code: 'autostart-unwritable', detail: 'EROFS' })
    engine.start(false)
    expect(engine.problems()).toEqual([{ code: 'autostart-unwritable', detail: 'EROFS' }])
  })

  it('keeps no token of somebody who signed out while it was fetched', () => {
    const { engine, calls, signedIn, answer } = bench()
    signedIn()
    engine.signOut()
    answer(ANSWERS.notFound)
    engine.tokenCame(ALEX, { type: 'token', accessToken: 'late', expiresAt: 2_000_000_000_000 })
    expect(calls.at(-1)).toBe('forget')
    expect(engine.token(KEY)).toBeNull()
  })

  it('takes no word on an old token for one on the token of a later sign-in', async () => {
    const { engine, signedIn, answer, giveTokens } = bench()
    signedIn()
    giveTokens({ type: 'needs-sign-in', problem: { code: 'needs-sign-in' } })
    engine.signOut()
    answer(ANSWERS.unauthorized)
    engine.forgetNow()
    engine.signedIn(ALEX, { accessToken: 'new', expiresAt: 2_000_000_000_000 })
    await Promise.resolve()
    await Promise.resolve()
    expect(engine.state().sessions[KEY]?.signInProblem).toBeNull()
  })

  it('refreshes a refused token and sends again with the new one', async () => {
    const { engine, calls, signedIn, armed, answer } = bench()
    signedIn()
    engine.report(lock)
    answer(ANSWERS.unauthorized)
    expect(calls).toContain('acquire')
    await Promise.resolve()
    await Promise.resolve()
    expect(armed.at(-1)?.accessToken).toBe('fresh')
    expect(calls.filter((call) => call === 'send clear')).toHaveLength(2)
  })

  it('writes nothing before the registry is loaded: a quit then costs nothing of what is owed', async () => {
    const { engine, calls, signedIn } = bench()
    engine.report({ type: 'leaving', departure: 'quit', deadlineMs: 5 * SECOND })
    await engine.released('quit')
    expect(calls).toEqual([])
    signedIn()
    expect(engine.state().attendance.leaving).toBe('quit')
  })

  it('tells its listeners once for each event, after the plan was acted on', () => {
    const { engine, signedIn } = bench()
    signedIn()
    const seen: boolean[] = []
    const stop = engine.subscribe(() => seen.push(engine.state().sessions[KEY]?.record.due !== null))
    engine.report(lock)
    expect(seen).toEqual([true])
    stop()
    engine.retry()
    expect(seen).toHaveLength(1)
  })
})
