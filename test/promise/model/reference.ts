/**
 * The promise as somebody sees it who knows nothing of the planner: from what the person did, what was sent, what took
 * effect and what was written down. It decides nothing; it only says what must never be seen.
 */
import type { AttendanceEvent } from '../../../src/main/core/attendance.ts'
import type { SessionRecord } from '../../../src/main/core/model.ts'
import type { HistoryEntry } from '../../../src/shared/snapshot.ts'
import type { SessionView } from '../../simulator/index.ts'
import { createDesk } from './desk.ts'
import type { Request, Traffic } from './network.ts'
import { BEGINNING, type World } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** What another program may have set is cleared for this long after a departure, and no longer. */
const ASSUMED_MS = 15 * MINUTE
/** A write may take effect for this long after it was sent. */
const WRITE_MS = 10 * SECOND
/** What is added before a lease counts as over. */
const LEASE_MARGIN_MS = 60 * SECOND
/** Timers fire when they fire, and requests take a moment: the slack of every deadline, ms. */
const SLACK_MS = SECOND
/** How long what is owed may go without a word of what keeps it, ms: one attempt, and a token before it. */
const SPEECHLESS_MS = 25 * SECOND
/** More than this is open at once only if something grows. */
const MOST = { timers: 1, departures: 16, waiting: 6 }
/** More requests within ten seconds are no patience but a loop. Each departure and each word of the user sends one. */
const MOST_IN_10_S = 20

/** What the app says of itself, after something happened. */
export interface View {
  readonly away: boolean
  /** The record of the person's session; null: nobody is signed in. */
  readonly record: SessionRecord | null
  /** Departures that have not let go. */
  readonly departures: number
  readonly timers: number
  /** Writes that the process waits for. */
  readonly waiting: number
}

/** Why a clear may be sent at all. */
interface Cause {
  readonly at: number
  /** Asked for by name (quit, sign-out, the button): it outlives a return, until a set. */
  readonly explicit: boolean
  /** The stretch in which it came up: equal clears are those of one stretch. */
  readonly stretch: number
}

/** A departure that has to end in a clear, or in a line of the history. */
interface Owed {
  readonly what: string
  /** A write of the file has failed since, so that a crash may lose it. */
  unwritten: boolean
}

/** A departure whose deadline runs. Those of one kind let go together: a later one may lengthen an earlier one's. */
interface Departing {
  readonly what: string
  readonly at: number
  until: number
}

interface Open {
  readonly request: Request
  readonly stretch: number
  aborted: boolean
}

/** What the person asks the app for. */
export type Ask = 'set' | 'clear' | 'sign-out' | 'forget-now'

/** The reference for one machine and what stands at the simulator. */
export interface Reference extends Traffic {
  /** What must never be seen, and was. */
  readonly violations: readonly string[]
  /** The person is away, as far as the sources have told. */
  away(): boolean
  started(locked: boolean, loaded: SessionRecord | null): void
  /** The process is gone. */
  died(): void
  reported(event: AttendanceEvent): void
  asked(what: Ask): void
  /** The account was taken out of the app: what is on its way belongs to nobody. */
  forgot(): void
  saved(ok: boolean, record: SessionRecord | null): void
  history(entry: HistoryEntry): void
  /** A departure begins; call what it returns when it has let go. */
  departing(what: string, deadlineMs: number): () => void
  held(ms: number, limitMs: number): void
  looked(view: View): void
  /** A call of another program began. */
  called(): void
  /** Every fault has ended and minutes have passed, with the person away (`left`) or back, or with nothing running. */
  atTheEnd(how: 'left' | 'back' | 'dead', sessions: readonly SessionView[]): void
}

/** The stretch of what an earlier run owed: a clear for it equals none that is asked for now. */
const EARLIER = -1
const EXPLICIT: readonly string[] = ['quit', 'sign-out', 'manual']
const minutes = (ms: number): string => `${(ms / MINUTE).toFixed(1)} min`

/** Builds the reference of a machine that has never run. */
export function createReference(world: World): Reference {
  const violations: string[] = []
  const desk = createDesk(() => world.mono)
  let running = false
  let causes: readonly Cause[] = []
  let owed: Owed | null = null
  /** Counts the stretches in which equal clears share one request. */
  let stretch = 0
  let open: readonly Open[] = []
  let departing: readonly Departing[] = []
  let wokeAt = -Infinity
  /** When the requests of the last ten seconds were sent. */
  let recent: readonly number[] = []
  /** What the file holds, and what the app says. */
  let file: SessionRecord | null = null
  let record: SessionRecord | null = null
  /** Until when what this machine has sent may stand. */
  let ownUntil = -Infinity
  let returnedAt = -Infinity
  let calledAt = -Infinity
  /** The last set that took effect, and the last that was sent. */
  let lastSet: Request | null = null
  let [lastSetNo, lastSetAt] = [0, -Infinity]
  let lastNo = 0
  /** Writes up to this number were given up by the person ("forget now"), in that process, which alone knows of it. */
  let [givenUp, givenUpDuring] = [0, 0]
  /** The same, but 0 once who gave them up has signed in again and left: that owes a clear like any other departure. */
  let forgotten = 0
  /** Writes up to this number were sent for an account that was signed out since. */
  let signedOut = 0
  /** Clears that must spare what begins after a return: when the departure was that owes them. */
  const sparing = new Map<number, number>()
  /** Counts the processes, and in which of them the last return was seen. */
  let [starts, returnedDuring] = [0, 0]

  const wrong = (what: string): void => {
    violations.push(what)
  }
  const time = (): number => world.time

  function owes(what: string, explicit: boolean): void {
    causes = [...causes, { at: time(), explicit, stretch }]
    owed = { what, unwritten: false }
  }

  function sentClear(request: Request): void {
    const last = causes.at(-1)
    const mine = last?.stretch ?? stretch
    const isEqual = (each: Open): boolean => each.request.body.kind === 'clear' && each.stretch === mine
    if (open.some((each) => isEqual(each) && !each.aborted)) wrong('two equal clears are in flight')
    open = [...open, { request, stretch: mine, aborted: false }]
    if (last === undefined) {
      wrong('a clear was sent although none is owed: it was settled or aged out, or nobody has left')
      return
    }
    const age = time() - last.at
    const mayStand = time() <= ownUntil + SLACK_MS
    if (age > ASSUMED_MS + SLACK_MS && !mayStand) {
      wrong(`a clear was sent ${minutes(age)} after the departure: what stands now may be a call elsewhere`)
    }
    // A return that a process saw which has died since is not known to the next one (docs/known-issues.md).
    const knows = returnedDuring === starts
    if (knows && !mayStand && !causes.some(({ explicit }) => explicit)) sparing.set(request.no, last.at)
  }

  function sentSet(request: Request, pair: string, leaseMs: number): void {
    lastSetNo = request.no
    lastSetAt = time()
    if (desk.away()) wrong(`a ${request.body.kind} was sent while the person is away`)
    const own = file?.own ?? null
    if (own?.pair !== pair || own.ended) wrong(`a ${request.body.kind} was sent that the file does not hold`)
    else if (Math.abs(own.sentAt.wall - world.wall) > 3 * SECOND) {
      wrong(`a ${request.body.kind} was sent, and the file holds another time for it`)
    }
    ownUntil = Math.max(ownUntil, time() + WRITE_MS + leaseMs + LEASE_MARGIN_MS)
    open = [...open, { request, stretch, aborted: false }]
    // What is owed is replaced, and comes back if Graph refuses the set.
    owed = null
  }

  function setTookEffect(request: Request): void {
    lastSet = request
    if (request.no <= forgotten) return
    // While a handler is held, what the process has just written down tells more than the last look at it.
    const kept = running ? [record, file] : [file]
    if (kept.every((each) => each === null || (each.own === null && each.due === null))) {
      wrong('a set took effect after the last clear, and nobody keeps account of it')
    }
  }

  function clearTookEffect(request: Request, hit: SessionView | null): void {
    if (request.no <= signedOut) return
    if (hit?.setBy === 'graph') {
      // A set waits for an open clear's answer or its ten seconds; only a new process can't know of one.
      if (lastSet !== null && lastSet.sentAt > request.sentAt && lastSet.life === request.life) {
        wrong('a session was ended by a clear that had been sent before it was set')
      }
    } else if (hit !== null) {
      const owedAt = sparing.get(request.no) ?? Infinity
      // What comes from a file has lost the fractions of a millisecond that a wall clock has no digits for.
      if (owedAt + 1 < returnedAt && returnedAt < request.sentAt && returnedAt < calledAt) {
        wrong('a call that began after the return was ended by a clear that was owed before it')
      }
    }
  }

  function checkBounds(view: View): void {
    for (const [what, most] of Object.entries(MOST)) {
      const count = view[what as keyof typeof MOST]
      if (count > most) wrong(`${count} ${what} are open`)
    }
    for (const one of departing) {
      if (isLate(one)) wrong(`the ${one.what} has not let go after ${time() - one.at} ms`)
    }
    if (recent.length > MOST_IN_10_S) wrong(`${recent.length} requests were sent within ten seconds`)
  }

  function checkDue(view: View): void {
    const due = view.record?.due ?? null
    if (due === null) {
      if (owed !== null) wrong(`what the ${owed.what} owes is gone, and the history does not say why`)
      return
    }
    const age = world.wall - due.since.wall
    const last = causes.at(-1)
    if (view.record?.own === null && last !== undefined && time() - last.at > ASSUMED_MS + SLACK_MS) {
      wrong(`an assumed session is due for ${minutes(time() - last.at)}`)
    }
    if (due.problem === null && age > SPEECHLESS_MS && view.waiting === 0 && due.attempts > 0) {
      wrong(`a clear is due for ${minutes(age)}, and nothing says why`)
    }
  }

  return {
    violations,
    away: desk.away,
    started(locked, loaded) {
      running = true
      stretch += 1
      open = []
      record = loaded
      file = loaded
      desk.started(locked)
      starts += 1
      forgotten = givenUp
      if (!locked) {
        returnedAt = time()
        returnedDuring = starts
      }
      const due = loaded?.due ?? null
      const own = loaded?.own ?? null
      causes =
        due === null
          ? []
          : [
              {
                at: due.since.wall - BEGINNING,
                explicit: EXPLICIT.includes(due.departure) || loaded?.signingOut !== null,
                stretch: EARLIER,
              },
            ]
      if (due === null) owed = null
      if (own !== null) {
        ownUntil = Math.max(ownUntil, own.sentAt.wall - BEGINNING + WRITE_MS + own.leaseMs + LEASE_MARGIN_MS)
        if (locked && due === null) owes('start while locked', false)
      }
    },
    died() {
      running = false
      departing = []
      if (owed?.unwritten === false && (file?.due ?? null) === null) {
        wrong(`what the ${owed.what} owes was not written down`)
      }
    },
    reported(event) {
      if (event.type === 'resume') wokeAt = time()
      const { returned, left } = desk.reported(event)
      if (returned) {
        returnedAt = time()
        returnedDuring = starts
        // What is asked for by name from now on is no clear of the absence that has ended.
        stretch += 1
      }
      if (!left) return
      stretch += 1
      // One that is only found owes what is own, and of the rest what is due already.
      const found = 'found' in event && event.found && record?.own === null
      if (record !== null && !found && givenUpDuring === starts) forgotten = 0
      if (record !== null && !found) owes(event.type, event.type === 'leaving' && event.departure === 'quit')
    },
    asked(what) {
      if (what === 'set' || record === null) return
      if (what === 'forget-now') {
        givenUp = lastNo
        givenUpDuring = starts
        forgotten = lastNo
        owed = null
        causes = []
        return
      }
      const joins = open.some((each) => each.request.body.kind === 'clear' && each.stretch === stretch)
      if (!joins && !desk.away()) stretch += 1
      owes(what, true)
    },
    forgot() {
      signedOut = lastNo
      open = []
    },
    saved(ok, now) {
      if (ok) file = now
      if (owed !== null) owed.unwritten = !ok
    },
    history() {
      causes = []
      owed = null
      // A set that waited for just this answer is sent in the same plan, before its history is written.
      if (lastSetAt !== time()) ownUntil = -Infinity
    },
    departing(what, deadlineMs) {
      const until = time() + deadlineMs
      const one: Departing = { what, at: time(), until }
      for (const other of departing) if (other.what === what) other.until = Math.max(other.until, until)
      departing = [...departing, one]
      return () => {
        if (departing.includes(one)) checkLetGo(one)
        departing = departing.filter((each) => each !== one)
      }
    },
    held(ms, limitMs) {
      if (ms > limitMs + 1) wrong(`a handler was held for ${ms} ms instead of ${limitMs}`)
    },
    looked(view) {
      record = view.record
      if (view.away !== desk.away()) wrong(`the app says ${view.away ? 'away' : 'present'}, which is wrong`)
      checkDue(view)
      checkBounds(view)
    },
    called() {
      calledAt = time()
    },
    sent(request) {
      lastNo = request.no
      recent = [...recent.filter((at) => time() - at < 10 * SECOND), time()]
      const { body } = request
      if (body.kind === 'clear') sentClear(request)
      else sentSet(request, body.pair, body.leaseMs)
    },
    aborted(request) {
      for (const each of open) if (each.request.no === request.no) each.aborted = true
    },
    ended(request, result) {
      open = open.filter((each) => each.request.no !== request.no)
      const done = result.type === 'answer' && result.requestId !== null && result.status < 300
      // What was owed before a set that Graph has confirmed is replaced for good.
      if (done && request.body.kind === 'set' && owed === null) causes = []
    },
    tookEffect(request, hit) {
      if (request.body.kind === 'clear') clearTookEffect(request, hit)
      else setTookEffect(request)
    },
    atTheEnd(how, sessions) {
      const ours = sessions.filter(({ setBy }) => setBy === 'graph')
      if (how !== 'back' && ours.length > 0 && lastSetNo > forgotten) {
        wrong(how === 'left' ? 'the session outlived the last departure' : 'the session outlived its lease')
      }
      if (how === 'dead') return
      if ((record?.due ?? null) !== null) wrong('a clear is still due minutes after the last fault ended')
      if (how === 'left' && (record?.own ?? null) !== null) wrong('the app still counts a session as its own')
      if (departing.length > 0) wrong('a departure never let go')
      if (open.length > 0) wrong('a request was never answered')
    },
  }

  function checkLetGo(one: Departing): void {
    if (isLate(one)) wrong(`the ${one.what} let go after ${time() - one.at} ms`)
  }

  /** A deadline that passes while the machine sleeps is kept at the wake. */
  function isLate({ until }: Departing): boolean {
    return time() > Math.max(until, wokeAt) + SLACK_MS
  }
}
