/** Starting with the computer: what is shown, when it is offered, and what policy fixes. Pure but for its ports. */
import type { Problem } from '../../shared/problem.ts'
import type { StartAtLogin } from '../../shared/snapshot.ts'
import type { SaveResult } from './model.ts'

/** The system's own means to start the app at login. */
export interface AutostartPort {
  isOn(): boolean
  set(on: boolean): SaveResult
  /** Brings an entry up to date that names a program which has moved. */
  refresh(): void
}

/** What the start at login is made of. */
export interface AutostartParts {
  /** Null where the app isn't installed. */
  readonly port: AutostartPort | null
  /** What an administrator has fixed; null when it is the user's choice. */
  readonly policy: boolean | null
  /** The user has answered the offer, in this run or an earlier one. */
  readonly answered: boolean
  /** Keeps that it was answered. */
  readonly keepAnswered: () => SaveResult
  readonly onProblem: (problem: Problem) => void
}

/** The start at login. */
export interface StartAtLoginSwitch {
  view(signedIn: boolean): StartAtLogin
  /** Looks again: the desktop's own settings may have changed it. */
  look(): void
  /** The user's choice; refused silently where it isn't theirs: the window shows no switch then. */
  choose(on: boolean): void
}

/** Does what policy says, and brings up to date what is on. Never throws. */
export function createStartAtLogin(parts: AutostartParts): StartAtLoginSwitch {
  const { port, policy } = parts
  let { answered } = parts
  const told = (result: SaveResult): void => {
    if (!result.ok) parts.onProblem(result.problem)
  }
  let on = port?.isOn() ?? false
  if (port !== null) {
    if (policy !== null && on !== policy) {
      told(port.set(policy))
      on = port.isOn()
    } else port.refresh()
  }
  const why = port === null ? 'not-installed' : policy !== null ? 'policy' : null
  return {
    view: (signedIn) => ({ on, why, offered: why === null && signedIn && !answered && !on }),
    look() {
      on = port?.isOn() ?? false
    },
    choose(wanted) {
      if (port === null || policy !== null) return
      told(port.set(wanted))
      on = port.isOn()
      if (answered) return
      answered = true
      told(parts.keepAnswered())
    },
  }
}
