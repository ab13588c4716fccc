/** Which file of the page answers which URL: an allow-list read once, so that no path is ever looked up on the disk. */

/** The scheme and host of our one page. */
export const APP_ORIGIN = 'clear-presence://app'
/** The scheme alone, without its colon. */
export const APP_SCHEME = 'clear-presence'
/** The page. */
export const PAGE_URL = `${APP_ORIGIN}/index.html`

/** A file as it is served. */
export interface AppFile {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The kinds of files that a page of ours consists of; source maps and whatever else lies there is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** The content type of a file by its name; null for one that isn't served. */
export function contentType(name: string): string | null {
  const extension = /\.[a-z0-9]+$/.exec(name)?.[0] ?? ''
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? null) : null
}

/**
 * The file for a request, or null for 404. `files` is keyed by path below the folder with forward slashes. Only an
 * exact name is found: the URL parser has resolved every `..`, and an escaped one stays the odd name that it is.
 */
export function fileFor(
  request: { readonly method: string; readonly url: string },
  files: ReadonlyMap<string, AppFile>,
): AppFile | null {
  if (request.method !== 'GET' || !isAppUrl(request.url)) return null
  const { pathname } = new URL(request.url)
  return files.get(pathname === '/' ? 'index.html' : pathname.slice(1)) ?? null
}

/** Whether a URL belongs to our scheme and host. The `origin` of a custom scheme is "null" in Node, so it isn't used. */
export function isAppUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host, username, password } = new URL(url)
  return protocol === `${APP_SCHEME}:` && host === 'app' && username === '' && password === ''
}

/**
 * What goes with every answer. Styles and scripts come from files of ours only, nothing is fetched, framed or
 * submitted, and no browser feature is used.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'none'",
    "object-src 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(), microphone=(), geolocation=(), clipboard-read=(), usb=(), serial=(), hid=()',
  'Cache-Control': 'no-store',
}
