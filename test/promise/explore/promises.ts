/** What must hold in every world that can be reached, whatever has happened. */
import { isAway } from '../../../src/main/core/attendance.ts'
import { TIME } from '../moves.ts'
import { apply, choices, pass, type Scene } from './choices.ts'
import { Broken, type Observer } from './playing.ts'
import { sinceBeginning, type Watch, type World } from './world.ts'

/** Each landing takes 1 ms in which nobody is woken. */
const UNWOKEN_MS = 20
/**
 * So long after the last fault nothing of ours stands and nothing is due: a pause, a refresh, a `Retry-After`, a lost answer
 * and the clear after it.
 */
const GONE_WITHIN_MS = 4 * 60 * TIME['a-second']
const ASSUMED_LIMIT_MS = 15 * TIME['a-second'] * 60

/** Whether the user has told us to let go of a session. */
function letGoOf(world: World, key: string): Watch['letGo'] {
  return world.watch[key]?.letGo ?? 'no'
}

/** Throws `Broken` when the world breaks a promise. */
export function judge(world: World): void {
  const { state } = world
  for (const [key, stands] of Object.entries(world.graph)) {
    // What a full disk does not take is known as long as the process lives.
    if (stands.by !== 'us' || letGoOf(world, key) !== 'no') continue
    const saved = world.disk.records.find(({ userId }) => key.includes(userId))
    if ((saved?.own ?? null) === null && !world.diskFull)
      throw new Broken('what we have set stands, and the disk does not know of it')
    if (state !== null && (state.sessions[key]?.record.own ?? null) === null) {
      throw new Broken('what we have set stands, and nobody knows of it any more')
    }
  }
  if (state === null) return
  const away = isAway(state.attendance, state.settings)
  for (const [key, { record, flights }] of Object.entries(state.sessions)) {
    const clears = flights.filter(({ kind }) => kind === 'clear')
    if (new Set(clears.map(({ absence }) => absence)).size < clears.length) {
      throw new Broken('two equal clears are on their way at once')
    }
    // Clears are one for each absence; and what is set has one writer.
    if (flights.length > clears.length + 1) throw new Broken('two sets are on their way at once')
    if (world.hold !== null || world.suspended) continue
    if (away && record.own !== null && record.due === null)
      throw new Broken('the user is away, and what is own is not due')
    if (world.graph[key]?.by === 'us' && away && record.own === null && letGoOf(world, key) === 'no') {
      throw new Broken('what is own stands while the user is away, and is not due')
    }
    if (record.due !== null && record.own === null && record.due.since.mono !== null) {
      const age = world.at - sinceBeginning(world, record.due.since.wall)
      if (age > ASSUMED_LIMIT_MS + TIME['half-a-minute'])
        throw new Broken('an assumed session is due for more than 15 minutes')
    }
  }
  for (const { startedAt, deadlineMs } of world.hold === null && !world.suspended ? state.departures : []) {
    const age = world.at - sinceBeginning(world, startedAt.wall)
    if (age > deadlineMs + UNWOKEN_MS) throw new Broken('a departure has not let go within its deadline')
  }
}

/**
 * The fault ends: the user leaves if they haven't, everything is answered, and time passes. Throws `Broken` when after
 * that an own session stands, something is still due, or more is sent.
 */
export function drain(start: World, scene: Scene, observe: Observer): void {
  const calm: Scene = {
    ...scene,
    weather: ['fine'],
    landings: false,
    tokensByChoice: false,
    silentSender: false,
  }
  // Nobody would leave by it.
  if (start.state?.settings.enabled.lock === false) return
  let world: World = { ...start, diskFull: false }
  if (world.hold !== null) world = settleRequests(world, calm, observe)
  if (world.state === null) world = apply(world, { move: 'start-locked' }, calm, observe)
  if (world.suspended) world = apply(world, { move: 'wake' }, calm, observe)
  if (world.state !== null) world = apply(world, { move: 'lock' }, calm, observe)
  const called = Object.entries(start.graph).filter(([, { by }]) => by === 'another program')
  const wasHere = start.state !== null && !isAway(start.state.attendance, start.state.settings)
  const ended = world.at
  for (let rounds = 0; rounds < 60; rounds += 1) {
    // One that was quitting is gone; the next start is the one that counts.
    if (world.state === null) world = apply(world, { move: 'start-locked' }, calm, observe)
    world = settleRequests(world, calm, observe)
    const sessions = Object.values(world.state?.sessions ?? {})
    if (sessions.every(({ record }) => record.due === null) && world.wire.length === 0) break
    // What Graph has forbidden, and what only a sign-in can help: for those the fault has not ended.
    const late = sessions.some(
      ({ record, forbidden, signInProblem }) =>
        record.due !== null && forbidden === null && signInProblem === null,
    )
    if (late && world.at - ended > GONE_WITHIN_MS)
      throw new Broken('the fault has ended, and minutes later a clear is still due')
    world = pass(world, TIME['half-a-minute'], calm, observe)
  }
  if (world.state === null) return
  for (const [key, { record, signInProblem }] of Object.entries(world.state.sessions)) {
    if (record.due !== null && signInProblem === null)
      throw new Broken('the fault has ended, and a clear is still due')
    if (world.graph[key]?.by === 'us' && ['no', 'must-go'].includes(letGoOf(world, key))) {
      throw new Broken('the fault has ended, and what is own still stands')
    }
  }
  if (
    wasHere &&
    called.some(
      ([key]) =>
        world.graph[key]?.by === 'another program' &&
        world.accounts.some(({ userId }) => key.includes(userId)),
    )
  )
    throw new Broken('the user has left, and the call of another program stands')
  const sent = world.nextOrder
  const later = pass(world, TIME['a-night'], calm, observe)
  if (later.nextOrder !== sent) throw new Broken('more is sent although everything has settled')
}

/** Every request that is open gets its answer, and those that follow from it get theirs; tokens come. */
function settleRequests(start: World, scene: Scene, observe: Observer): World {
  let world = start
  for (let rounds = 0; rounds < 50; rounds += 1) {
    if (world.refreshing.length > 0 && world.hold === null && !world.suspended && world.state !== null) {
      world = apply(world, { move: 'token' }, { ...scene, tokenMs: 1_000 * TIME['a-night'] }, observe)
      continue
    }
    const next = [...choices(world, scene)].find(
      (choice) => 'request' in choice || choice.move === 'hold-ends',
    )
    const open = world.wire.find((wire) => wire.open && wire.aborted && wire.answer === null)
    if (open !== undefined && !world.suspended)
      world = apply(world, { request: open.order, meets: 'requests-lost' }, scene, observe)
    else if (next !== undefined) world = apply(world, next, scene, observe)
    else return world
  }
  throw new Broken('answers make new requests without end')
}
