/** The ways in which a tool is told to stop before its end: Ctrl+C, signals, and the end of the npm that runs it. */
import { complain, red } from './terminal.ts'

/** Exit codes by shell convention: 128 and the signal's number. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** How often the parent is looked at, ms. */
const PARENT_MS = 1_000

/**
 * Calls `stop` once when the tool shall stop, then ends the process: with `code`, or with the signal's own.
 * npm doesn't hand a SIGTERM on to its scripts, so the end of the parent counts too.
 */
export function onStop(stop: (why: string) => Promise<void>, code?: number): void {
  let stopping = false
  const begin = (why: string, ownCode: number): void => {
    if (stopping) return
    stopping = true
    stop(why).then(
      () => process.exit(code ?? ownCode),
      (error: unknown) => {
        complain(red(String(error)))
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => begin(signal, CODES[signal]))
  }
  // Without npm it may be meant to outlive its shell.
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) begin('npm has ended', CODES.SIGTERM)
  }, PARENT_MS).unref()
}
