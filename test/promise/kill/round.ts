/** Plays one round at a desk: moves, the kill, the next start; and judges by Graph's own list what became of the promise. */
import { DEMO_CLIENT_ID, DEMO_USER_NAME, type SessionView } from '../../simulator/index.ts'
import type { Desk } from './desk.ts'
import { type Found, loadFiles, temporaryFiles } from './files.ts'
import { killDuring, type Phase } from './instant.ts'
import type { Round } from './plan.ts'
import { callEnds, comesBack, play, weather } from './play.ts'
import { processesOf, within } from './process.ts'

/** What became of another program's call that stood at the kill. */
export type AssumedEnd =
  | 'cleared'
  | 'replaced by our own set'
  | 'left: nothing was owed'
  | 'left: the user was back'
  | 'ended by itself'

/** What a round showed. */
export interface Result {
  readonly round: Round
  /** Where each kill of the round hit. */
  readonly phases: readonly Phase[]
  readonly violations: readonly string[]
  /** Null when there was none. */
  readonly assumed: AssumedEnd | null
  /** Whether something of our own stood at Graph at the kill. */
  readonly own: boolean
  /** Whether the registry said at the kill that a clear is due. */
  readonly due: boolean
  /** Whether it died between sending a clear and writing down that it is due, so that the next start could not know. */
  readonly unwritten: boolean
  /** Everything that happened, in order, for people. */
  readonly story: readonly string[]
}

/** Our own back-off is 30 s at most, a `Retry-After` of the weather 20 s, a straggler 10 s; one attempt more, ms. */
const SETTLED_MS = 130_000
/** Longer than anything is retried: 10 s + lease of 15 minutes + 60 s; and 15 minutes for assumed ones, ms. */
const AGE_LIMIT_MS = 10_000 + 15 * 60_000 + 60_000
/** How long helpers may take to leave after their app was killed, ms. */
const HELPERS_MS = 10_000
/** What is assumed is given up 15 minutes after it became due; a little less, ms. */
const ASSUMED_MS = 14 * 60_000
/** Departures asked for by name: what they owe outlives a return. */
const BY_NAME: readonly string[] = ['manual', 'quit', 'sign-out']
const SIGNED_IN = /^(On|Cleared|Checked|Clearing|Not cleared|Not signed out)/

/**
 * Plays one round. The desk is signed in, present, and owes nothing; without a violation it is the same afterwards.
 * @throws Error when the app or the simulator can't be driven any more.
 */
export async function playRound(desk: Desk, round: Round): Promise<Result> {
  const { simulator, userDataDir } = desk
  const story: string[] = []
  const violations: string[] = []
  const phases: Phase[] = []
  const tell = (line: string): void => void story.push(line)
  const wrong = (what: string): void => {
    tell(`WRONG: ${what}`)
    violations.push(what)
  }
  const ours = (): readonly SessionView[] => simulator.listSessions().filter(({ setBy }) => setBy === 'graph')
  const theirs = (): boolean => simulator.listSessions().some(({ setBy }) => setBy === 'control')

  simulator.clearJournal()
  weather(simulator, 'fine')
  desk.log.forget()
  callEnds(simulator, DEMO_USER_NAME)
  if (round.call) desk.call()
  if (round.window) await openWindow(desk)
  for (const move of round.moves) {
    tell(move)
    await play(desk, move)
  }
  tell(`${round.last}, killed: ${JSON.stringify(round.instant)}`)
  const killed = await killDuring(desk, round.instant, () => play(desk, round.last))
  phases.push(killed)
  tell(`hit: ${killed}`)
  if (!(await within(HELPERS_MS, () => processesOf(userDataDir).length === 0))) {
    wrong(`helpers outlived the app: ${processesOf(userDataDir).join(' ')}`)
  }
  await desk.lateOnes()
  const found = inspect('after the kill')
  const ownAtKill = ours().length > 0
  const callAtKill = theirs()
  const atKill = found.record
  const dueAtKill = (atKill?.due ?? null) !== null
  const lastAtKill = desk.writes().at(-1)?.seq ?? 0
  const unwritten = clearNotWritten()
  if (unwritten) tell('the clear took effect, and the registry does not know of it')

  // The machine is away for a while; the weather may still be what it was.
  simulator.clock.advance(round.downMs)
  const lingers = round.lingersMs > 0 && !simulator.faults().some(({ fault }) => isLasting(fault))
  if (!lingers) weather(simulator, 'fine')
  if (round.downMs > 0) tell(`${round.downMs / 1_000} s without the app`)
  if (round.secondKillMs !== null) await killTheStart(round.secondKillMs)
  tell(`started ${round.startLocked ? 'locked' : 'present'}${lingers ? ', the weather lingers' : ''}`)
  desk.start({ locked: round.startLocked })
  await desk.canSend()
  if (lingers) await desk.advance(round.lingersMs, 10_000)
  weather(simulator, 'fine')

  if (!round.startLocked) await staysAWhileAndLeaves()
  await desk.advance(SETTLED_MS, 10_000)
  for (const session of ours()) wrong(`own session still at Graph, ${describe(session)}`)
  const assumed = judgeTheirs()
  const settled = inspect('once it is settled')
  if (settled.record !== null && (settled.record.own !== null || settled.record.due !== null)) {
    wrong(`not settled: ${summary(settled)}`)
  }
  const temps = temporaryFiles(userDataDir)
  if (temps.length > 0) wrong(`temporary files stay: ${temps.join(' ')}`)
  judgeWrites()
  await staysAwayForLong()
  if (violations.length === 0) await comesBackAsBefore()
  return {
    round,
    phases,
    violations,
    assumed,
    own: ownAtKill,
    due: dueAtKill,
    unwritten,
    story,
  }

  /** Whether a clear took effect after the set that the registry has standing: it is fired first and written next. */
  function clearNotWritten(): boolean {
    if (!standsIn(atKill) || ours().length > 0) return false
    const clear = desk
      .writes()
      .findLast(({ tookEffect, path }) => tookEffect && path.endsWith('/clearPresence'))
    return clear !== undefined && clear.simulatedMs > (atKill?.own?.since.wall ?? 0)
  }

  /** The registry loads, and what the app has set is in it. */
  function inspect(when: string): Found {
    const files = loadFiles(userDataDir)
    tell(
      `${when}: registry ${summary(files)}; Graph ${simulator.listSessions().map(describe).join(', ') || 'nothing'}`,
    )
    for (const each of files.wrong) wrong(`files ${when}: ${each}`)
    if (ours().length > 0 && (files.record?.own ?? null) === null) {
      wrong(`${when} Graph holds what the app has set, and the registry does not know it`)
    }
    return files
  }

  async function killTheStart(afterMs: number): Promise<void> {
    const app = desk.start({ locked: round.startLocked })
    await within(afterMs, () => app.ended() !== undefined)
    if (app.ended() !== undefined) wrong(`a start ended by itself: ${String(app.ended())}\n${app.out()}`)
    await app.kill()
    phases.push('during a start')
    tell(`started, and killed ${afterMs} ms later`)
    inspect('after the second kill')
  }

  /** Present at the start: what is own and can still hold goes on, and ends when the user leaves. */
  async function staysAWhileAndLeaves(): Promise<void> {
    await desk.advance(40_000, 10_000)
    const { record } = inspect('a while after the start')
    const own = record?.own ?? null
    if (
      own !== null &&
      own.confirmed &&
      !own.ended &&
      record?.due === null &&
      ours().length === 0 &&
      !theirs()
    ) {
      wrong('the app says that its set stands, and Graph has nothing')
    }
    judgeWhileThere()
    tell(round.leavesBy)
    await play(desk, round.leavesBy)
  }

  /** Before the user leaves once more, which would clear whatever was lost: what was owed at the kill is settled by itself. */
  function judgeWhileThere(): void {
    const due = atKill?.due ?? null
    if (due !== null && BY_NAME.includes(due.departure)) {
      for (const session of ours()) {
        wrong(
          `a clear asked for by name (${due.departure}) was due at the kill; there still is ${describe(session)}`,
        )
      }
      if (callAtKill && theirs() && simulator.clock.now() - due.since.wall < ASSUMED_MS) {
        wrong(`a clear asked for by name (${due.departure}) was due at the kill; the call still stands`)
      }
    }
    // What the registry has standing is set or renewed again. What had ended, or never was, must not come back.
    const sets = desk
      .writes()
      .filter(({ seq, tookEffect, path }) => seq > lastAtKill && tookEffect && path.endsWith('/setPresence'))
    if (sets.length > 0 && !standsIn(atKill)) wrong(`set ${sets.length} times since the start, for nobody`)
  }

  function judgeTheirs(): AssumedEnd | null {
    if (!callAtKill) return null
    if (theirs()) {
      if (!round.startLocked) wrong('a call that stood when the user left was not cleared')
      else if (dueAtKill && round.downMs < 700_000) {
        wrong('a clear was due for the call, and it still stands')
      }
      return 'left: nothing was owed'
    }
    return desk.writes().some(({ tookEffect, path }) => tookEffect && path.endsWith('/setPresence'))
      ? 'replaced by our own set'
      : 'cleared'
  }

  /** What is set dies by itself within a quarter of an hour. */
  function judgeWrites(): void {
    for (const { body } of desk.writes()) {
      const { expirationDuration, sessionId } = body as { expirationDuration?: string; sessionId?: string }
      if (sessionId !== DEMO_CLIENT_ID) wrong(`a write for another session: ${String(sessionId)}`)
      if (expirationDuration !== undefined && !/^PT(5|15)M$/.test(expirationDuration)) {
        wrong(`a lease of ${expirationDuration}`)
      }
    }
  }

  /** The same user is in a call somewhere else by now: a machine whose clear has settled sends nothing more. */
  async function staysAwayForLong(): Promise<void> {
    desk.call()
    const before = desk.writes().length
    await desk.advance(AGE_LIMIT_MS, 60_000)
    const sent = desk.writes().slice(before)
    if (sent.length > 0) wrong(`sent while away and settled: ${sent.map(({ path }) => path).join(' ')}`)
    if (!theirs()) wrong('a call elsewhere was ended by a machine that had been left')
    inspect('after the age limit')
  }

  async function comesBackAsBefore(): Promise<void> {
    const before = desk.writes().length
    await comesBack(desk)
    const sent = desk.writes().slice(before)
    if (sent.length > 0) wrong(`sent at the return: ${sent.map(({ path }) => path).join(' ')}`)
    const says = await desk.sentence()
    if (says.startsWith('Sign in') && round.last === 'sign-out') await desk.signIn()
    else if (!SIGNED_IN.test(says)) wrong(`at the end the tray says: ${says}`)
  }
}

function isLasting({ type, ...fault }: { readonly type: string; readonly status?: number }): boolean {
  // Without the permission nothing goes on before a new token; a refusal that stays for clears is Graph's last word.
  return type === 'status' && (fault.status === 403 || fault.status === 404)
}

/** Whether a set goes on at a start that finds the user there: neither ended nor owed. */
function standsIn(record: Found['record']): boolean {
  return record?.own?.ended === false && record.due === null
}

async function openWindow(desk: Desk): Promise<void> {
  await desk.app().call('trayChoose', { item: 'open' })
  await within(15_000, async () => (await desk.app().call('windows')).some(({ visible }) => visible))
}

function describe({ availability, activity, setBy, setAt, expiresAt }: SessionView): string {
  return `${availability}/${activity} by ${setBy} (${Math.round((expiresAt - setAt) / 60_000)} min)`
}

function summary({ record }: Found): string {
  if (record === null) return 'empty'
  const { own, due, signingOut } = record
  const parts = [
    own === null
      ? 'assumed'
      : `own ${own.pair}${own.confirmed ? '' : ' unconfirmed'}${own.ended ? ' ended' : ''}`,
    due === null
      ? 'nothing due'
      : `due since ${due.departure}, ${due.attempts} attempts${due.problem === null ? '' : ` (${due.problem.code})`}`,
    ...(signingOut === null ? [] : ['signing out']),
  ]
  return parts.join(', ')
}
