/** What is wrong, what it means for the user's presence, and what to do. */
import type { ReactNode } from 'react'
import type { Link } from '../../shared/ipc.ts'
import type { Problem, ProblemCode } from '../../shared/problem.ts'
import { problemText, words } from '../../shared/strings.ts'
import { CommandButton } from './command.tsx'

/** Problems that a page of Microsoft's or ours helps with. */
const PAGES: Partial<Record<ProblemCode, Link>> = {
  'client-id-missing': 'register-app',
  'client-id-invalid': 'register-app',
  'tenant-invalid': 'register-app',
  'cloud-unknown': 'register-app',
  'client-unknown': 'register-app',
  'tenant-unknown': 'register-app',
  'redirect-not-registered': 'register-app',
  'public-client-not-allowed': 'register-app',
  'admin-consent-needed': 'admin-consent',
  'not-permitted': 'admin-consent',
}

/** A card for one problem. `children` are further buttons. */
export function ProblemCard({
  problem,
  children,
}: {
  readonly problem: Problem
  readonly children?: ReactNode
}) {
  const text = problemText(problem)
  const page = PAGES[problem.code]
  return (
    <section className="card card-problem" aria-label={text.title}>
      <h2 className="card-title">{text.title}</h2>
      <p>{text.meaning}</p>
      <p>{text.action}</p>
      {problem.detail !== undefined && <p className="note detail">{words.window.detail(problem.detail)}</p>}
      {(page !== undefined || children !== undefined) && (
        <div className="row">
          {children}
          {page !== undefined && (
            <CommandButton command={{ type: 'open-link', link: page }}>
              {page === 'admin-consent' ? words.window.adminConsent : words.window.registerApp}
            </CommandButton>
          )}
        </div>
      )}
    </section>
  )
}
