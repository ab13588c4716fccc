/** A button that has the main process copy something, and says so for a moment. */
import { use, useEffect, useState } from 'react'
import { words } from '../../shared/strings.ts'
import { SendContext } from './command.tsx'

const SAID_FOR_MS = 3000

/** `label` while idle, "Copied" for three seconds after the main process took the command. */
export function CopyButton(props: {
  readonly command: 'copy-details' | 'copy-device-code'
  readonly label: string
}) {
  const send = use(SendContext)
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), SAID_FOR_MS)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <>
      <button
        type="button"
        className="button button-secondary"
        onClick={() => void send({ type: props.command }).then(setCopied)}
      >
        {props.label}
      </button>
      <span className="note" role="status">
        {copied ? words.window.copied : ''}
      </span>
    </>
  )
}
