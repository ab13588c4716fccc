/** Plays one event in a world with the real planner, and does what it asks for as the engine does. */
import { isAway } from '../../../src/main/core/attendance.ts'
import { isExplicit } from '../../../src/main/core/draft.ts'
import type { AttemptResult, SessionKey } from '../../../src/main/core/model.ts'
import { plan, registryOf } from '../../../src/main/core/planner.ts'
import type { Action, PlannerEvent, State } from '../../../src/main/core/state.ts'
import { attemptOf, nowIn, sinceBeginning, UNWATCHED, type Watch, type Wire, type World } from './world.ts'

/** After how many ms a request that has no effect yet can't have one any more. */
export const LANDS_WITHIN_MS = 10_000
/** How often a handler may block for one clear. */
const ATTEMPTS_PER_HOLD = 3
/** An assumed session is not chased for longer, ms. */
const ASSUMED_LIMIT_MS = 15 * 60_000

/** Thrown when a promise is broken; the message says which. */
export class Broken extends Error {}

/** What the coverage of the rules wants to know about each step of the planner. */
export type Observer = (step: {
  readonly before: State
  readonly after: State
  readonly event: PlannerEvent
  readonly actions: readonly Action[]
}) => void

/** Plays one event, and those that follow from it. `crashAfter`: the process dies after that many of its actions. */
export function play(world: World, event: PlannerEvent, observe: Observer, crashAfter = Infinity): World {
  return run({ ...world, queue: [...world.queue, event] }, observe, crashAfter)
}

/** Goes on with what is queued until a handler blocks or nothing is left. */
function run(start: World, observe: Observer, crashAfter = Infinity): World {
  let world = start
  while (world.queue.length > 0 && world.hold === null && world.state !== null) {
    const [event, ...queue] = world.queue
    if (event === undefined) break
    world = step({ ...world, queue }, event, observe, crashAfter)
  }
  if (world.state === null || world.hold !== null) return world
  if (world.afterwards === 'asleep') return { ...world, afterwards: null, suspended: true }
  if (world.afterwards === 'gone') return endProcess({ ...world, afterwards: null })
  return world
}

function step(world: World, event: PlannerEvent, observe: Observer, crashAfter: number): World {
  const before = world.state
  if (before === null) return world
  const { state, actions } = plan(before, event, nowIn(world))
  observe({ before, after: state, event, actions })
  const held = event.type === 'attempt' ? world.held : null
  let next: World = watchEvent({ ...world, state, held }, before, event)
  let saved = true
  let done = 0
  let letGo = false
  for (const action of actions) {
    if (done === crashAfter) return endProcess({ ...next, watch: withoutWaits(next.watch) })
    done += 1
    switch (action.type) {
      case 'save':
        saved = !next.diskFull
        if (saved) next = { ...next, disk: registryOf(state) }
        break
      case 'send':
        if (action.afterWriting && !saved) {
          const problem = { code: 'registry-unwritable' } as const
          next = {
            ...next,
            queue: [...next.queue, { type: 'not-written', writeId: action.write.id, problem }],
          }
        } else next = send(next, action, state)
        break
      case 'abort':
        next = {
          ...next,
          wire: next.wire.map((wire) =>
            wire.open && wire.id === action.id ? { ...wire, aborted: true } : wire,
          ),
        }
        break
      case 'hold': {
        const endsAt = next.held?.endsAt ?? world.at + action.ms
        const left = next.held === null ? ATTEMPTS_PER_HOLD : next.held.left - 1
        next = { ...next, hold: { ids: action.ids, endsAt, left } }
        break
      }
      case 'refresh-token':
        next = { ...next, refreshing: [...new Set([...next.refreshing, action.key])] }
        break
      case 'forget':
        next = {
          ...next,
          accounts: next.accounts.filter(({ userId }) => userId !== action.identity.userId),
        }
        break
      case 'release':
        letGo ||= ['quit', 'log-off', 'shutdown'].includes(action.departure)
        break
      case 'history':
        break
    }
  }
  judgeDeparture(next, before, event)
  next = watchSettlements(next, before, actions)
  next = forgetClosed(next)
  return letGo && state.attendance.leaving !== null ? endProcess(next) : next
}

function send(world: World, action: Extract<Action, { type: 'send' }>, state: State): World {
  const { id, key, body } = action.write
  const watch = world.watch[key] ?? UNWATCHED
  const record = state.sessions[key]?.record
  if (world.at < (watch.notBefore ?? 0)) throw new Broken('something is sent before Graph allows it')
  if (body.kind === 'clear') judgeClear(world, watch, record)
  else if (isAway(state.attendance, state.settings))
    throw new Broken('something is set while the user is away')
  const wire: Wire = {
    id,
    key,
    kind: body.kind,
    leaseMs: body.kind === 'clear' ? 0 : body.leaseMs,
    sentAt: world.at,
    order: world.nextOrder,
    open: true,
    aborted: false,
    heard: true,
    landed: false,
    answer: null,
  }
  return {
    ...world,
    wire: [...world.wire, wire],
    nextOrder: world.nextOrder + 1,
    ...(body.kind === 'set'
      ? { watch: { ...world.watch, [key]: { ...watch, superseded: true, letGo: 'no' } } }
      : {}),
  }
}

/** Who leaves has the clear on its way at once, whatever pause our own back-off makes. */
function judgeDeparture(world: World, before: State, event: PlannerEvent): void {
  const { state } = world
  if (state === null) return
  const known = new Set(before.departures.map(({ id }) => id))
  if (state.departures.every(({ id }) => known.has(id))) return
  for (const [key, session] of Object.entries(state.sessions)) {
    const { record, flights, refresh, signInProblem, forbidden, answered } = session
    if (record.due === null || flights.some(({ kind }) => kind === 'clear')) continue
    // Asked for by name, it concerns one session.
    if ((event.type === 'clear' || event.type === 'sign-out') && key !== before.active) continue
    const waitsForToken = refresh !== null || signInProblem !== null || forbidden !== null
    // What the last process wrote down may count, too.
    const asked = [record.due.notBefore?.wall, session.notBefore?.wall].map((wall) =>
      wall === undefined ? 0 : sinceBeginning(world, wall),
    )
    const waitsForGraph = world.at < Math.max(world.watch[key]?.notBefore ?? 0, ...asked)
    // A clear was answered, and the next is sent once the set before it can't take effect any more.
    if (!waitsForToken && !waitsForGraph && answered === null)
      throw new Broken('the user leaves, and the clear waits')
  }
}

/** Whether a clear may go out at all, whatever the planner thinks of it. */
function judgeClear(
  world: World,
  watch: Watch,
  record: State['sessions'][SessionKey]['record'] | undefined,
): void {
  if (watch.quiet)
    throw new Broken('a machine that was left sends more after its clear has settled or aged out')
  if (watch.owedAt === null) throw new Broken('a clear that nobody owes')
  if (watch.superseded) throw new Broken('what was set later is cleared by what was owed before it')
  if (record?.own !== null) return
  if (world.at - watch.owedAt >= ASSUMED_LIMIT_MS)
    throw new Broken('an assumed session is chased for 15 minutes')
  const asked = record.due !== null && (isExplicit(record.due.departure) || record.signingOut !== null)
  if (watch.returned && !asked) throw new Broken('an assumed session is cleared after a return')
}

/** Takes note of what the person has done: left while present, come back, asked for a clear. */
function watchEvent(world: World, before: State, event: PlannerEvent): World {
  const after = world.state
  if (after === null) return world
  const wasAway = isAway(before.attendance, before.settings)
  const isGone = isAway(after.attendance, after.settings)
  let { watch } = world
  const owedAnew = (key: SessionKey): void => {
    const { letGo = 'no', notBefore = null } = watch[key] ?? {}
    const owedToo = letGo === 'yes' && isGone ? 'must-go' : letGo
    watch = { ...watch, [key]: { ...UNWATCHED, owedAt: world.at, letGo: owedToo, notBefore } }
  }
  const found = 'found' in event && event.found
  if (event.type === 'start') {
    for (const record of event.registry.records) {
      const key = Object.keys(after.sessions).find(
        (each) => after.sessions[each]?.record.userId === record.userId,
      )
      if (key === undefined) continue
      const known = watch[key] ?? UNWATCHED
      // Found while away: of its own all, of the rest what is due already. Whoever was back has left again unseen.
      if (isGone && record.own !== null && record.due === null) owedAnew(key)
      else {
        // A return drops what is not known to be ours.
        const letGo = known.letGo === 'must-go' && !isGone ? 'lost' : known.letGo
        watch = { ...watch, [key]: { ...known, letGo, returned: !isGone, quiet: isGone && known.quiet } }
      }
    }
  } else if (isGone && (!wasAway || after.absence > before.absence)) {
    // Also who was back unseen in between: a new absence begins.
    const newAbsence = after.absence > before.absence
    for (const [key, { record }] of Object.entries(before.sessions)) {
      const goneAlready = record.signingOut !== null && key !== before.active
      if (newAbsence && !goneAlready && !(found && record.own === null)) owedAnew(key)
      // What was due already is cleared, too: whoever was back has left again.
      else watch = { ...watch, [key]: { ...(watch[key] ?? UNWATCHED), returned: false } }
    }
  } else if (wasAway && !isGone) {
    for (const [key, each] of Object.entries(watch)) {
      watch = { ...watch, [key]: { ...each, returned: true, quiet: false } }
    }
  }
  const { active } = before
  if ((event.type === 'clear' || event.type === 'sign-out') && active !== null) owedAnew(active)
  if (event.type === 'forget-now' && active !== null) {
    watch = { ...watch, [active]: { ...(watch[active] ?? UNWATCHED), letGo: 'yes' } }
  }
  if (event.type === 'not-written') {
    for (const [key, { flights }] of Object.entries(before.sessions)) {
      if (!flights.some(({ id }) => id === event.writeId)) continue
      watch = { ...watch, [key]: { ...(watch[key] ?? UNWATCHED), superseded: false } }
    }
  }
  if (event.type === 'signed-in') {
    for (const [key, { record }] of Object.entries(after.sessions)) {
      if (record.signingOut !== null && before.sessions[key]?.record.signingOut === null) owedAnew(key)
    }
  }
  return { ...world, watch }
}

/** What is not due any more was settled, and the history says how; or a set that was sent has replaced it. */
function watchSettlements(world: World, before: State, actions: readonly Action[]): World {
  let { watch } = world
  const told = actions.filter(({ type }) => type === 'history').length
  let ended = 0
  for (const [key, session] of Object.entries(before.sessions)) {
    if (session.record.due === null) continue
    const now = world.state?.sessions[key]
    if (now?.record.due) continue
    const replaced = actions.some(
      (action) => action.type === 'send' && action.write.key === key && action.write.body.kind !== 'clear',
    )
    if (replaced) {
      // One that was settled by the same answer is not replaced.
      if (told === 0) watch = { ...watch, [key]: { ...(watch[key] ?? UNWATCHED), replaced: true } }
      continue
    }
    ended += 1
    const away = world.state !== null && isAway(world.state.attendance, world.state.settings)
    const each = watch[key] ?? UNWATCHED
    // What could not be written down is owed again after a crash.
    watch = {
      ...watch,
      [key]: { ...each, quiet: away && !world.diskFull, letGo: now === undefined ? 'yes' : each.letGo },
    }
  }
  if (ended > told) throw new Broken('a clear that was due is gone, and the history does not say how')
  for (const [key, each] of Object.entries(watch)) {
    const session = world.state?.sessions[key]
    const record = session?.record
    if (!each.replaced) continue
    // Where there is no presence API nothing stood, and a set is told so as a clear is.
    if (record === undefined || session?.unsupported === true) {
      watch = { ...watch, [key]: { ...each, replaced: false } }
      continue
    }
    const goesOn = record.own !== null && !record.own.ended
    if (!goesOn && record.due === null && told === 0)
      throw new Broken('a clear that a refused set replaced is forgotten')
    if (!goesOn || record.own.confirmed) watch = { ...watch, [key]: { ...each, replaced: false } }
  }
  return { ...world, watch }
}

/** A request that the planner doesn't wait for any more may still land, but nobody hears its answer. */
function forgetClosed(world: World): World {
  const waited = new Set(
    Object.values(world.state?.sessions ?? {}).flatMap(({ flights }) => flights.map(({ id }) => id)),
  )
  if (world.wire.every(({ id, open }) => !open || waited.has(id))) return world
  return {
    ...world,
    wire: world.wire.map((wire) => (wire.open && waited.has(wire.id) ? wire : { ...wire, open: false })),
  }
}

/** Killed before it could write down what Graph has just asked for. */
function withoutWaits(watch: World['watch']): World['watch'] {
  return Object.fromEntries(Object.entries(watch).map(([key, each]) => [key, { ...each, notBefore: null }]))
}

/** The process ends; its requests stay on the wire. */
export function endProcess(world: World): World {
  // What a set has replaced is known to the process alone: after its end, a refused set brings nothing back.
  const watch = Object.fromEntries(
    Object.entries(world.watch).map(([key, each]) => {
      // Written down with what is due; with nothing due, the next process asks Graph anew.
      const record = world.state?.sessions[key]?.record
      const kept = record !== undefined && world.disk.records.includes(record) && record.due !== null
      const letGo = each.letGo === 'yes' || (each.letGo === 'must-go' && !kept) ? 'lost' : each.letGo
      return [key, { ...each, replaced: false, letGo, notBefore: kept ? each.notBefore : null }]
    }),
  )
  return {
    ...world,
    watch,
    state: null,
    wire: world.wire.map((wire) => ({ ...wire, open: false, heard: false, answer: null })),
    refreshing: [],
    suspended: false,
    hold: null,
    queue: [],
    afterwards: null,
  }
}

/** Hands an answer to the planner; in a hold only when all have theirs. `goesOn`: the request may still land. */
export function answer(
  world: World,
  wire: Wire,
  result: AttemptResult,
  goesOn: boolean,
  observe: Observer,
  crashAfter?: number,
): World {
  const { hold } = world
  const closed = { ...wire, open: false, answer: null }
  const rest = world.wire.flatMap((each) => {
    if (each.order !== wire.order) return [each]
    if (hold?.ids.includes(wire.id) === true)
      return [{ ...each, answer: result, landed: each.landed || !goesOn }]
    return goesOn ? [closed] : []
  })
  const next = { ...world, wire: rest, watch: toldToWait(world, wire, result) }
  const event = { type: 'attempt', attempt: attemptOf(world, wire, result) } as const
  if (hold === null) return play(next, event, observe, crashAfter)
  // An answer that nobody holds for waits until the handler returns.
  if (!hold.ids.includes(wire.id)) return { ...next, queue: [...next.queue, event] }
  const isOpen = rest.some(({ id, open, answer: got }) => open && hold.ids.includes(id) && got === null)
  return isOpen ? next : endHold(next, observe)
}

/** Takes note of a `Retry-After` that a waiting planner hears of. */
function toldToWait(world: World, { id, key, open }: Wire, result: AttemptResult): World['watch'] {
  const seconds = result.type === 'answer' && result.requestId !== null ? result.retryAfter : null
  const heard = world.state?.sessions[key]?.flights.some((flight) => flight.id === id) ?? false
  if (seconds === null || !open || !heard) return world.watch
  const watch = world.watch[key] ?? UNWATCHED
  const notBefore = Math.max(watch.notBefore ?? 0, world.at + Number(seconds) * 1_000)
  return { ...world.watch, [key]: { ...watch, notBefore } }
}

/** The hold returns: what was answered is handed over, with the time that is left. */
export function endHold(world: World, observe: Observer): World {
  const { hold } = world
  if (hold === null) return world
  const holdMs = hold.left > 1 ? Math.max(0, hold.endsAt - world.at) : 0
  const events: PlannerEvent[] = []
  const wire = world.wire.flatMap((each) => {
    if (each.answer === null) return [each]
    events.push({ type: 'attempt', attempt: attemptOf(world, each, each.answer), holdMs })
    return each.landed ? [] : [{ ...each, open: false, answer: null }]
  })
  return run({ ...world, hold: null, held: hold, wire, queue: [...world.queue, ...events] }, observe)
}
