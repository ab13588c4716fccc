/** The words on the control socket: one line of JSON each way. Pure. */
import { COMMANDS, type ControlCommand, type ControlReply, isResult } from '../core/command-line.ts'
import { own } from '../../shared/own.ts'

/** The longest line that either side takes, bytes. */
export const LONGEST_LINE = 16_384

/** Reads a request; null when it is none. Never throws. */
export function readRequest(line: string): ControlCommand | null {
  const command = own(parse(line), 'command')
  return COMMANDS.find((known) => known === command) ?? null
}

/** Reads a reply; null when it is none, for it may come from another version. Never throws. */
export function readReply(line: string): ControlReply | null {
  const value = parse(line)
  const [result, message] = [own(value, 'result'), own(value, 'message')]
  // The rest is only printed; what the exit code hangs on must be known.
  return isResult(result) && typeof message === 'string' ? (value as ControlReply) : null
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
