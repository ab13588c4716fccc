/*
 * Chromium has no switch for a custom standard scheme, so inside it `app://bundle/x` travels as
 * `https://app--bundle.stand-in.invalid/x`. Everything that the main process sees is mapped back.
 */
const SUFFIX = '.stand-in.invalid'
const NO_HOST = 'none'
const WIRE = /^https:\/\/([a-z][a-z0-9+.-]*?)--([^/]*?)\.stand-in\.invalid(?::\d+)?(?=[/?#]|$)/
const BUILT_IN = new Set([
  'http',
  'https',
  'file',
  'data',
  'about',
  'blob',
  'ws',
  'wss',
  'chrome',
  'devtools',
  'javascript',
])

/** `app://bundle/x` to what Chromium is told; ordinary URLs stay. */
export function toWire(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(url)
  if (match === null || BUILT_IN.has((match[1] ?? '').toLowerCase())) return url
  const [, scheme = '', hostName = '', rest = ''] = match
  return `https://${scheme.toLowerCase()}--${hostName === '' ? NO_HOST : hostName}${SUFFIX}${rest}`
}

/** What Chromium says to what the main process sees. */
export function fromWire(url: string): string {
  return url.replace(WIRE, (_all, scheme: string, hostName: string) => {
    return `${scheme}://${hostName === NO_HOST ? '' : hostName}`
  })
}

/** The custom scheme of a wire URL, or undefined for any other URL. */
export function wireScheme(url: string): string | undefined {
  return WIRE.exec(url)?.[1]
}

/** Rewrites `app:` and `app://host` in a Content-Security-Policy, which would not match the wire's names. */
export function cspToWire(policy: string, schemes: Iterable<string>): string {
  let result = policy
  for (const scheme of schemes) {
    const quoted = scheme.replace(/[.+-]/g, String.raw`\$&`)
    result = result
      .replace(new RegExp(String.raw`(?<=[\s;]|^)${quoted}://[^\s;]+`, 'g'), (source) => toWire(source))
      .replace(new RegExp(String.raw`(?<=[\s;]|^)${quoted}:(?=[\s;]|$)`, 'g'), `https://*${SUFFIX}`)
  }
  return result
}
