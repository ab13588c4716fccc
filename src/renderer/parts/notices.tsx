/** Trouble beside the face (files, keyring), until the user dismisses it. */
import type { Problem } from '../../shared/problem.ts'
import { problemText, words } from '../../shared/strings.ts'
import { CommandButton } from './command.tsx'

/** Nothing at all while there is no trouble. */
export function Notices({ notices }: { readonly notices: readonly Problem[] }) {
  if (notices.length === 0) return null
  return (
    <section className="card card-notice" aria-label={words.window.notices}>
      <ul className="plain-list">
        {notices.map((notice) => {
          const text = problemText(notice)
          return (
            <li key={`${notice.code} ${notice.detail ?? ''}`}>
              <h2 className="card-title">{text.title}</h2>
              <p>
                {text.meaning} {text.action}
              </p>
              {notice.detail !== undefined && (
                <p className="note detail">{words.window.detail(notice.detail)}</p>
              )}
            </li>
          )
        })}
      </ul>
      <div className="row">
        <CommandButton command={{ type: 'dismiss-notices' }}>{words.window.dismiss}</CommandButton>
        <CommandButton command={{ type: 'open-logs' }} kind="subtle">
          {words.window.openLogs}
        </CommandButton>
      </div>
    </section>
  )
}
