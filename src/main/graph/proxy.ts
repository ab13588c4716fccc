/** Which proxy a URL goes through: pure decisions from the environment and from what the system answers. */

/** The variables that matter; the lower-case name wins, as with curl. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment names for an `https:` URL. `undefined`: it says nothing, ask the system; null: it
 * says direct.
 */
export function proxyFromEnvironment(url: string, env: ProxyEnvironment): string | null | undefined {
  const proxy = (env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '').trim()
  if (proxy === '') return undefined
  return isExcluded(new URL(url), env['no_proxy'] ?? env['NO_PROXY'] ?? '') ? null : proxyUrl(proxy)
}

/** Whether `NO_PROXY` names the host: a list of hosts, domains (with or without a dot), `host:port`, or `*`. */
function isExcluded(url: URL, list: string): boolean {
  const host = bare(url.hostname)
  const port = url.port === '' ? '443' : url.port
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      const [, name = '', entryPort] = /^(\[[^\]]*\]|[^:]*|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry) ?? []
      if (entryPort !== undefined && entryPort !== port) return false
      const domain = bare(name).replace(/^\*?\./, '')
      return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
    })
}

/**
 * The proxy of a PAC answer such as `PROXY a:8080; DIRECT`: its first entry that a CONNECT can go through. SOCKS is
 * passed over. Null: direct.
 */
export function proxyFromPac(answer: string): string | null {
  for (const entry of answer.split(';')) {
    const [kind = '', address = ''] = entry.trim().split(/\s+/)
    if (kind.toUpperCase() === 'DIRECT') return null
    const scheme = { PROXY: 'http', HTTP: 'http', HTTPS: 'https' }[kind.toUpperCase()]
    if (scheme !== undefined && address !== '') return proxyUrl(`${scheme}://${address}`)
  }
  return null
}

/** A proxy's address as a URL; null when it is none that a CONNECT can go through. */
function proxyUrl(text: string): string | null {
  const full = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(full)) return null
  const url = new URL(full)
  const usable = (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== ''
  return usable ? full : null
}

function bare(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$/g, '')
}
