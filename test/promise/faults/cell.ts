/** Plays one cell of the matrix: a call, a fault, a departure, the fault's end, and the time until the age limit. */
import type { Departure, Found } from './departures.ts'
import type { Fault } from './faults.ts'
import { judge, type Kind, LONGEST_WAIT_MS, type Outcome, settledAt } from './judge.ts'
import type { Station } from './station.ts'

/** What came of one cell. */
export interface Cell {
  readonly fault: Fault
  readonly departure: Departure
  readonly kind: Kind
  readonly outcome: Outcome | 'error'
  /** The outcome is one that is right here. */
  readonly right: boolean
  /** What the window said that was new, with the expected words first if they came. */
  readonly said: string
  /** The expected words came. */
  readonly told: boolean
  /** What went wrong, for the report. */
  readonly detail: string
  readonly seconds: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** How long the fault lasts, if it ends. */
const FAULT_MS = MINUTE
/** Our own back-off is never longer than 30 s; a little more, in steps that leave a slow machine some of it, ms. */
const BACK_OFF = { ms: LONGEST_WAIT_MS, stepMs: SECOND } as const
/** A machine that is off, until it is started again, ms. */
const OFF_MS = 20 * SECOND
/**
 * Age limits (docs/architecture.md, "Order and time"): a lease of 15 minutes, renewed at half of it, with 10 s for the
 * request and a minute on top; 15 minutes for what another program set. And the time in which the poll sees that nobody is
 * there and a slow machine gets to it, ms.
 */
const LIMIT_MS = { own: 16 * MINUTE + 20 * SECOND, assumed: 15 * MINUTE + 30 * SECOND } as const
/** Long enough for a start to get a token and to renew what it finds, ms. */
const SETTLING_MS = 15 * SECOND
/** The time over which nothing more may be sent, ms. */
const AFTERWARDS_MS = 2 * MINUTE

/** Plays one cell at a station that is ready. Leaves it as it is. */
export async function play(station: Station, fault: Fault, departure: Departure, kind: Kind): Promise<Cell> {
  const began = performance.now()
  const { desk } = station
  const { simulator } = desk
  await station.ready()
  const before = new Set(await station.lines())
  const history = station.newest()?.at
  const seen: string[] = []
  const look = async (): Promise<void> => {
    for (const line of await station.lines()) if (!before.has(line) && !seen.includes(line)) seen.push(line)
  }
  const wanted = typeof fault.sees === 'function' ? fault.sees(departure, kind) : fault.sees
  const told = (): boolean => wanted.test(seen.join('\n'))

  // The call, and the fault.
  await fault.prepare?.(desk)
  if (fault.refusesSet === true && kind === 'own') {
    await desk.press('Busy, in a call')
    await desk.shows(/Not set: /)
    await look()
  } else await station.call(kind)
  if (departure.ends === undefined && fault.start !== undefined) {
    await killed(station)
    await startWith(station, fault, 'present')
    // What it finds of its own is renewed: no set may be on its way when the user leaves.
    await desk.advance(SETTLING_MS, 5 * SECOND)
    await look()
  }
  await fault.inject?.(desk)
  const [left] = simulator.listSessions()
  const leftAt = simulator.now()
  const mark = simulator.journal().at(-1)?.seq ?? 0
  const writes = (): ReturnType<typeof desk.writes> => desk.writes().filter(({ seq }) => seq > mark)
  let killedAt: number | null = null
  let actsFrom = leftAt
  let healedAt: number | null = null
  const settled = (): boolean => settledAt(writes(), desk.writes(), killedAt, fault.agesLost) !== -1

  // The departure.
  if (!(await offers(station, departure.button))) {
    await look()
    const outcome = 'not-offered'
    const seconds = (performance.now() - began) / SECOND
    const said = seen.join(' / ')
    return { fault, departure, kind, outcome, right: told(), said, told: told(), detail: '', seconds }
  }
  await departure.leave(desk)
  const { ends } = departure
  if (ends === undefined) await fault.during?.(desk)
  else {
    await desk.app.exit
    if (departure.kills === true) killedAt = Date.now()
    simulator.clock.advance(OFF_MS)
    await startWith(station, fault, ends)
    if (departure.kills === true) actsFrom = simulator.now()
  }
  // As long as the fault lasts; seen as soon as it can be, and not only at the end.
  for (
    let step = 5 * SECOND;
    simulator.now() - leftAt < FAULT_MS + OFF_MS;
    step = told() ? 15 * SECOND : step
  ) {
    await look()
    await desk.advance(step)
  }
  await look()

  // Its end.
  const away: Found = departure.stays === true || ends === 'present' ? 'present' : 'locked'
  const limitAt = leftAt + LIMIT_MS[kind]
  const until = async (at: number, stepMs: number): Promise<void> => {
    while (simulator.now() < at && !settled()) await desk.advance(Math.min(stepMs, at - simulator.now()))
  }
  if (fault.mend !== undefined) {
    await station.back(departure)
    // Who is signing out is only asked to wait, or to forget what is owed.
    const mends = await offers(station, /^sign in( again)?$/i)
    if (mends) await fault.mend(desk)
    await desk.until(async () => !(await desk.sentence()).startsWith('Signing'), 'the end of the sign-in')
    if (mends) healedAt = simulator.now()
  } else if (fault.heal !== undefined) {
    await fault.heal(desk, away)
    healedAt = simulator.now()
  }
  await until(simulator.now() + BACK_OFF.ms, BACK_OFF.stepMs)
  await until(limitAt, MINUTE)
  await look()

  // Judged, and a call is taken elsewhere, which nothing may touch from now on.
  const held = simulator.listSessions()
  const newest = station.newest()
  const confirmed = newest?.at !== history && newest?.settlement === 'not-confirmed'
  desk.otherProgramCalls()
  const elsewhereAt = simulator.now()
  await desk.advance(Math.max(AFTERWARDS_MS, limitAt - elsewhereAt), 2 * MINUTE)
  if (fault.mend === undefined) await station.back(departure)
  await desk.advance(15 * SECOND)
  const outcome = judge({
    kind,
    left,
    held,
    writes: writes(),
    all: desk.writes(),
    killedAt,
    elsewhereAt,
    elsewhereStands: simulator.listSessions().length === 1,
    limitAt,
    ...{ actsFrom, healedAt, deadlineMs: departure.deadlineMs },
    blocked: typeof fault.blocks === 'function' ? fault.blocks(departure) : fault.blocks,
    retryAfterMs: fault.retryAfterMs ?? 0,
    swallows: fault.swallows === true,
    agesLost: fault.agesLost === true,
    told: confirmed || (told() && outOfHistory(fault)),
  })
  const expected = fault.right(departure, kind)
  const right = expected.includes(outcome)
  const words = seen.filter((line) => wanted.test(line))
  return {
    ...{ fault, departure, kind, outcome, right, told: told() },
    said: (words.length > 0 ? words : seen).join(' / '),
    detail: right
      ? ''
      : `${outcome}, expected ${expected.join(' or ')}; left ${timeOf(leftAt)}, acts from ${timeOf(actsFrom)}, healed ${healedAt === null ? 'never' : timeOf(healedAt)}; writes: ${describe(writes())}; log: ${logEnd(desk.log())}`,
    seconds: (performance.now() - began) / SECOND,
  }
}

/** Whether the window has this button now. */
async function offers({ desk }: Station, name: string | RegExp | undefined): Promise<boolean> {
  if (name === undefined) return true
  return (await (await desk.app.window()).getByRole('button', { name }).count()) > 0
}

/** The window tells it by a notice of its own where the record itself is gone or can't be written. */
function outOfHistory({ start, refusesSet }: Fault): boolean {
  return start !== undefined || refusesSet === true
}

async function killed({ desk }: Station): Promise<void> {
  process.kill(desk.app.pid, 'SIGKILL')
  await desk.app.exit
}

async function startWith(station: Station, fault: Fault, found: Found): Promise<void> {
  const { env, files, then } = fault.start ?? {}
  await station.startAgain(found, {
    env: { ...env, ...fault.env?.(station.desk) },
    ...(files === undefined ? {} : { files }),
  })
  await then?.(station.desk, found)
}

function describe(writes: ReturnType<Station['desk']['writes']>): string {
  return writes
    .map(({ path, status, outcome, simulatedMs }) => {
      const what = path.split('/').at(-1) ?? ''
      return `${timeOf(simulatedMs)} ${what} ${String(status ?? outcome)}`
    })
    .join(', ')
}

function timeOf(simulatedMs: number): string {
  return new Date(simulatedMs).toISOString().slice(11, 23)
}

function logEnd(log: string): string {
  return log.split('\n').slice(-40).join('\n')
}

/** A cell that could not be played to its end. */
export function broken(fault: Fault, departure: Departure, kind: Kind, error: unknown): Cell {
  const cause = error instanceof Error && error.cause instanceof Error ? `\n${error.cause.message}` : ''
  const text = error instanceof Error ? error.message + cause : String(error)
  return {
    ...{ fault, departure, kind, outcome: 'error', right: false, said: '', told: false, seconds: 0 },
    detail: text.slice(0, 3_000),
  }
}

/** Whether a station is fit for another cell after this fault: no start, clock or token of it is left. */
export function leavesStationAsItWas(fault: Fault): boolean {
  return fault.start === undefined && fault.env === undefined && fault.prepare === undefined
}
