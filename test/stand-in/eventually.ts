import { expect } from 'vitest'

/** `expect.poll` with a patience that fits loaded machines (20 s); it still ends as soon as the value is right. */
export const eventually = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
  expect.poll(read, { timeout: 20_000, interval: 50 })
