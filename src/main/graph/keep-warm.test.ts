import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Http } from './http.ts'
import { keepWarm, type Warmth } from './keep-warm.ts'

const ORIGIN = 'https://graph.microsoft.com'

/** Connections that open at once, or not at all. */
function fakeHttp() {
  let closed: () => void = () => undefined
  const state = { idle: 0, opened: 0, fails: false, dropped: 0 }
  const http = {
    warm: () => {
      state.opened += 1
      if (state.fails) return Promise.reject(new Error('unreachable'))
      state.idle = 1
      return Promise.resolve()
    },
    idle: () => state.idle,
    onClosed: (listener: () => void) => {
      closed = listener
    },
    dropIdle: () => {
      state.dropped += 1
      if (state.idle > 0) close()
    },
  } satisfies Partial<Http>
  const close = (): void => {
    state.idle = 0
    closed()
  }
  // Only these members are used by what is tested here.
  return { http: http as unknown as Http, state, close }
}

let warmth: Warmth | null = null
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  warmth?.stop()
  vi.useRealTimers()
})

describe('keeping a connection warm', () => {
  it('opens one at once, and no second one while it is idle', async () => {
    const { http, state } = fakeHttp()
    warmth = keepWarm(http, ORIGIN)
    await vi.advanceTimersByTimeAsync(0)
    expect(state.opened).toBe(1)
    warmth.check()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(state.opened).toBe(1)
  })

  it('opens another soon after one that lived long has closed', async () => {
    const { http, state, close } = fakeHttp()
    warmth = keepWarm(http, ORIGIN)
    await vi.advanceTimersByTimeAsync(120_000)
    close()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(state.opened).toBe(2)
  })

  it('asks ever more seldom where connections die young or fail, at least once a minute or so', async () => {
    const { http, state } = fakeHttp()
    state.fails = true
    warmth = keepWarm(http, ORIGIN)
    await vi.advanceTimersByTimeAsync(60_000)
    const first = state.opened
    expect(first).toBeLessThan(10)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(state.opened - first).toBeGreaterThanOrEqual(7)
    expect(state.opened - first).toBeLessThan(16)
  })

  it('does not wait for its turn when it is told that the network changed', async () => {
    const { http, state } = fakeHttp()
    state.fails = true
    warmth = keepWarm(http, ORIGIN)
    await vi.advanceTimersByTimeAsync(300_000)
    state.fails = false
    const before = state.opened
    warmth.refresh()
    await vi.advanceTimersByTimeAsync(0)
    expect(state.opened).toBe(before + 1)
    expect(state.idle).toBe(1)
    warmth.refresh()
    await vi.advanceTimersByTimeAsync(0)
    expect(state.opened).toBe(before + 2)
  })

  it('drops what was idle while the machine slept', async () => {
    const { http, state } = fakeHttp()
    warmth = keepWarm(http, ORIGIN)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(state.dropped).toBe(0)
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(15_100)
    expect(state.dropped).toBe(1)
    expect(state.opened).toBe(2)
  })

  it('ends when it is stopped', async () => {
    const { http, state, close } = fakeHttp()
    warmth = keepWarm(http, ORIGIN)
    await vi.advanceTimersByTimeAsync(0)
    warmth.stop()
    close()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(state.opened).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
