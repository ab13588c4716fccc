/** The app's side of these tests: the desktop as main hears it, on buses of the test's own. */
import { createClock } from '../../src/main/platform/clock.ts'
import { type LinuxDesktop, watchLinuxDesktop } from '../../src/main/platform/departures/linux-desktop.ts'
import type { AttendanceEvent } from '../../src/main/core/attendance.ts'
import type { Log, LogData } from '../../src/main/core/model.ts'

/** What was heard. */
export interface Listening extends Disposable {
  readonly desktop: LinuxDesktop
  /** Every report since the start, shortened: `locked`, `unlocked`, `lock-requested`, `used`, `switched`, `back`; `found …`. */
  readonly heard: readonly string[]
  /** Everything logged, one line for each event. */
  log(): string
}

/** Longest wait of a test for what should come at once, ms. */
export const WAIT = { timeout: 10_000, interval: 5 } as const

/** Starts hearing, and waits until the first state is known. */
export async function listen(env: Readonly<Record<string, string | undefined>>): Promise<Listening> {
  const lines: string[] = []
  const log = recorder(lines)
  const desktop = watchLinuxDesktop({
    ...{ env, clock: createClock(), log },
    ...{ pid: process.pid, uid: process.getuid?.() ?? 0 },
  })
  const heard: string[] = []
  await desktop.known(10_000)
  desktop.begin((event) => heard.push(short(event)))
  return {
    ...{ desktop, heard },
    log: () => lines.join('\n'),
    [Symbol.dispose]: desktop.stop,
  }
}

/** A log that keeps its lines. */
export function recorder(lines: string[]): Log {
  const write = (event: string, data: LogData = {}): void => {
    lines.push(`${event} ${JSON.stringify(data)}`)
  }
  return { info: write, warn: write, error: write }
}

function short(event: AttendanceEvent): string {
  const found = 'found' in event && event.found ? 'found ' : ''
  if (event.type === 'lock') return found + (event.locked ? 'locked' : 'unlocked')
  if (event.type === 'switched') return found + (event.away ? 'switched' : 'back')
  return event.type
}
