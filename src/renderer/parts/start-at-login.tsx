/** Starting with the computer: offered once, and a switch for later. */
import { use } from 'react'
import { words } from '../../shared/strings.ts'
import type { StartAtLogin } from '../../shared/snapshot.ts'
import { CommandButton, SendContext } from './command.tsx'

/** The one question after the first sign-in. */
export function StartOffer({ startAtLogin }: { readonly startAtLogin: StartAtLogin }) {
  if (!startAtLogin.offered) return null
  const say = words.autostart
  return (
    <section className="card" aria-label={say.offer}>
      <h2 className="card-title">{say.offer}</h2>
      <p>{say.offerText}</p>
      <div className="row">
        <CommandButton command={{ type: 'start-at-login', on: true }}>{say.yes}</CommandButton>
        <CommandButton command={{ type: 'start-at-login', on: false }} kind="subtle">
          {say.no}
        </CommandButton>
      </div>
    </section>
  )
}

/** The settings that the window offers, collapsed. Greyed with the reason where it isn't the user's to change. */
export function Settings({ startAtLogin }: { readonly startAtLogin: StartAtLogin }) {
  const send = use(SendContext)
  const { on, why } = startAtLogin
  const say = words.autostart
  return (
    <details className="fold">
      <summary>{say.settings}</summary>
      <div className="stack">
        <label className="switch">
          <input
            type="checkbox"
            role="switch"
            checked={on}
            disabled={why !== null}
            aria-describedby="start-note"
            onChange={() => void send({ type: 'start-at-login', on: !on })}
          />
          {say.label}
        </label>
        <p className="note" id="start-note">
          {why === null ? say.note : say[why]}
        </p>
      </div>
    </details>
  )
}
