/** Buttons that send a command, and the sender they share. */
import { createContext, use, type ReactNode } from 'react'
import type { Command } from '../../shared/ipc.ts'

/** Sends a command; resolves to whether the main process took it. Never rejects. */
export type Send = (command: Command) => Promise<boolean>

/** The way to the main process for every part of the window. */
export const SendContext = createContext<Send>(() => Promise.resolve(false))

/** How a button looks. The window has one `primary` button at a time. */
export type ButtonKind = 'primary' | 'secondary' | 'subtle'

interface Props {
  readonly command: Command
  readonly kind?: ButtonKind
  readonly wide?: boolean
  /** Working: keeps its place and focus, but pressing it does nothing. */
  readonly busy?: boolean
  readonly describedBy?: string
  readonly pressed?: boolean
  readonly children: ReactNode
}

/** A button for one command. */
export function CommandButton({
  command,
  kind = 'secondary',
  wide,
  busy,
  describedBy,
  pressed,
  children,
}: Props) {
  const send = use(SendContext)
  return (
    <button
      type="button"
      className={`button button-${kind}${wide === true ? ' button-wide' : ''}`}
      aria-disabled={busy === true ? true : undefined}
      aria-describedby={describedBy}
      aria-pressed={pressed}
      onClick={() => {
        if (busy !== true) void send(command)
      }}
    >
      {children}
    </button>
  )
}
