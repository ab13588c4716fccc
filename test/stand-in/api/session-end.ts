import { host } from '../host.ts'
import { createEvent, fire } from '../part.ts'
import { parts } from './parts.ts'

/**
 * Plays the end of a Windows session: `query-session-end` asks every window.
 * @returns whether nobody prevented it. Windows ignores a veto of an app without a visible window.
 */
export function queryWindowsSessionEnd(reasons: string[]): boolean {
  refuseElsewhere('query-session-end')
  let agreed = true
  for (const window of parts.windows.values()) {
    const event = createEvent({ reasons })
    fire(window, 'query-session-end', event)
    drainTicks()
    if (event.defaultPrevented) agreed = false
  }
  return agreed
}

/** `session-end` for every window; the process dies the instant the last handler has returned. */
export function endWindowsSession(reasons: string[]): void {
  refuseElsewhere('session-end')
  for (const window of parts.windows.values()) {
    fire(window, 'session-end', createEvent({ reasons }))
    drainTicks()
  }
  process.kill(process.pid, 'SIGKILL')
}

function refuseElsewhere(event: string): void {
  if (host.platform !== 'win32') throw new Error(`stand-in: ${event} exists only on Windows`)
}

/** Electron emits inside a callback scope, so ticks and microtasks run after each window's listeners; timers don't. */
function drainTicks(): void {
  ;(process as unknown as { _tickCallback: () => void })._tickCallback()
}
