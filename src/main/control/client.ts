/** Asks the running app, as a second launch does. */
import { connect } from 'node:net'
import type { ControlCommand, ControlReply } from '../core/command-line.ts'
import { findAddress } from './address.ts'
import { LONGEST_LINE, readReply } from './line.ts'

/** How long each command is waited for, ms: a little longer than the app itself takes at most. */
const PATIENCE_MS: Readonly<Record<ControlCommand, number>> = {
  clear: 20_000,
  quit: 15_000,
  'sign-in': 16 * 60_000,
  status: 5_000,
}

/**
 * Asks the app that owns the folder. After `quit` it waits until that process has closed its side, which its end does.
 * Null: nobody listens. Never rejects.
 */
export async function askRunning(folder: string, command: ControlCommand): Promise<ControlReply | null> {
  const path = findAddress(folder)
  if (path === null) return null
  const silent: ControlReply = { command, result: 'no-answer', message: 'The running app does not answer.' }
  return new Promise((resolve) => {
    let text = ''
    let reply: ControlReply | null = null
    let connected = false
    const socket = connect(path)
    const late = setTimeout(() => {
      resolve(reply ?? silent)
      socket.destroy()
    }, PATIENCE_MS[command])
    socket.setEncoding('utf8')
    socket.on('connect', () => {
      connected = true
      socket.write(`${JSON.stringify({ command })}\n`)
    })
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end !== -1) reply ??= readReply(text.slice(0, end))
      if (text.length > LONGEST_LINE) socket.destroy()
    })
    // Refused or not there: left behind by a process that died.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(late)
      resolve(connected ? (reply ?? silent) : null)
    })
  })
}
