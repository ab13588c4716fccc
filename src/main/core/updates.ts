/** When newer versions are looked for, and when one is installed: at a quit that the user wants, never at any other end. */
import type { Clock, Log } from './model.ts'

/** The system's own means to replace this app by a newer one. */
export interface UpdatePort {
  /**
   * Looks for a newer version and downloads it. Resolves with its version once it lies ready and its checksum is right, or
   * null when there is none. Rejects when it can't be reached or isn't what was promised.
   */
  fetch(): Promise<string | null>
  /** Installs what lies ready; the last thing that the process does. With `restart` the new version is started. Never throws. */
  install(restart: boolean): void
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
  /** Begins to look; calls back when a version lies ready. */
  start(onReady: () => void): void
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
/** Twice a day, ms: an Electron with a hole is replaced within a day of the release. */
export const LOOK_AGAIN_MS = 12 * 3_600_000

/** Makes the updates; nothing is looked for before `start`. */
export function createUpdates({ port, clock, log }: UpdateParts): Updates {
  let ready: string | null = null
  let restart = false
  let leave = false
  let cancel = (): void => undefined

  function look(update: UpdatePort, onReady: () => void): void {
    update
      .fetch()
      .then((version) => {
        if (version === null || version === ready) return
        ready = version
        log.info('update ready', { version })
        onReady()
      })
      // Offline, or something else than promised: the next look may find better.
      .catch((error: unknown) => log.warn('no update', { error: codeOf(error) }))
      .finally(() => {
        cancel = clock.after(LOOK_AGAIN_MS, () => look(update, onReady))
      })
  }

  return {
    ready: () => ready,
    start(onReady) {
      if (port !== null) cancel = clock.after(FIRST_LOOK_MS, () => look(port, onReady))
    },
    stop: () => cancel(),
    restartWanted() {
      restart = true
    },
    leaveAsItIs() {
      leave = true
    },
    quitting(byUser) {
      // The system waits for nobody at a log-off or shutdown: an installer begun there would be cut off half-way.
      if (!byUser || leave || ready === null) return
      log.info('update installed', { version: ready, restart })
      port?.install(restart)
    },
  }
}

/** Its code, or its text: an address in it may carry what is nobody else's business. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.message.replaceAll(/https?:\S+/g, '(address)').slice(0, 200)
}
