import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClock } from './clock.ts'

const DAY = 86_400_000
/** Longer than one setTimeout can wait (2^31 - 1 ms, about 24.9 days). */
const LONG = 60 * DAY

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the clock', () => {
  it('calls back once, when it is time', () => {
    const called = vi.fn()
    createClock().after(1_000, called)
    vi.advanceTimersByTime(999)
    expect(called).not.toHaveBeenCalled()
    vi.advanceTimersByTime(DAY)
    expect(called).toHaveBeenCalledTimes(1)
  })

  it('waits longer than setTimeout can', () => {
    const called = vi.fn()
    createClock().after(LONG, called)
    vi.advanceTimersByTime(LONG - 1)
    expect(called).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(called).toHaveBeenCalledTimes(1)
  })

  it.each([0, -5, Number.NaN])('takes %d for at once', (ms) => {
    const called = vi.fn()
    createClock().after(ms, called)
    vi.advanceTimersByTime(1)
    expect(called).toHaveBeenCalledTimes(1)
  })

  it('cancels, also in the second part of a long wait', () => {
    const called = vi.fn()
    const cancel = createClock().after(LONG, called)
    vi.advanceTimersByTime(30 * DAY)
    cancel()
    vi.advanceTimersByTime(LONG)
    expect(called).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('reads both clocks and a number to spread by', () => {
    const clock = createClock()
    const before = clock.now()
    vi.advanceTimersByTime(500)
    const after = clock.now()
    expect(after.wall - before.wall).toBe(500)
    expect(after.mono - before.mono).toBe(500)
    expect(after.jitter >= 0 && after.jitter < 1).toBe(true)
  })
})
