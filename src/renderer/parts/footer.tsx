/** Sign out, help and quit. Quit is here too: a desktop without a tray has no other place for it. */
import { words } from '../../shared/strings.ts'
import { CommandButton } from './command.tsx'

/** Quit says what it costs. */
export function Footer({ canSignOut }: { readonly canSignOut: boolean }) {
  return (
    <footer className="footer">
      <div className="row">
        {canSignOut && (
          <CommandButton command={{ type: 'sign-out' }} kind="subtle">
            {words.window.signOut}
          </CommandButton>
        )}
        <CommandButton command={{ type: 'open-link', link: 'help' }} kind="subtle">
          {words.window.help}
        </CommandButton>
        <CommandButton command={{ type: 'quit' }} kind="subtle" describedBy="quit-note">
          {words.tray.quit}
        </CommandButton>
      </div>
      <p className="note" id="quit-note">
        {words.window.quitNote}
      </p>
    </footer>
  )
}
