/** Signing in: the two ways, and what the user sees while one is under way. */
import { timeText, words, type Reading } from '../../shared/strings.ts'
import type { SigningIn } from '../../shared/snapshot.ts'
import { CommandButton } from './command.tsx'
import { CopyButton } from './copy-button.tsx'

/** The browser first; a code is for browsers that can't come back to this computer. */
export function SignInButtons({ again }: { readonly again: boolean }) {
  return (
    <section className="stack" aria-label={words.window.signIn}>
      <CommandButton
        command={{ type: 'sign-in', method: 'browser' }}
        kind="primary"
        wide
        describedBy="sign-in-note"
      >
        {again ? words.window.signInAgain : words.window.signIn}
      </CommandButton>
      <p className="note" id="sign-in-note">
        {words.window.signInBrowserNote} {words.window.asksFor}
      </p>
      <CommandButton command={{ type: 'sign-in', method: 'device-code' }} kind="subtle" wide>
        {words.window.signInCode}
      </CommandButton>
    </section>
  )
}

/** Waiting for the user in the browser, or showing the code; always with a way back. */
export function SigningInCard({
  signingIn,
  reading,
}: {
  readonly signingIn: SigningIn
  readonly reading: Reading
}) {
  return (
    <section className="card" aria-label={words.window.signIn}>
      {signingIn.method === 'browser' && (
        <>
          <p>{words.window.browserStep}</p>
          <p className="note">{words.window.browserElse}</p>
        </>
      )}
      {signingIn.method === 'device-code' && signingIn.userCode === '' && <p>{words.window.codeWait}</p>}
      {signingIn.method === 'device-code' && signingIn.userCode !== '' && (
        <>
          <p>{words.window.codeStep(withoutScheme(signingIn.verificationUri))}</p>
          <h2 className="card-label">{words.window.codeLabel}</h2>
          <p className="code">{signingIn.userCode}</p>
          <div className="row">
            <CommandButton command={{ type: 'open-link', link: 'device-login' }} kind="primary">
              {words.window.openCodePage}
            </CommandButton>
            <CopyButton command="copy-device-code" label={words.window.copyCode} />
          </div>
          <p className="note">{words.window.codeExpires(timeText(signingIn.expiresAt, reading))}</p>
        </>
      )}
      <div className="row">
        <CommandButton command={{ type: 'cancel-sign-in' }}>{words.window.cancel}</CommandButton>
      </div>
    </section>
  )
}

function withoutScheme(url: string): string {
  return url.replace(/^https:\/\//, '')
}
