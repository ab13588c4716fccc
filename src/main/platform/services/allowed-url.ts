/** Which URLs may go to the browser: whatever the desktop does with others (file:, ms-msdt:, a share) isn't wanted. */

/** Whether a URL is an https page, on the usual port and without credentials, of exactly one of these hosts. */
export function isAllowedUrl(url: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, port, username, password } = new URL(url)
  return (
    protocol === 'https:' && port === '' && username === '' && password === '' && hosts.includes(hostname)
  )
}
