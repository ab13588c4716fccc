/** The one primary button, and the five pairs that can be set until the user leaves. */
import type { Pair } from '../../shared/presence.ts'
import { pairText, problemText, words } from '../../shared/strings.ts'
import type { Snapshot } from '../../shared/snapshot.ts'
import { CommandButton } from './command.tsx'

/** The five pairs in the order in which they fill two rows; the type makes sure that none is missing. */
const ORDER = Object.keys({
  'Available/Available': true,
  'Busy/InACall': true,
  'Away/Away': true,
  'Busy/InAConferenceCall': true,
  'DoNotDisturb/Presenting': true,
} satisfies Record<Pair, true>) as Pair[]

/** "Clear my call status", with what it leaves alone. */
export function ClearAction({ clearing }: { readonly clearing: boolean }) {
  return (
    <section className="stack" aria-label={words.window.clear}>
      <CommandButton command={{ type: 'clear' }} kind="primary" wide busy={clearing} describedBy="clear-note">
        {words.window.clear}
      </CommandButton>
      <p className="note" id="clear-note">
        {words.window.clearNote}
      </p>
    </section>
  )
}

/** The Set control. Greyed with the reason where a set would be refused. */
export function SetAction({ snapshot }: { readonly snapshot: Snapshot }) {
  const { canSet, own, setProblem } = snapshot
  return (
    <fieldset className="card set" disabled={!canSet} aria-describedby={canSet ? undefined : 'set-note'}>
      <legend className="visually-hidden">{words.window.set}</legend>
      <h2 className="card-label" aria-hidden="true">
        {words.window.set}
      </h2>
      <div className="pairs">
        {ORDER.map((pair) => (
          <CommandButton key={pair} command={{ type: 'set', pair }} pressed={own?.pair === pair}>
            {pairText(pair)}
          </CommandButton>
        ))}
      </div>
      {!canSet && (
        <p className="note" id="set-note">
          {whyNot(snapshot)}
        </p>
      )}
      <div role="status">
        {setProblem !== null && (
          <p className="set-problem">
            <strong>{problemText(setProblem).title}.</strong> {problemText(setProblem).meaning}{' '}
            {problemText(setProblem).action}
          </p>
        )}
      </div>
    </fieldset>
  )
}

function whyNot({ away, account, face }: Snapshot): string {
  const say = words.window
  if (account === null || face.kind === 'needs-sign-in') return say.setWhySignIn
  if (away) return say.setWhyAway
  if (face.kind === 'clearing') return say.setWhyClearing
  if (face.kind === 'not-cleared') return say.setWhyDue
  return face.kind === 'not-permitted' ? say.setWhyPermission : say.setWhyOther
}
