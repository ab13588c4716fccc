/** The only writer of presence: arms its worker, hands it each write, and gathers the answers even while main is blocked. */
import type { Armament, Attempt, Log, PresenceWrite, Sender, SessionKey } from '../core/model.ts'
import type { ToWorker } from './sender-protocol.ts'
import { createTransport, type Transport } from './transport.ts'
import { startThread, startWorkerLink, type StartWorker, type WorkerLink } from './worker-link.ts'

/** What the sender is made of. */
export interface SenderOptions {
  /** The worker's file: `out/main/sender.worker.js` in the built app. */
  readonly workerFile: string | URL
  readonly log: Log
  /** Starts the thread; only tests give it. */
  readonly startWorker?: StartWorker
}

/**
 * In a hold: a listening worker that gives no sign of life for this long, ms, is taken for dead, and the next one for
 * twice as long. One that still starts is waited for: another would start no sooner.
 */
const SILENT_MS = 500
/** In a hold: how long to sleep at most, ms, before the worker's state is looked at again. */
const LOOK_MS = 100
/** A write that its worker has not ended this long, ms, after its own deadline is asked after. */
const GRACE_MS = 2_000
/** More starts than this within a minute, and main sends itself until the next arming. */
const MAX_STARTS = 5
const MINUTE_MS = 60_000

interface OpenWrite {
  readonly write: PresenceWrite
  watch: NodeJS.Timeout
}

/** Makes the sender and starts its worker. */
export function createSender(options: SenderOptions): Sender {
  const { log, workerFile } = options
  const armaments = new Map<SessionKey, Armament>()
  const open = new Map<number, OpenWrite>()
  /** Ended, and still to be told to the listener. */
  let ended: Attempt[] = []
  let listener: (attempt: Attempt) => void = () => undefined
  let starts: number[] = []
  let link: WorkerLink | null = null
  let local: Transport | null = null
  let closed = false

  const post = (message: ToWorker): void => {
    if (link !== null) link.post(message)
    else if (message.type === 'arm') local?.arm(message.armament)
    else if (message.type === 'disarm') local?.disarm(message.key)
    else if (message.type === 'send') local?.send(message.write)
    else if (message.type === 'abort') local?.abort(message.id)
  }

  /** Ends a write once, whoever reports it; false when it had ended before. */
  const settle = (attempt: Attempt): boolean => {
    const entry = open.get(attempt.id)
    if (entry === undefined) return false
    clearTimeout(entry.watch)
    open.delete(attempt.id)
    return true
  }
  const deliver = (attempt: Attempt): void => {
    if (settle(attempt)) listener(attempt)
  }
  /** Tells the listener soon, unless a hold takes it first: `send` never calls back before it returns. */
  const deliverSoon = (attempt: Attempt): void => {
    ended.push(attempt)
    setImmediate(flush)
  }
  const flush = (): void => {
    const attempts = ended
    ended = []
    if (closed) return
    for (const attempt of attempts) listener(attempt)
  }
  const failed = (
    write: PresenceWrite,
    stage: 'worker' | 'not-armed',
    sent: boolean,
    code: string,
  ): Attempt => {
    const now = Date.now()
    const result = { type: 'failure', stage, sent, code } as const
    return { id: write.id, key: write.key, clientRequestId: '', startedAt: now, endedAt: now, result }
  }

  /** Puts a new worker, or this thread, in charge, and arms it with all that is known. */
  const start = (): void => {
    const now = performance.now()
    starts = [...starts.filter((at) => now - at < MINUTE_MS), now]
    link = starts.length > MAX_STARTS ? null : tryStart()
    if (link === null && local === null) {
      log.error('sender-without-worker', { starts: starts.length })
      local = createTransport(deliver)
    }
    for (const armament of armaments.values()) post({ type: 'arm', armament })
  }
  const tryStart = (): WorkerLink | null => {
    try {
      const started = startWorkerLink(workerFile, options.startWorker ?? startThread, {
        onAttempt: deliver,
        onEnd: (code) => {
          if (link === started && !closed) replace(code)
        },
      })
      return started
    } catch (error) {
      log.error('sender-worker-not-started', { code: error instanceof Error ? error.name : 'unknown' })
      return null
    }
  }

  /** A worker is gone: start another at once. What it had not even begun is sent again, the rest has failed. */
  const replace = (code: string): void => {
    const gone = link
    if (gone === null) return
    for (const attempt of gone.take()) deliver(attempt)
    log.warn('sender-worker-ended', { code, open: open.size })
    void endQuietly(gone)
    start()
    for (const { write } of [...open.values()]) {
      if (gone.wasReady()) deliver(failed(write, 'worker', true, code))
      else post({ type: 'send', write })
    }
  }
  const endQuietly = async (gone: WorkerLink): Promise<void> => {
    try {
      await gone.end()
    } catch (error) {
      log.warn('sender-worker-not-terminated', { code: error instanceof Error ? error.name : 'unknown' })
    }
  }

  /** The worker keeps the deadlines; if it says nothing, find out whether it still can. */
  const watch = (write: PresenceWrite): NodeJS.Timeout =>
    later(write.timeoutMs + GRACE_MS, () => {
      const entry = open.get(write.id)
      const asked = link
      if (entry === undefined || asked === null) return
      const serial = asked.ping()
      entry.watch = later(GRACE_MS, () => {
        if (!open.has(write.id) || asked !== link) return
        if (asked.answered(serial)) deliver(failed(write, 'worker', true, 'lost'))
        else replace('silent')
      })
    })

  const hold = (ids: readonly number[], ms: number): readonly Attempt[] => {
    const until = performance.now() + ms
    const wanted = new Set(ids)
    if (link === null && ids.some((id) => open.has(id))) startForHold()
    const got: Attempt[] = ended.filter((attempt) => wanted.has(attempt.id))
    ended = ended.filter((attempt) => !wanted.has(attempt.id))
    /** Workers taken for dead. On a machine that is only slow they may report all the same. */
    const suspects: WorkerLink[] = []
    let patience = SILENT_MS
    let ping: { readonly serial: number; readonly at: number } | null = null
    while (link !== null) {
      const held: WorkerLink = link
      const bell = held.bell()
      for (const attempt of [held, ...suspects].flatMap((each) => each.take())) {
        if (!settle(attempt)) continue
        if (wanted.has(attempt.id)) got.push(attempt)
        else deliverSoon(attempt)
      }
      const now = performance.now()
      if (now >= until || !ids.some((id) => open.has(id))) break
      const unanswered = ping !== null && !held.answered(ping.serial)
      const silent = unanswered && held.wasReady() && now - (ping?.at ?? now) > patience
      if (silent || held.hasEnded()) {
        suspects.push(held)
        replaceInHold(held, wanted)
        patience *= 2
        ping = null
      } else if (ping === null || (!unanswered && now - ping.at > SILENT_MS)) {
        // Silence counts from here, and for a worker that still starts from its first sign of life on.
        ping = { serial: held.ping(), at: now }
      } else if (!held.wasReady()) ping = { serial: ping.serial, at: now }
      if (link === held) held.waitForBell(bell, Math.min(until - now, LOOK_MS))
    }
    for (const suspect of suspects) void endQuietly(suspect)
    return got
  }
  /** This thread is about to block, so what it was sending itself needs a worker after all, however many have died. */
  const startForHold = (): void => {
    starts = []
    start()
    if (link !== null) for (const { write } of open.values()) post({ type: 'send', write })
  }
  /** The planner can't run now, so here alone the sender sends again: every write is idempotent. */
  const replaceInHold = (gone: WorkerLink, wanted: ReadonlySet<number>): void => {
    log.warn('sender-worker-ended', {
      code: gone.hasEnded() ? 'ended in hold' : 'silent in hold',
      open: open.size,
    })
    start()
    for (const { write } of [...open.values()]) {
      if (wanted.has(write.id) || !gone.wasReady()) post({ type: 'send', write })
      else {
        const attempt = failed(write, 'worker', true, 'in hold')
        settle(attempt)
        deliverSoon(attempt)
      }
    }
  }

  start()
  return {
    arm: (armament) => {
      if (closed) return
      armaments.set(armament.key, armament)
      const recent = starts.filter((at) => performance.now() - at < MINUTE_MS)
      if (link === null && recent.length < MAX_STARTS && open.size === 0) {
        local?.close()
        local = null
        start()
      } else post({ type: 'arm', armament })
    },
    disarm: (key) => {
      armaments.delete(key)
      post({ type: 'disarm', key })
    },
    send: (write) => {
      if (closed) deliverSoon(failed(write, 'worker', false, 'closed'))
      else if (!armaments.has(write.key)) deliverSoon(failed(write, 'not-armed', false, ''))
      else {
        open.set(write.id, { write, watch: watch(write) })
        post({ type: 'send', write })
      }
    },
    abort: (id) => post({ type: 'abort', id }),
    hold,
    onAttempt: (next) => {
      listener = next
    },
    close: async () => {
      closed = true
      for (const entry of open.values()) clearTimeout(entry.watch)
      open.clear()
      local?.close()
      await link?.end()
    },
  }
}

function later(ms: number, callback: () => void): NodeJS.Timeout {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return timer
}
