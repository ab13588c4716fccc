/** What happened: one line for the last time, and the whole list. */
import { historyText, words, type Reading } from '../../shared/strings.ts'
import type { HistoryEntry } from '../../shared/snapshot.ts'

/** Collapsed until asked for; newest first. */
export function History({
  history,
  reading,
}: {
  readonly history: readonly HistoryEntry[]
  readonly reading: Reading
}) {
  return (
    <details className="fold">
      <summary>{words.window.history}</summary>
      {history.length === 0 ? (
        <p className="note">{words.window.historyEmpty}</p>
      ) : (
        <ol className="plain-list history">
          {history.map((entry) => (
            <li key={`${entry.at} ${entry.departure} ${entry.settlement}`}>
              <Line entry={entry} reading={reading} />
            </li>
          ))}
        </ol>
      )}
    </details>
  )
}

function Line({ entry, reading }: { readonly entry: HistoryEntry; readonly reading: Reading }) {
  const { text, took, time } = historyText(entry, reading)
  return (
    <p className="line">
      <time dateTime={new Date(entry.at).toISOString()}>{time}</time>
      <span>
        {text}
        {took !== '' && <span className="note"> · {took}</span>}
      </span>
    </p>
  )
}
