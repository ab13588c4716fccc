/** A newer version that lies ready. */
import { words } from '../../shared/strings.ts'
import { CommandButton } from './command.tsx'

/** Says so, and offers to start it now. */
export function UpdateReady({ version }: { readonly version: string | null }) {
  if (version === null) return null
  const say = words.update
  return (
    <section className="card" aria-label={say.ready(version)}>
      <h2 className="card-title">{say.ready(version)}</h2>
      <p>{say.text}</p>
      <div className="row">
        <CommandButton command={{ type: 'install-update' }}>{say.restart}</CommandButton>
      </div>
    </section>
  )
}
