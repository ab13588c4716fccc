/** Waiting with a limit, on the clock that tests move. */
import type { Clock } from '../core/model.ts'

/** The value of `work`, or `late` when it took longer than `ms`; a rejection stays one. The work itself goes on. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | 'late'> {
  let cancel = (): void => undefined
  const limit = new Promise<'late'>((resolve) => {
    cancel = clock.after(ms, () => resolve('late'))
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    cancel()
  }
}
