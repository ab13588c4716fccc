/** A world as a short text: two worlds with the same text behave alike from here on. Times count from now, old ages are alike. */
import type { Due, Own, Stamp } from '../../../src/main/core/model.ts'
import type { Session, Standing } from '../../../src/main/core/state.ts'
import { KEYS, nowIn, type World } from './world.ts'

/** No rule looks further back than the longest lease and its margin, ms. */
const OLDEST_AGE_MS = 17 * 60_000
/** A moment that has passed only matters against the sending of a request that may still be on its way, ms. */
const OLDEST_MOMENT_MS = 16_000

/** The text of a world. */
export function keyOf(world: World): string {
  const offset = (world.state ?? world.disk).serverOffsetMs
  const now = nowIn(world).wall + offset
  const { mono: monoNow } = nowIn(world)
  const age = (stamp: Stamp): string => {
    // What the two clocks say of it differs by the sleep since, and by what was learnt of the clock.
    const differs = stamp.mono === null ? 0 : now - stamp.wall - (monoNow - stamp.mono)
    return `${Math.min(OLDEST_AGE_MS, now - stamp.wall)}${differs === 0 ? '' : `~${differs}`}`
  }
  const moment = (stamp: Stamp | null): string =>
    stamp === null ? '-' : String(Math.max(-OLDEST_MOMENT_MS, stamp.wall - now))
  const { state, disk } = world
  const absence = state?.absence ?? disk.absence

  const own = (value: Own | null): string =>
    value === null
      ? '-'
      : `${value.pair}${age(value.sentAt)},${Math.round(value.leaseMs / 1_000)},${flag(value.confirmed)}${flag(value.ended)}${moment(value.unsureUntil)}`
  const due = (value: Due | null): string =>
    value === null
      ? '-'
      : `${value.departure},${absence - value.absence},${age(value.since)},${Math.min(6, value.attempts)},${value.problem?.code ?? '-'},${moment(value.notBefore)},${moment(value.straggler)}`
  const standing = (value: Standing | null): string =>
    value === null ? '-' : `${own(value.own)}/${due(value.due)}`
  const order = [...world.wire].sort((one, other) => one.order - other.order)
  const place = new Map(order.flatMap(({ id, open }, index) => (open ? [[id, index] as const] : [])))

  const session = (value: Session | undefined): string => {
    if (value === undefined) return '!'
    const { record } = value
    return [
      own(record.own),
      due(record.due),
      record.signingOut === null ? '-' : 's',
      value.token === null ? '-' : Math.max(0, Math.min(value.token.expiresAt + offset - now, 3_600_000)),
      value.signInProblem?.code ?? '-',
      value.refresh === null ? '-' : moment(value.refresh.until),
      flag(value.refreshed) + flag(value.forbidden !== null) + flag(value.unsupported),
      value.flights
        .map(
          (flight) =>
            `${place.get(flight.id) ?? '?'}${flight.kind}${absence - flight.absence},${age(flight.sentAt)},${standing(flight.before)}`,
        )
        .join('+'),
      value.wish?.pair ?? '-',
      moment(value.clearsUntil),
      moment(value.setsUntil),
      Math.min(6, value.ownAttempts),
      standing(value.before),
      moment(value.notBefore),
      moment(value.renewAt),
      moment(value.retryAt),
      value.answered?.settlement ?? '-',
    ].join(';')
  }

  const parts: string[] = []
  for (const key of KEYS) {
    const { [key]: graph } = world.graph
    const { [key]: watch } = world.watch
    const record = disk.records.find(({ userId }) => key.includes(userId))
    const waits = state?.waits[key]
    parts.push(
      waits === undefined ? '' : [waits.notBefore, waits.clearsUntil, waits.setsUntil].map(moment).join(),
      state === null ? '' : session(state.sessions[key]),
      // While the process runs and its disk takes what it writes, the disk holds what the state says.
      state !== null && state.sessions[key]?.record === record
        ? '='
        : record === undefined
          ? '!'
          : `${own(record.own)};${due(record.due)};${flag(record.signingOut !== null)}`,
      graph === undefined
        ? '-'
        : `${graph.by}${graph.by === 'us' ? graph.expiresAt - world.at : ''},${order.filter((wire) => wire.order < graph.order).length}`,
      watch === undefined
        ? '-'
        : `${watch.owedAt === null ? '-' : Math.min(OLDEST_AGE_MS, world.at - watch.owedAt)}${flag(watch.quiet)}${flag(watch.returned)}${flag(watch.superseded)}${flag(watch.replaced)}${watch.letGo}${Math.max(0, (watch.notBefore ?? 0) - world.at)}`,
    )
  }
  parts.push(
    order
      .map(
        (wire) =>
          `${wire.kind}${(KEYS as readonly string[]).indexOf(wire.key)}${wire.sentAt - world.at}${flag(wire.open)}${flag(wire.aborted)}${flag(wire.heard)}${flag(wire.landed)}${wire.answer === null ? '' : JSON.stringify(wire.answer)}`,
      )
      .join('+'),
    world.refreshing.map((key) => (KEYS as readonly string[]).indexOf(key)).join(''),
    String(offset),
    flag(world.suspended) + flag(world.diskFull) + (world.afterwards ?? '-'),
    world.accounts.map(({ name }) => name).join(','),
    world.hold === null
      ? '-'
      : `${world.hold.endsAt - world.at},${world.hold.left},${world.hold.ids.map((id) => place.get(id) ?? '?').join()}`,
    world.held === null ? '-' : `${world.held.endsAt - world.at},${world.held.left}`,
    JSON.stringify(
      world.queue.map((event) =>
        'attempt' in event ? [place.get(event.attempt.id), event.attempt.result] : event,
      ),
    ),
  )
  if (state !== null) {
    const { attendance } = state
    const mono = (value: number | null): string =>
      value === null ? '-' : String(Math.min(70_000, monoNow - value))
    parts.push(
      attendance.lockedBy.join(),
      flag(state.settings.enabled.lock),
      flag(attendance.asleep) +
        flag(attendance.switched) +
        flag(attendance.idle) +
        (attendance.leaving ?? '-'),
      mono(attendance.resumedAt),
      mono(attendance.lockRequestedAt),
      attendance.ending === null
        ? '-'
        : `${mono(attendance.ending.at)}${flag(attendance.ending.certain)}${flag(attendance.ending.input)}`,
      String(state.active === null ? -1 : (KEYS as readonly string[]).indexOf(state.active)),
      state.departures.map((each) => `${each.departure}${age(each.startedAt)}`).join(),
    )
  }
  return parts.join('|')
}

const flag = (value: boolean): string => (value ? '1' : '0')
