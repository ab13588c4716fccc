/** What we set, what Teams shows, and why the two may differ. */
import { ownText, presenceText, timeText, words, type Reading } from '../../shared/strings.ts'
import type { Snapshot } from '../../shared/snapshot.ts'

/** Only for what this app set is a "what" and an end ever shown. */
export function StatusCard({
  snapshot,
  reading,
}: {
  readonly snapshot: Snapshot
  readonly reading: Reading
}) {
  const { own, presence } = snapshot
  return (
    <section className="card" aria-label={words.window.yours}>
      <dl className="facts">
        <div className="fact">
          <dt>{words.window.yours}</dt>
          <dd>{own === null ? words.own.none : ownText(own)}</dd>
        </div>
        {presence !== null && (
          <div className="fact">
            <dt>{words.window.teams}</dt>
            <dd>
              {words.presence.shows(presenceText(presence))}
              <span className="note"> · {words.presence.readAt(timeText(presence.at, reading))}</span>
            </dd>
          </div>
        )}
      </dl>
      {stillBusy(snapshot) && (
        <div className="why">
          <h2 className="card-label">{words.presence.why}</h2>
          <p>
            {words.presence.catchingUp} {words.presence.otherCause}
          </p>
        </div>
      )}
    </section>
  )
}

/** Teams shows a busy presence although we have cleared ours. */
function stillBusy({ face, presence, own }: Snapshot): boolean {
  const settled = face.kind === 'cleared' || face.kind === 'nothing-to-clear'
  return settled && own === null && /^(Busy|DoNotDisturb)/.test(presence?.availability ?? '')
}
