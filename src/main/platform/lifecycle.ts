/** The life of the process: ready, surviving trouble, and the one path on which it ends. */
import { app } from 'electron'
import type { Log } from '../core/model.ts'

/** Who wants the process to end: a command of ours (tray, menu, shortcut, window), or a signal or the OS. */
export type QuitOrigin = 'user' | 'system'

/** The departure that the end of the process is. */
export type QuitDeparture = 'quit' | 'log-off' | 'shutdown'

/**
 * What must be done before the process ends. Resolves when it may; a rejection is logged and holds nothing up. The first
 * handler is called a second time when the OS ends the session meanwhile: either call may let go.
 */
export type QuitHandler = (origin: QuitOrigin, departure: QuitDeparture) => Promise<void>

/** The life of the process. */
export interface Lifecycle {
  /** Resolves when Electron is ready; signals are listened to from then on. */
  whenReady(): Promise<void>
  /**
   * Registers what must be done first. The first handler is called in the same turn in which the quit begins; the
   * others follow one after another. Together they get `QUIT_TIME_MS` of the origin.
   */
  onQuit(handler: QuitHandler): void
  /** Our own command: quits with the user's time limit. A quit that is under way is not changed. */
  requestQuit(): void
  /** The same, and the process ends with this exit code. */
  quitWith(exitCode: number): void
  /**
   * The OS ends the session: quits with the system's time limit. A user's quit that is under way gets no longer than
   * that from now on.
   */
  endSession(departure: Exclude<QuitDeparture, 'quit'>): void
  /** Whether the end has begun. */
  quitting(): boolean
}

/** How long a departure by quitting may take, ms (docs/architecture.md, "Departures"). */
export const QUIT_TIME_MS: Readonly<Record<QuitOrigin, number>> = { user: 5_000, system: 3_500 }

/** What the handlers get on top, to let go by themselves and to close what they opened, ms. */
const HANDLER_SLACK_MS = 500

/** When the process ends whatever still hangs, ms after the handlers' limit. logind waits 5 s in all. */
const LAST_RESORT_MS = 750

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Takes over the life of the process. */
export function createLifecycle({ log }: { readonly log: Log }): Lifecycle {
  const handlers: QuitHandler[] = []
  let origin: QuitOrigin = 'system'
  let departure: QuitDeparture = 'quit'
  /** `departing`: the first handler, the departure, has not let go yet. */
  let state: 'running' | 'departing' | 'closing' | 'done' = 'running'
  const limit = createLimit({ log, onEnd: finish })
  let letGo = (): void => undefined
  let exitCode = 0

  function begin(): void {
    state = 'departing'
    log.info('quit begins', { origin, departure })
    limit.set(QUIT_TIME_MS[origin])
    void runHandlers().then(finish)
  }

  async function runHandlers(): Promise<void> {
    const [first, ...others] = handlers
    if (first !== undefined) {
      const hurried = new Promise<void>((resolve) => {
        letGo = resolve
      })
      await Promise.race([run(first), hurried])
    }
    if (state === 'departing') state = 'closing'
    for (const handler of others) await run(handler)
  }

  async function run(handler: QuitHandler): Promise<void> {
    try {
      await handler(origin, departure)
    } catch (error) {
      log.error('quit handler failed', describe(error))
    }
  }

  /** The OS waits for less than the user does: it is a departure of its own, and the one that lets go first counts. */
  function hurry(why: QuitDeparture): void {
    origin = 'system'
    departure = why
    log.info('quit hurried', { departure })
    limit.set(QUIT_TIME_MS.system)
    const [first] = handlers
    if (state === 'departing' && first !== undefined) void run(first).then(letGo)
  }

  function finish(): void {
    if (state === 'done') return
    limit.clear()
    state = 'done'
    if (exitCode === 0) app.quit()
    else app.exit(exitCode)
  }

  app.on('before-quit', (event) => {
    if (state === 'done') return
    // Every way to quit comes by here. A second request must not cut the first one's clear short.
    event.preventDefault()
    if (state === 'running') begin()
  })
  // The app lives in the tray; without this listener Electron quits with the last window.
  app.on('window-all-closed', () => log.info('window closed'))
  surviveTrouble(log)

  function quitAs(who: QuitOrigin, why: QuitDeparture): void {
    if ((state === 'departing' || state === 'closing') && origin === 'user' && who === 'system') {
      hurry(why)
      return
    }
    if (state === 'running') {
      origin = who
      departure = why
    }
    app.quit()
  }

  return {
    async whenReady() {
      await app.whenReady()
      // After ready, because Chromium installs its own handlers on the way there.
      for (const signal of SIGNALS) {
        // electron-store brings along when-exit, which answers a signal by sending it once more: one Ctrl+C would count
        // as two. And it listens since before Chromium: only a first listener puts Node's handler in place of that one.
        process.removeAllListeners(signal)
        process.on(signal, () => {
          log.info('signal', { signal })
          // Ctrl+C pressed again: whoever sits at that terminal doesn't want to wait for Microsoft.
          if (signal === 'SIGINT' && state !== 'running') app.exit(130)
          else quitAs('system', 'quit')
        })
      }
    },
    onQuit(handler) {
      handlers.push(handler)
    },
    requestQuit: () => quitAs('user', 'quit'),
    quitWith(code) {
      exitCode = code
      quitAs('user', 'quit')
    },
    endSession: (why) => quitAs('system', why),
    quitting: () => state !== 'running',
  }
}

/** The two ends of patience with the handlers. */
interface Limit {
  /** Starts them for a departure that may take `ms`, or moves them nearer; never further away. */
  set(ms: number): void
  /** The handlers are done. Patience with what hangs afterwards goes on. */
  clear(): void
}

function createLimit({ log, onEnd }: { readonly log: Log; readonly onEnd: () => void }): Limit {
  let patience: NodeJS.Timeout | undefined
  let lastResort: NodeJS.Timeout | undefined
  let endsAt = Infinity
  return {
    set(departureMs) {
      const ms = departureMs + HANDLER_SLACK_MS
      if (performance.now() + ms >= endsAt) return
      endsAt = performance.now() + ms
      clearTimeout(patience)
      clearTimeout(lastResort)
      patience = setTimeout(() => {
        log.warn('quit handlers took too long', { ms })
        onEnd()
      }, ms)
      // Not referenced: it must not be what keeps the process alive. Only reached when even quitting hangs.
      lastResort = setTimeout(() => {
        log.error('quit hangs; ending')
        app.exit(1)
      }, ms + LAST_RESORT_MS).unref()
    },
    clear: () => clearTimeout(patience),
  }
}

/** What would otherwise end the process, or go unnoticed, is written down; clearing goes on. */
function surviveTrouble(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', describe(reason)))
  process.on('uncaughtException', (error) => log.error('uncaught exception', describe(error)))
  app.on('render-process-gone', (_event, _contents, { reason, exitCode }) =>
    log.error('renderer gone', { reason, exitCode }),
  )
  app.on('child-process-gone', (_event, { type, reason, exitCode, name }) =>
    log.error('child process gone', { type, reason, exitCode, name }),
  )
}

function describe(error: unknown): { readonly error: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { error: typeof error === 'string' ? error : typeof error }
  return {
    error: `${error.name}: ${error.message}`,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  }
}
