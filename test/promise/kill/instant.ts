/** Kills the process at the planned instant of a move, and tells where that was. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestRecord } from '../../simulator/index.ts'
import type { Desk } from './desk.ts'
import { LATE_MS } from './desk.ts'
import type { Instant } from './plan.ts'
import { within } from './process.ts'

/** An instant that has not come this long after the move was played and the last write ended comes no more, ms. */
const IN_VAIN_MS = 400
/** Longest wait for an instant, ms; then it is killed all the same. */
const LONGEST_MS = 10_000

/** Where a kill hit, in words for the totals. */
export type Phase = string

/**
 * Lets a move begin and kills the process at the instant. Waits for the end of both.
 * @returns where it hit: seen from the file that was being written, the app's log and Graph's journal.
 */
export async function killDuring(desk: Desk, instant: Instant, move: () => Promise<void>): Promise<Phase> {
  const app = desk.app()
  const known = desk.writes().at(-1)?.seq ?? 0
  rmSync(desk.mark, { force: true })
  await prepare(desk, instant)
  if (app.ended() !== undefined) return 'ended before'
  // The move ends with the process; what it then reports is nothing about the app.
  let played = false
  const playing = move()
    .catch(() => undefined)
    .finally(() => (played = true))
  await reach(desk, instant, known, () => played)
  const wasThere = app.ended()
  const seen = wasThere === undefined ? look(desk, known) : ''
  await app.kill()
  await playing
  const itself = markOf(desk)
  if (itself !== null) return itself
  if (wasThere === 'SIGKILL') return 'the system ended the process'
  return wasThere === undefined ? seen : 'the process had ended by itself'
}

/** Where a process killed itself; null when it did not. Its end alone may come too late to tell it from ours. */
function markOf({ mark }: Desk): Phase | null {
  try {
    return readFileSync(mark, 'utf8')
  } catch {
    return null
  }
}

async function prepare({ simulator, app }: Desk, instant: Instant): Promise<void> {
  if (instant.kind === 'arrived' || instant.kind === 'effect') {
    const where = instant.kind === 'arrived' ? 'request' : 'answer'
    for (const path of ['setPresence', 'clearPresence']) {
      simulator.inject({ match: { path }, fault: { type: 'latency', ms: LATE_MS, where } })
    }
  }
  if (instant.kind === 'write') {
    const { file, point, left } = instant
    await app()
      .callHook('dieAt', { file, point, left })
      .catch(() => undefined) // It has just ended, as an earlier move asked.
  }
}

async function reach(desk: Desk, instant: Instant, known: number, played: () => boolean): Promise<void> {
  const newest = (): RequestRecord | undefined => desk.writes().find(({ seq }) => seq > known)
  let quietSince = Infinity
  const inVain = (): boolean => {
    const quiet = played() && desk.log.openWrites() === 0
    quietSince = quiet ? Math.min(quietSince, performance.now()) : Infinity
    return performance.now() - quietSince > IN_VAIN_MS
  }
  const until = (check: () => boolean): Promise<boolean> =>
    within(LONGEST_MS, () => desk.app().ended() !== undefined || check() || inVain())
  switch (instant.kind) {
    case 'delay':
      await sleep(instant.ms)
      return
    case 'arrived':
      await until(() => newest() !== undefined)
      return
    case 'effect':
      await until(() => newest()?.tookEffect === true)
      return
    case 'answered':
      await until(() => (newest()?.outcome ?? 'open') !== 'open')
      if (instant.ms > 0) await sleep(instant.ms)
      return
    case 'write':
      await until(() => false)
  }
}

/** Where the process is at this moment, by what can be seen from outside. */
function look(desk: Desk, known: number): Phase {
  if (readdirSync(desk.userDataDir).some((name) => name.endsWith('.tmp'))) return 'in a write'
  const write = desk.writes().findLast(({ seq }) => seq > known)
  if (desk.log.openWrites() === 0) return write === undefined ? 'before any request' : 'answer taken in'
  if (write === undefined) return 'request on its way'
  if (write.outcome === 'answered') return 'answer on its way'
  return write.tookEffect ? 'request took effect, no answer' : 'request open at Graph'
}
