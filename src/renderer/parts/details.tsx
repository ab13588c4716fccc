/** What an administrator asks for: ids and milliseconds, collapsed. */
import { lockText, timeText, words, type Reading } from '../../shared/strings.ts'
import type { Snapshot } from '../../shared/snapshot.ts'
import { CommandButton } from './command.tsx'
import { CopyButton } from './copy-button.tsx'

/** Never holds a secret: the snapshot has none. */
export function Details({ snapshot, reading }: { readonly snapshot: Snapshot; readonly reading: Reading }) {
  return (
    <details className="fold">
      <summary>{words.window.details}</summary>
      <dl className="details">
        {rows(snapshot, reading).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value === '' ? words.details.none : value}</dd>
          </div>
        ))}
      </dl>
      <div className="row">
        <CopyButton command="copy-details" label={words.window.copyDetails} />
        <CommandButton command={{ type: 'open-logs' }}>{words.window.openLogs}</CommandButton>
      </div>
    </details>
  )
}

function rows({ details, face, lockWatch }: Snapshot, reading: Reading): (readonly [string, string])[] {
  const say = words.details
  const problem = 'problem' in face ? face.problem : null
  return [
    [say.version, details.version],
    [say.cloud, words.clouds[details.cloud]],
    [say.tenant, details.tenant],
    [say.clientId, details.clientId],
    [say.userId, details.userId],
    [say.requestId, details.requestId],
    [say.lastClear, details.lastClearMs === null ? '' : say.milliseconds(details.lastClearMs)],
    [say.tokenExpires, details.tokenExpiresAt === null ? '' : timeText(details.tokenExpiresAt, reading)],
    [say.lock, lockText(lockWatch)],
    ...(problem === null
      ? []
      : [[say.problem, [problem.code, problem.detail ?? ''].join(' ').trim()] as const]),
  ]
}
