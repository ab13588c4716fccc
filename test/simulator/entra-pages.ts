/** The pages a browser sees at Entra: choose an account, the form that posts back to the app, and a plain message. */
import type { User } from './directory.ts'

/** Text as HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

/** A whole page around a body. */
export const page = (title: string, body: string, onLoad = ''): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 15px/1.5 "Segoe UI", system-ui, sans-serif; background: #f2f2f2; color: #1b1b1b; }
main { max-width: 26rem; margin: 12vh auto 0; padding: 2.5rem; background: #fff; box-shadow: 0 2px 6px #0003; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 1rem; }
button { display: block; width: 100%; margin: .5rem 0 0; padding: .6rem 1rem; font: inherit; text-align: left;
  border: 1px solid #8c8c8c; background: #fff; cursor: pointer; }
button.primary { background: #0f6cbd; border-color: #0f6cbd; color: #fff; }
small { color: #616161; }
button.primary small { color: #fff; }
</style></head><body${onLoad === '' ? '' : ` onload="${onLoad}"`}><main>
${body}
<p><small>Simulated Microsoft Entra ID. Nothing here is real.</small></p>
</main></body></html>`

const hidden = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('\n')

/** "Sign in as ...", one button for each account, and Cancel. */
export function accountPage(options: {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly appName: string
  readonly users: readonly User[]
  readonly scopes: readonly string[]
  /** An input for the user code, on the device page. */
  readonly userCode?: string
}): string {
  const { action, fields, appName, users, scopes, userCode } = options
  const buttons = users.map(
    (user, i) =>
      `<button name="user" value="${escapeHtml(user.id)}"${i === 0 ? ' class="primary"' : ''}>Sign in as ${escapeHtml(user.name)}<br><small>${escapeHtml(user.userName)}</small></button>`,
  )
  const code =
    userCode === undefined
      ? ''
      : `<p><label>Code <input name="user_code" value="${escapeHtml(userCode)}" autocomplete="off"></label></p>`
  return page(
    'Sign in to your account',
    `<h1>Sign in</h1>
<p><b>${escapeHtml(appName)}</b>${scopes.length === 0 ? ' asks you to sign in.' : ' wants to:'}</p>
<ul>${scopes.map((s) => `<li>${escapeHtml(s)}</li>`).join('')}</ul>
<form id="sign-in" method="post" action="${escapeHtml(action)}">
${hidden(fields)}${code}
${buttons.join('\n')}
<button name="cancel" value="1">Cancel</button>
</form>`,
  )
}

/** The form that a browser posts to the app's redirect URI by itself (`response_mode=form_post`). */
export const formPostPage = (redirectUri: string, fields: Readonly<Record<string, string>>): string =>
  page(
    'Working...',
    `<form id="form-post" method="post" action="${escapeHtml(redirectUri)}">
${hidden(fields)}
<noscript><button class="primary">Continue</button></noscript>
</form>`,
    'document.forms[0].submit()',
  )

/** A page that only says something. */
export const messagePage = (title: string, text: string): string =>
  page(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`)
