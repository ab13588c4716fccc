/** One event queue around the planner: plan, act, persist. Runs to the end within the call that brought the event. */
import type { Cloud, DepartureKind, Pair } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import type { HistoryEntry } from '../../shared/snapshot.ts'
import type { AttendanceEvent, AttendanceSettings } from './attendance.ts'
import {
  type AccessToken,
  type Attempt,
  type Clock,
  type HistoryStore,
  type Identity,
  type Log,
  type RegistryStore,
  type Route,
  type SaveResult,
  type Sender,
  type SessionKey,
  sessionKey,
  type TokenResult,
  type TokenSource,
} from './model.ts'
import { initialState, nextWakeMs, plan, registryOf } from './planner.ts'
import type { Action, PlannerEvent, State } from './state.ts'
import { SECOND } from './time.ts'

/** What the engine acts through. */
export interface EnginePorts {
  readonly clock: Clock
  readonly sender: Sender
  readonly tokens: TokenSource
  readonly registry: RegistryStore
  readonly history: HistoryStore
  readonly log: Log
  /** Origin of a cloud's Graph, e.g. `https://graph.microsoft.com`. */
  readonly graphOrigin: (cloud: Cloud) => string
  /** The way to Microsoft as it is known now. */
  readonly route: () => Route
  /** The user asked to sign out and the clear is settled (or given up): the tokens were forgotten. */
  readonly onForgotten?: (identity: Identity) => void
}

/** What tray, window and adapters see of the engine. */
export interface Engine {
  /** Loads registry and history and takes in what was seen first. Call it once, before anything else. */
  start(locked: boolean): void
  /** Takes in who is signed in, as soon as the token cache tells, and again when more accounts turn up. */
  restored(accounts: readonly Identity[]): void
  /** Takes in what a source reports. Returns when the plan was acted on, including a hold. */
  report(event: AttendanceEvent): void
  set(pair: Pair): void
  clear(): void
  signOut(): void
  forgetNow(): void
  retry(): void
  signedIn(identity: Identity, token: AccessToken): void
  /** Takes in what the token keeper got, or why it got nothing. */
  tokenCame(identity: Identity, result: TokenResult): void
  /** The network changed, or the way to Microsoft did: arms the sender anew and ends our own back-off. */
  networkChanged(): void
  configure(settings: AttendanceSettings): void
  /** Resolves when every open departure of this kind has let go; at once when there is none. */
  released(departure: DepartureKind): Promise<void>
  readonly state: () => State
  readonly history: () => readonly HistoryEntry[]
  /** Trouble with the files, newest first, one per code. */
  readonly problems: () => readonly Problem[]
  dismissProblems(): void
  /** Notes trouble that another part met (settings, keyring, token cache). */
  addProblem(problem: Problem): void
  /** Graph's `request-id` of the last answer to a write, '' before the first. */
  readonly requestId: () => string
  /** The token that the sender is armed with for a session, for reads; null when there is none. */
  token(key: SessionKey): AccessToken | null
  /** Calls back after each event that changed something; returns its remover. */
  subscribe(listener: () => void): () => void
  /** Stops timers. The sender is closed by whoever made it. */
  stop(): void
}

const HISTORY_SHOWN = 200

/**
 * Attempts for one clear while a handler is held. A connection that died without a sign costs the first one; a network
 * that is down costs all three within a moment.
 */
const ATTEMPTS_PER_HOLD = 3

/** What a full disk refused is offered to it again after this long, ms: it may be all that a next start has. */
const SAVE_PAUSE_MS = 30 * SECOND

/** Builds the engine around its ports. */
export function createEngine(ports: EnginePorts, settings: AttendanceSettings): Engine {
  const { clock, sender, log } = ports
  let state = initialState('', settings)
  let history: readonly HistoryEntry[] = []
  let problems: readonly Problem[] = []
  let requestId = ''
  let cancelWake = (): void => undefined
  /** When the last plan was made: what had come by then was acted on, and nothing that came later. */
  let plannedAt = clock.now()
  const queue: PlannerEvent[] = []
  let running = false
  let started = false
  /** The hold of the handler that is running: when it ends (monotonic ms), and how often it may block again. */
  let held: { readonly until: number; readonly left: number } | null = null
  /** When the registry is written again although nothing changed, monotonic ms; null: the disk holds all that is known. */
  let saveAgainAt: number | null = null
  /** Counts the sign-ins of each session. */
  const signIns: Record<SessionKey, number> = {}
  const armed = new Map<SessionKey, { readonly identity: Identity; readonly token: AccessToken }>()
  const listeners = new Set<() => void>()
  const waiters: { readonly departure: DepartureKind; readonly resolve: () => void }[] = []

  /** Takes in one event; one that comes while a plan is acted on waits for its turn. */
  function dispatch(...events: readonly PlannerEvent[]): void {
    queue.push(...events)
    // Before the registry is loaded nothing is known, and saving that would cost what an earlier run still owes.
    if (running || !started) return
    running = true
    try {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) step(event)
    } finally {
      running = false
    }
    letGo()
    wakeLater()
    for (const listener of listeners) listener()
  }

  function step(event: PlannerEvent): void {
    if (event.type !== 'attempt') held = null
    plannedAt = clock.now()
    const next = plan(state, event, plannedAt)
    state = next.state
    let saved: SaveResult = { ok: true }
    for (const action of next.actions) {
      if (action.type === 'save') saved = save()
      else if (action.type === 'send' && action.afterWriting && !saved.ok) {
        queue.push({ type: 'not-written', writeId: action.write.id, problem: saved.problem })
      } else act(action)
    }
    if (saveAgainAt !== null && clock.now().mono >= saveAgainAt) save()
  }

  function act(action: Exclude<Action, { type: 'save' }>): void {
    switch (action.type) {
      case 'send':
        log.info('presence write sent', { id: action.write.id, kind: action.write.body.kind })
        sender.send(action.write)
        return
      case 'abort':
        sender.abort(action.id)
        return
      case 'hold':
        hold(action)
        return
      case 'refresh-token':
        refresh(action)
        return
      case 'history':
        remember(action.entry)
        return
      case 'forget':
        forget(action.identity)
        return
      case 'release':
        log.info('departure let go', { departure: action.departure, settled: action.settled })
    }
  }

  /** Blocks, and hands what came of it to the planner while there is time to try again. */
  function hold({ ids, ms }: Extract<Action, { type: 'hold' }>): void {
    const { until, left } = held ?? { until: clock.now().mono + ms, left: ATTEMPTS_PER_HOLD }
    held = { until, left: left - 1 }
    for (const attempt of sender.hold(ids, until - clock.now().mono)) {
      receive(attempt, left > 1 ? until - clock.now().mono : 0)
    }
  }

  function receive(attempt: Attempt, holdMs = 0): void {
    const { result } = attempt
    log.info('presence write ended', {
      id: attempt.id,
      ms: Math.round(attempt.endedAt - attempt.startedAt),
      clientRequestId: attempt.clientRequestId,
      ...(result.type === 'answer'
        ? { status: result.status, code: result.errorCode, requestId: result.requestId, date: result.date }
        : { failed: result.stage, code: result.code, sent: result.sent }),
    })
    if (result.type === 'answer' && result.requestId !== null) requestId = result.requestId
    queue.push({ type: 'attempt', attempt, holdMs })
  }

  function save(): SaveResult {
    const result = ports.registry.save(registryOf(state))
    saveAgainAt = result.ok ? null : clock.now().mono + SAVE_PAUSE_MS
    note(result, 'registry-unwritable')
    return result
  }

  function remember(entry: HistoryEntry): void {
    history = [entry, ...history].slice(0, HISTORY_SHOWN)
    note(ports.history.add(entry), 'history-unwritable')
    log.info('clear settled', {
      departure: entry.departure,
      settlement: entry.settlement,
      tookMs: entry.tookMs,
      problem: entry.problem?.code,
    })
  }

  /** Keeps one problem per code, and drops it when the same write works again. */
  function note(result: SaveResult, code: Problem['code']): void {
    const others = problems.filter((problem) => problem.code !== code)
    if (!result.ok) {
      log.error('file not written', { problem: result.problem.code, detail: result.problem.detail })
      problems = [result.problem, ...others.filter((problem) => problem.code !== result.problem.code)]
    } else if (others.length !== problems.length) problems = others
  }

  function refresh(action: Extract<Action, { type: 'refresh-token' }>): void {
    const record = state.sessions[action.key]?.record
    if (record === undefined) return
    const { force, claims, timeoutMs } = action
    const { [action.key]: before = 0 } = signIns
    void ports.tokens
      .acquire(record, { force, ...(claims === null ? {} : { claims }), timeoutMs })
      .then((result) => {
        // Who has signed in since has a token of their own, of which a refusal of the old one says nothing.
        if ((signIns[action.key] ?? 0) === before) tokenCame(record, result)
      })
  }

  function tokenCame(identity: Identity, result: TokenResult): void {
    const key = sessionKey(identity)
    // Asked for before a sign-out: the sender must not get it back.
    if (state.sessions[key] === undefined) return
    if (result.type === 'token') {
      arm(identity, result)
      dispatch({ type: 'token', key, news: { type: 'token', expiresAt: result.expiresAt } })
    } else {
      log.warn('no token', {
        result: result.type,
        problem: result.problem.code,
        detail: result.problem.detail,
      })
      dispatch({ type: 'token', key, news: result })
    }
  }

  /** Hands the sender all it needs for one session, ahead of need and before the planner hears of it. */
  function arm(identity: Identity, token: AccessToken): void {
    armed.set(sessionKey(identity), { identity, token })
    sender.arm({
      key: sessionKey(identity),
      graphOrigin: ports.graphOrigin(identity.cloud),
      userId: identity.userId,
      clientId: identity.clientId,
      accessToken: token.accessToken,
      route: ports.route(),
    })
  }

  function forget(identity: Identity): void {
    const key = sessionKey(identity)
    armed.delete(key)
    sender.disarm(key)
    void ports.tokens.forget(identity).then(() => ports.onForgotten?.(identity))
  }

  /** Answers those who wait for departures that are not open any more. */
  function letGo(): void {
    const open = state.departures.map(({ departure }) => departure)
    for (const waiter of waiters.filter(({ departure }) => !open.includes(departure))) {
      waiters.splice(waiters.indexOf(waiter), 1)
      waiter.resolve()
    }
  }

  function wakeLater(): void {
    cancelWake()
    // Reckoned from the plan: writing to the disk takes a moment, and so does whatever else is ahead in the event loop. A
    // moment that came meanwhile is due at once; from now on it would look as if it had been acted on.
    const passedMs = clock.now().mono - plannedAt.mono
    const untilPlan = nextWakeMs(state, plannedAt) ?? Infinity
    const untilSave = saveAgainAt === null ? Infinity : saveAgainAt - plannedAt.mono
    const ms = Math.max(0, Math.min(untilPlan, untilSave) - passedMs)
    cancelWake =
      ms === Infinity ? () => undefined : clock.after(Math.ceil(ms), () => dispatch({ type: 'tick' }))
  }

  sender.onAttempt((attempt) => {
    receive(attempt)
    dispatch()
  })

  return {
    start(locked) {
      const registry = ports.registry.load()
      const past = ports.history.load()
      history = past.data
      const found = [...registry.problems, ...past.problems]
      // Other parts may have told of trouble before.
      problems = [...found, ...problems]
      for (const { code, detail } of found) log.warn('file set aside', { problem: code, detail })
      started = true
      queue.unshift({ type: 'start', registry: registry.data, locked })
      dispatch()
    },
    restored: (accounts) => dispatch({ type: 'restored', accounts }),
    report: (event) => {
      if (event.type !== 'poll') log.info('reported', event)
      dispatch(event)
    },
    set: (pair) => dispatch({ type: 'set', pair }),
    clear: () => dispatch({ type: 'clear' }),
    signOut: () => dispatch({ type: 'sign-out' }),
    forgetNow: () => dispatch({ type: 'forget-now' }),
    retry: () => dispatch({ type: 'retry' }),
    signedIn(identity, token) {
      const key = sessionKey(identity)
      signIns[key] = (signIns[key] ?? 0) + 1
      arm(identity, token)
      dispatch({ type: 'signed-in', identity, expiresAt: token.expiresAt })
    },
    tokenCame,
    networkChanged() {
      for (const { identity, token } of armed.values()) arm(identity, token)
      dispatch({ type: 'network' })
    },
    configure: (next) => dispatch({ type: 'settings', settings: next }),
    released(departure) {
      return new Promise((resolve) => {
        waiters.push({ departure, resolve })
        // While a plan is acted on, the departure that was just reported still waits for its turn.
        if (!running) letGo()
      })
    },
    state: () => state,
    history: () => history,
    problems: () => problems,
    addProblem(problem) {
      problems = [problem, ...problems.filter(({ code }) => code !== problem.code)]
      dispatch()
    },
    requestId: () => requestId,
    token: (key) => armed.get(key)?.token ?? null,
    dismissProblems() {
      problems = []
      dispatch()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => cancelWake(),
  }
}
