/** Waiting for something to become true. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until the answer is neither false nor undefined, and gives it back.
 * @throws Error naming `what` after `ms` of real time.
 */
export async function until<T>(
  what: string,
  ms: number,
  ask: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== false && answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`)
    await sleep(20)
  }
}
