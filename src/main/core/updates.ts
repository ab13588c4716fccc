/**
 * When newer versions are looked for, and when one is installed: at a quit that the user wants, never at any other end. (On
 * macOS the system's own updater installs what it was given at any end.)
 */
import type { Clock, Log } from './model.ts'

/** The system's own means to replace this app by a newer one. */
export interface UpdatePort {
  /**
   * Looks for a newer version and downloads it. Resolves with its version once it lies ready and its checksum is right, or
   * null when there is none. Rejects when it can't be reached or isn't what was promised.
   */
  fetch(): Promise<string | null>
  /**
   * Installs what lies ready; the last thing that the process does. With `restart` the new version is started, or this one
   * again where it could not be installed. Answers whether it could. Never throws.
   */
  install(restart: boolean): boolean
}

/** What updates are made of. */
export interface UpdateParts {
  /** Null where this app can't replace itself, or may not. */
  readonly port: UpdatePort | null
  readonly clock: Clock
  readonly log: Log
}

/** The updates. */
export interface Updates {
  /** The version that is installed at the next quit; null when none is. */
  ready(): string | null
  /** Begins to look; calls back when another version lies ready, or none any more. */
  start(onChange: () => void): void
  /** The machine was asleep, and timers with it: looks now when that is due. */
  resumed(): void
  stop(): void
  /** The user wants the new version now: the quit that follows starts it. */
  restartWanted(): void
  /** A program asked for the quit, an uninstaller perhaps: nothing is installed at its end. */
  leaveAsItIs(): void
  /** Call it last in a quit, with whether the user wanted it. */
  quitting(byUser: boolean): void
}

/** The start is busy enough, ms. */
export const FIRST_LOOK_MS = 2 * 60_000
/** Twice a day, ms. */
export const LOOK_AGAIN_MS = 12 * 3_600_000

/** Makes the updates; nothing is looked for before `start`. */
export function createUpdates({ port, clock, log }: UpdateParts): Updates {
  let ready: string | null = null
  let restart = false
  let leave = false
  let cancel = (): void => undefined

  let lookedAt = Infinity
  let changed = (): void => undefined

  function look(update: UpdatePort): void {
    lookedAt = clock.now().wall
    update
      .fetch()
      // Offline, or something else than promised: the next look may find better. What lay ready may have made room for it.
      .catch((error: unknown) => {
        log.warn('no update', { error: codeOf(error) })
        return null
      })
      .then((version) => {
        cancel = clock.after(LOOK_AGAIN_MS, () => look(update))
        if (version === ready) return
        ready = version
        if (version !== null) log.info('update ready', { version })
        changed()
      })
      .catch((error: unknown) => log.error('update not told', { error: codeOf(error) }))
  }

  return {
    ready: () => ready,
    start(onChange) {
      changed = onChange
      if (port !== null) cancel = clock.after(FIRST_LOOK_MS, () => look(port))
    },
    resumed() {
      if (port === null || clock.now().wall - lookedAt < LOOK_AGAIN_MS) return
      cancel()
      look(port)
    },
    stop() {
      lookedAt = Infinity
      cancel()
    },
    restartWanted() {
      restart = true
    },
    leaveAsItIs() {
      leave = true
    },
    quitting(byUser) {
      // The system waits for nobody at a log-off or shutdown: an installer begun there would be cut off half-way.
      if (!byUser || leave) return
      // Whoever pressed "Restart now" gets the app back, also when what lay ready is gone meanwhile.
      if (ready === null && !restart) return
      const installed = port?.install(restart) ?? false
      log.info(installed ? 'update installed' : 'update not installed', { version: ready, restart })
    },
  }
}

/** Its code, or its text: an address in it may carry what is nobody else's business. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.message.replaceAll(/https?:\S+/g, '(address)').slice(0, 200)
}
