/** Addresses of our scheme that try to reach another file than one of the page's. */
import type { Random } from './random.ts'

const BY_HAND: readonly string[] = [
  'clear-presence://app/../../../../etc/passwd',
  'clear-presence://app/..%2f..%2f..%2fetc%2fpasswd',
  'clear-presence://app/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  'clear-presence://app/%252e%252e/%252e%252e/etc/passwd',
  'clear-presence://app/..%252f..%252fetc%252fpasswd',
  'clear-presence://app/..\\..\\..\\etc\\passwd',
  'clear-presence://app/..%5c..%5cetc%5cpasswd',
  'clear-presence://app/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd',
  'clear-presence://app/．．/．．/etc/passwd',
  'clear-presence://app/..;/..;/etc/passwd',
  'clear-presence://app/....//....//etc/passwd',
  'clear-presence://app//etc/passwd',
  'clear-presence://app///etc/passwd',
  'clear-presence://app/file:///etc/passwd',
  'clear-presence://app/C:/Windows/win.ini',
  'clear-presence://app/C:%5cWindows%5cwin.ini',
  'clear-presence://app/\\\\?\\C:\\Windows\\win.ini',
  'clear-presence://app/\\\\evil.example\\share\\x',
  'clear-presence://app//evil.example/share/x',
  'clear-presence://app/index.html::$DATA',
  'clear-presence://app/index.html%00.js',
  'clear-presence://app/index.html\0',
  'clear-presence://app/index.html.',
  'clear-presence://app/index.html%20',
  'clear-presence://app/INDEX~1.HTM',
  'clear-presence://app/CON',
  'clear-presence://app/../main/index.js',
  'clear-presence://app/../preload/index.js',
  'clear-presence://app/../../package.json',
  'clear-presence://app/secret.html',
  'clear-presence://app/link.html',
  'clear-presence://app/folder/passwd',
  'clear-presence://app/folder/',
  'clear-presence://app/.env',
  'clear-presence://app/index.js.map',
  'clear-presence://app/assets/',
  'clear-presence://app/assets',
  'clear-presence://app/__proto__',
  'clear-presence://app/constructor',
  'clear-presence://app/toString',
  'clear-presence://APP/index.html',
  'CLEAR-PRESENCE://app/../../etc/passwd',
  'clear-presence://user@app/index.html',
  'clear-presence://user:password@app/index.html',
  'clear-presence://app:80/index.html',
  'clear-presence://app:0/index.html',
  'clear-presence://app./index.html',
  'clear-presence://app.evil.example/index.html',
  'clear-presence://evil.example/index.html',
  'clear-presence://app%00/index.html',
  'clear-presence://app%2f/index.html',
  'clear-presence://[::1]/index.html',
  'clear-presence:///index.html',
  'clear-presence:index.html',
  'clear-presence:/index.html',
  'clear-presence://',
  'clear-presence:',
  'clear-presence-x://app/index.html',
  'file:///etc/passwd',
  'https://app/index.html',
  'javascript:alert(1)//clear-presence://app/index.html',
  'view-source:clear-presence://app/index.html',
  '',
  ' ',
  '%',
  `clear-presence://app/${'a'.repeat(100_000)}`,
  `clear-presence://app/${'../'.repeat(20_000)}etc/passwd`,
  `clear-presence://app/${'%2e%2e%2f'.repeat(10_000)}etc/passwd`,
  `clear-presence://app/index.html?${'a=b&'.repeat(20_000)}`,
]

const PIECES: readonly string[] = [
  ...[
    '..',
    '.',
    '%2e%2e',
    '%2E.',
    '%252e%252e',
    '/',
    '//',
    '\\',
    '%2f',
    '%5c',
    '%00',
    '\0',
    '%',
    '%zz',
    '%u002e',
  ],
  ...['index.html', 'INDEX.HTML', 'assets', 'secret.html', 'link.html', 'folder', '.env', 'main', 'preload'],
  ...[
    'etc/passwd',
    'package.json',
    'C:',
    '::$DATA',
    '?',
    '#',
    ';',
    ' ',
    '%20',
    '\t',
    '\r\n',
    '．',
    '∕',
    '\uD800',
    '~',
  ],
]

const ORIGINS: readonly string[] = [
  ...['clear-presence://app/', 'clear-presence://app/', 'clear-presence://app/', 'clear-presence://app'],
  ...['Clear-Presence://app/', 'clear-presence://App/', 'clear-presence://a@app/', 'clear-presence://app:1/'],
  ...['clear-presence://x/', 'clear-presence:', 'file:///', 'https://app/', ''],
]

const METHODS: readonly string[] = [
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'get',
  'GET ',
  '',
  '__proto__',
]

/** The addresses written by hand, and as many made of odd pieces, each with its method. */
export function hostileRequests(
  random: Random,
  count: number,
): readonly (readonly [method: string, url: string])[] {
  const made = Array.from({ length: count }, () => {
    const path = Array.from({ length: 1 + random.below(8) }, () => random.pick(PIECES)).join(
      random.pick(['', '/']),
    )
    const method = random.below(5) === 0 ? random.pick(METHODS) : 'GET'
    return [method, random.pick(ORIGINS) + path] as const
  })
  return [
    ...BY_HAND.map((url) => ['GET', url] as const),
    ...METHODS.map((method) => [method, 'clear-presence://app/index.html'] as const),
    ...made,
  ]
}

/** The addresses by hand that Chromium may be asked to open: what it makes of them itself reaches the app. */
export function addressesForChromium(): readonly string[] {
  return BY_HAND.filter((url) => /^clear-presence:/i.test(url) && url.length < 1_000)
}
