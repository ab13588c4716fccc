import { describe, expect, it } from 'vitest'
import type { Clock, LogData } from './model.ts'
import { createUpdates, FIRST_LOOK_MS, LOOK_AGAIN_MS } from './updates.ts'

/** Updates with a clock that is moved by hand. `found` is what each look finds; an Error is what it fails with. */
function bench(found: readonly (string | null | Error)[], possible = true) {
  const looks = [...found]
  const installed: boolean[] = []
  const lines: string[] = []
  let wall = 0
  const waiting: { ms: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => ({ wall, mono: 0, jitter: 0 }),
    after(ms, callback) {
      const one = { ms, callback }
      waiting.push(one)
      return () => void waiting.splice(waiting.indexOf(one), 1)
    },
  }
  const line = (event: string, data?: LogData): void => void lines.push(`${event} ${JSON.stringify(data)}`)
  const updates = createUpdates({
    port: possible
      ? {
          fetch() {
            const next = looks.shift() ?? null
            return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
          },
          install(restart) {
            installed.push(restart)
            return true
          },
        }
      : null,
    clock,
    log: { info: line, warn: line, error: line },
  })
  let told = 0
  updates.start(() => (told += 1))
  /** Lets the next wait end, and answers how long it was. */
  const next = async (): Promise<number | undefined> => {
    const one = waiting.shift()
    one?.callback()
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    return one?.ms
  }
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  }
  /** The machine wakes up after this time, in which no timer ran. */
  const sleep = async (ms: number): Promise<void> => {
    wall += ms
    updates.resumed()
    await settle()
  }
  return { updates, installed, lines, waiting, next, sleep, told: () => told }
}

describe('updates', () => {
  it('are looked for after the start and twice a day, and told once', async () => {
    const { updates, next, told } = bench([null, '2.0.0', '2.0.0'])
    expect(await next()).toBe(FIRST_LOOK_MS)
    expect(updates.ready()).toBeNull()
    expect(await next()).toBe(LOOK_AGAIN_MS)
    expect(updates.ready()).toBe('2.0.0')
    expect(await next()).toBe(LOOK_AGAIN_MS)
    expect(told()).toBe(1)
  })

  it('are looked for again after a failure, of which the log tells no address', async () => {
    const { updates, next, lines } = bench([new Error('no way to https://example.com/x?token=1'), '2.0.0'])
    await next()
    expect(lines.join()).toContain('no way to (address)')
    await next()
    expect(updates.ready()).toBe('2.0.0')
  })

  it('are installed when the user quits, and start again only when that was asked for', async () => {
    const quit = bench(['2.0.0'])
    await quit.next()
    quit.updates.quitting(true)
    expect(quit.installed).toEqual([false])
    const restart = bench(['2.0.0'])
    await restart.next()
    restart.updates.restartWanted()
    restart.updates.quitting(true)
    expect(restart.installed).toEqual([true])
  })

  it('are never installed when the system or a program ends the app, nor when there is none', async () => {
    const ready = bench(['2.0.0'])
    await ready.next()
    ready.updates.quitting(false)
    const asked = bench(['2.0.0'])
    await asked.next()
    asked.updates.leaveAsItIs()
    asked.updates.quitting(true)
    const none = bench([null])
    await none.next()
    none.updates.quitting(true)
    expect([...ready.installed, ...asked.installed, ...none.installed]).toEqual([])
  })

  it('are no longer offered once something newer has taken their place and failed', async () => {
    const { updates, next, told, installed } = bench(['2.0.0', new Error('ERR_CHECKSUM_MISMATCH')])
    await next()
    await next()
    expect(updates.ready()).toBeNull()
    expect(told()).toBe(2)
    updates.quitting(true)
    expect(installed).toEqual([])
    // Pressed a moment before: the port starts this version again, as it has nothing to install.
    updates.restartWanted()
    updates.quitting(true)
    expect(installed).toEqual([true])
  })

  it('are looked for after a sleep that was longer than the pause, and not after a nap', async () => {
    const { updates, next, sleep, waiting } = bench([null, '2.0.0'])
    await sleep(LOOK_AGAIN_MS)
    expect(updates.ready()).toBeNull() // The first look is still to come.
    await next()
    await sleep(60_000)
    expect(updates.ready()).toBeNull()
    await sleep(LOOK_AGAIN_MS)
    expect(updates.ready()).toBe('2.0.0')
    expect(waiting).toHaveLength(1)
  })

  it('are not looked for where they are not possible, nor after a stop', () => {
    expect(bench([], false).waiting).toEqual([])
    const stopped = bench(['2.0.0'])
    stopped.updates.stop()
    expect(stopped.waiting).toEqual([])
  })
})
