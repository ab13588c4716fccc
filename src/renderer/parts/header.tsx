/** The first line of the window: sign, sentence, and who is signed in. */
import { sentence, words, type Reading } from '../../shared/strings.ts'
import type { Snapshot } from '../../shared/snapshot.ts'
import { Glyph } from './glyph.tsx'

/** The sentence is a live region: a screen reader hears each new state without moving. */
export function Header({ snapshot, reading }: { readonly snapshot: Snapshot; readonly reading: Reading }) {
  const { face, account, own } = snapshot
  return (
    <header className="header">
      <Glyph kind={face.kind} />
      <div className="header-text">
        {/* The banner right above says "demo" already; tray and tooltip have no banner and say it in the sentence. */}
        <div role="status" aria-label={words.window.statusRegion}>
          <h1 className="sentence">{sentence(face, { ...reading, demo: false, pair: own?.pair ?? null })}</h1>
        </div>
        <p className="account">
          {account === null ? (
            words.window.notSignedIn
          ) : (
            <>
              <span className="visually-hidden">{words.window.signedInAs} </span>
              <span className="account-name">{account.name}</span> ·{' '}
              <span className="account-user">{account.username}</span>
            </>
          )}
        </p>
      </div>
    </header>
  )
}
