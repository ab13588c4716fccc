/** What the command line can ask for, how it ends, and what the process then exits with. */
import type { ProblemCode } from '../../shared/problem.ts'

/** What the running app does for the command line, by the name of the flag. */
export const COMMANDS = ['clear', 'quit', 'sign-in', 'status'] as const
/** One of them. */
export type ControlCommand = (typeof COMMANDS)[number]

/** What is for an app that runs already: such a process must not stand in the way of one that starts just now. */
export const FOR_RUNNING: readonly ControlCommand[] = ['quit', 'status']

/**
 * How a command ended, with what the process then exits with (docs/command-line.md): 0 done, or nothing to do; 2 usage;
 * 3 sign-in needed; 4 not permitted; 5 not reached, still due; 6 not supported.
 */
const EXIT_CODES = {
  // How the clear was settled.
  cleared: 0,
  'nothing-to-clear': 0,
  expired: 0,
  /** We stopped trying. */
  'not-confirmed': 5,
  'not-supported': 6,
  /** Nothing is owed, and the next departure will be cleared. */
  on: 0,
  /** Owed and retried. */
  due: 5,
  'signed-in': 0,
  'signed-out': 3,
  'signing-in': 3,
  'needs-sign-in': 3,
  'not-permitted': 4,
  'not-configured': 3,
  'not-running': 0,
  /** It runs, and gave no answer in time. */
  'no-answer': 5,
  /** The command line can't be understood. */
  usage: 2,
} as const

/** How a command ended. */
export type ControlResult = keyof typeof EXIT_CODES

/** What is printed for a command. */
export interface ControlReply {
  readonly command: ControlCommand | null
  readonly result: ControlResult
  /** The sentence that the window shows, or what is wrong with the command line. */
  readonly message: string
  /** Why it is not done. */
  readonly problem?: ProblemCode
  /** Who is signed in. */
  readonly username?: string
  readonly version?: string
}

/** The exit code of the process that printed this reply. */
export function exitCodeOf({ result }: Pick<ControlReply, 'result'>): number {
  return EXIT_CODES[result]
}

/** Whether it is a result that this version knows. */
export function isResult(value: unknown): value is ControlResult {
  return typeof value === 'string' && Object.hasOwn(EXIT_CODES, value)
}
