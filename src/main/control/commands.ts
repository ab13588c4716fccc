/** What each command of the command line does with the app, and how it ended. */
import type { DepartureKind } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import { problemText, snapshotSentence } from '../../shared/strings.ts'
import type { Face, Snapshot } from '../../shared/snapshot.ts'
import type { ControlCommand, ControlReply, ControlResult } from '../core/command-line.ts'

/** The app, as far as commands need it. */
export interface CommandParts {
  readonly snapshot: () => Snapshot
  /** Clears by name, without counting as somebody who sits here. */
  readonly clear: () => void
  /** Resolves when every open departure of this kind has let go. */
  readonly released: (departure: DepartureKind) => Promise<void>
  /** Signs in by the browser; resolves with why it failed, null when it did not. Never rejects. */
  readonly signIn: () => Promise<Problem | null>
  /** Quits; resolves when the departure has let go, before the process ends. */
  readonly quit: () => Promise<unknown>
  /** Resolves when it is known who is signed in, or after a few seconds. */
  readonly restored: Promise<unknown>
  /** The user's BCP 47 locale, for times in messages. */
  readonly locale: () => string
}

/** Does one command. Never rejects. */
export type RunCommand = (command: ControlCommand) => Promise<ControlReply>

/** Builds the commands around the app. */
export function createCommands(parts: CommandParts): RunCommand {
  function reply(command: ControlCommand, over: Partial<ControlReply> = {}): ControlReply {
    const snapshot = parts.snapshot()
    const { face, account, details } = snapshot
    return {
      command,
      result: resultOf(face),
      message: snapshotSentence(snapshot, { locale: parts.locale(), now: Date.now() }),
      ...('problem' in face && face.problem !== null ? { problem: face.problem.code } : {}),
      ...(account === null ? {} : { username: account.username }),
      version: details.version,
      ...over,
    }
  }

  return async (command) => {
    await parts.restored
    switch (command) {
      case 'status':
        return reply(command)
      case 'clear':
        if (parts.snapshot().account === null) return reply(command)
        parts.clear()
        await parts.released('manual')
        return reply(command)
      case 'sign-in': {
        const before = parts.snapshot().face.kind
        if (before === 'not-configured') return reply(command)
        if (!['signed-out', 'signing-in', 'needs-sign-in'].includes(before))
          return reply(command, { result: 'signed-in' })
        const problem = await parts.signIn()
        return problem === null
          ? reply(command, { result: 'signed-in' })
          : reply(command, {
              result: 'signed-out',
              problem: problem.code,
              message: problemText(problem).title,
            })
      }
      case 'quit':
        await parts.quit()
        return reply(command)
    }
  }
}

/** How things stand, by the face that the window shows. */
function resultOf(face: Face): ControlResult {
  switch (face.kind) {
    case 'clearing':
    case 'not-cleared':
      return 'due'
    default:
      return face.kind
  }
}
