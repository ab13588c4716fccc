/** Windows takes the process away the instant the last handler returns: the clear is answered before that. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEEDS_STAND_IN, setUpDesk } from './desk.ts'
import { type Ended, type Ending, setUpWindows, type WindowsMachine } from './windows-session.ts'

/** Each way once; `npm run bench:session-end` does it fifty times. */
const WAYS: readonly (Ending & { readonly name: string })[] = [
  { name: 'over the warm connection', connection: 'warm' },
  { name: 'over a cold connection', connection: 'cold' },
  { name: 'where Atomics.wait is refused', connection: 'warm', sabotage: 'wait' },
  { name: 'where Atomics.wait is refused, cold', connection: 'cold', sabotage: 'wait' },
  {
    name: 'by a new worker, when the old one dies at the question',
    connection: 'warm',
    sabotage: 'worker-at-query',
  },
  {
    name: 'by a new worker, when the old one dies at the end',
    connection: 'warm',
    sabotage: 'worker-at-end',
  },
  { name: 'by a new worker, cold', connection: 'cold', sabotage: 'worker-at-end' },
]

describe.skipIf(NEEDS_STAND_IN)('the end of a Windows session, every byte 100 ms late each way', () => {
  let machine: WindowsMachine
  beforeAll(async () => {
    machine = await setUpWindows()
  })
  afterAll(() => machine[Symbol.asyncDispose]())

  it.each(WAYS)('is answered before the process is taken away, $name', async (way) => {
    const ended = await machine.end(way)
    expect(ended, ended.log).toMatchObject({ answered: true, known: true, exit: 'SIGKILL' })
    if (way.sabotage === undefined)
      expect(ended).toMatchObject({ clears: 1, warm: way.connection === 'warm' })
  })

  it('is let go within its bound when Graph never answers, and stays due', async () => {
    const ended: Ended = await machine.end({ connection: 'warm', silent: true })
    expect(ended, ended.log).toMatchObject({ answered: false, known: false, clears: 1, exit: 'SIGKILL' })
    expect(ended.tookMs).toBeGreaterThan(2_500)
    expect(ended.tookMs).toBeLessThan(5_000)
  })
})

describe.skipIf(NEEDS_STAND_IN)('a shutdown of Windows', () => {
  it('by an installer, of this app alone, is a quit', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.signIn()
    await desk.says(/^On\./)
    desk.otherProgramCalls()
    expect(await desk.app.queryEndSession(['close-app'])).toBe(true)
    await desk.until(() => desk.held().length === 0, 'the clear')
    expect(await desk.app.endSession(['close-app'])).toBe('SIGKILL')
    expect(desk.kinds()).toEqual(['clear'])
    const reported = desk.log().match(/"session-(ending|ended)","departure":"[a-z-]+"/g)
    expect(reported).toEqual(['"session-ending","departure":"quit"', '"session-ended","departure":"quit"'])
  })

  it('that an installer began is a shutdown, not a quit', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.app.window()
    await desk.app.queryEndSession(['close-app', 'shutdown'])
    await desk.until(() => desk.log().includes('"session-ending","departure":"shutdown"'), 'the report')
  })

  it('that another program cancelled is a return; with lock and sleep around it, it makes one request', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.signIn()
    await desk.says(/^On\./)
    desk.otherProgramCalls()
    // Never a veto.
    expect(await desk.app.queryEndSession(['shutdown'])).toBe(true)
    await desk.until(() => desk.kinds().length === 1, 'the clear')
    await desk.says(/^Cleared /)
    // Somebody types, and no end comes: a call that starts now is a live one.
    await desk.app.setIdle({ state: 'active', seconds: 0 })
    await desk.advance(75_000)
    desk.otherProgramCalls()
    await desk.advance(60_000)
    expect(desk.kinds()).toEqual(['clear'])
    expect(desk.held()).toEqual(['Busy/InACall'])

    // The next shutdown is a departure of its own, and lock, sleep and shutdown within a second are one request.
    await Promise.all([
      desk.app.power('lock-screen'),
      desk.app.power('suspend'),
      desk.app.queryEndSession(['logoff']),
    ])
    expect(await desk.app.endSession(['logoff'])).toBe('SIGKILL')
    expect(desk.kinds()).toEqual(['clear', 'clear'])
    expect(desk.held()).toEqual([])
  })
})
