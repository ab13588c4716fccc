/** What the browser shows after sign-in: self-contained, no script, nothing loaded, light and dark. */

const page = (title: string, mark: string, heading: string, text: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>
:root { color-scheme: light dark; --ground: #fafafa; --card: #fff; --text: #242424; --quiet: #616161; --brand: #0f6cbd; --line: #e0e0e0 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #141414; --card: #1f1f1f; --text: #fff; --quiet: #adadad; --brand: #479ef5; --line: #3d3d3d }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--text);
  font: 16px/1.5 'Segoe UI Variable', 'Segoe UI', system-ui, sans-serif }
main { box-sizing: border-box; width: min(26rem, calc(100vw - 2rem)); padding: 2.5rem 2rem; text-align: center;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px }
svg { width: 3rem; height: 3rem; color: var(--brand) }
h1 { margin: 1rem 0 .5rem; font-size: 1.375rem; line-height: 1.3; font-weight: 600 }
p { margin: 0; color: var(--quiet) }
</style>
</head>
<body>
<main>
<svg viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="24" cy="24" r="20"/><path d="${mark}"/></svg>
<h1>${heading}</h1>
<p>${text}</p>
</main>
</body>
</html>
`

/** Shown when Entra has sent the browser back. The sign-in is finished by the app, so the page doesn't claim more. */
export const SUCCESS_PAGE = page(
  'Clear Presence',
  'M15 25l6 6 12-13',
  'Back to Clear Presence',
  'You can close this tab. Clear Presence finishes the sign-in by itself.',
)

/** Shown when Entra has sent the browser back with an error, or the sign-in was cancelled in the app. */
export const ERROR_PAGE = page(
  'Clear Presence',
  'M24 14v13M24 33.5v.5',
  'You are not signed in',
  'You can close this tab. Clear Presence says what happened and what to do.',
)
