/** What we set, what Teams shows, what happened last, and why Teams may still show something. */
import type { ReactNode } from 'react'
import { historyText, ownText, presenceText, timeText, words, type Reading } from '../../shared/strings.ts'
import type { HistoryEntry, Snapshot } from '../../shared/snapshot.ts'

/** Only for what this app set is a "what" and an end ever shown. */
export function StatusCard({
  snapshot,
  reading,
}: {
  readonly snapshot: Snapshot
  readonly reading: Reading
}) {
  const { face, own, presence, history } = snapshot
  const [last] = history
  return (
    <section className="card" aria-label={words.window.yours}>
      <dl className="facts">
        <Fact name={words.window.yours}>
          {own === null ? words.own.none : <strong>{ownText(own, face)}</strong>}
        </Fact>
        {presence !== null && (
          <Fact name={words.presence.shows}>
            <strong>{presenceText(presence)}</strong>{' '}
            <span className="note">{words.presence.readAt(timeText(presence.at, reading))}</span>
          </Fact>
        )}
        <Fact name={words.window.last}>
          {last === undefined ? words.window.lastNothing : <LastTime entry={last} reading={reading} />}
        </Fact>
      </dl>
      {stillBusy(snapshot) && (
        <div className="why">
          <h2 className="card-title">{words.presence.why}</h2>
          <p>
            {words.presence.catchingUp} {words.presence.otherCause}
          </p>
        </div>
      )}
    </section>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function LastTime({ entry, reading }: { readonly entry: HistoryEntry; readonly reading: Reading }) {
  const { text, took, time } = historyText(entry, reading)
  return (
    <>
      {text} <span className="note">{took === '' ? time : `${time} · ${took}`}</span>
    </>
  )
}

/** Teams showed a busy presence after we had cleared ours; what was read before that says nothing. */
function stillBusy({ face, presence, own }: Snapshot): boolean {
  if (face.kind !== 'cleared' && face.kind !== 'nothing-to-clear') return false
  if (own !== null || presence === null || presence.at < face.at) return false
  return /^(Busy|DoNotDisturb)/.test(presence.availability)
}
