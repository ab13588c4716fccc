/** The simulated sign-in pages for a browser without the simulator's proxy and CA: each page and form goes through here. */
import { HOSTS } from '../../test/simulator/hosts.ts'
import { requestThroughProxy, type Door, type Incoming } from '../../test/simulator/index.ts'
import type { Reply } from './local-server.ts'

/** One page that the app asked the system to open. */
export interface OpenedPage {
  readonly number: number
  readonly url: string
  /** Whether it is one of the simulated pages. */
  readonly simulated: boolean
  /** Whether the person has come to its end. */
  done: boolean
}

/** The pages the app has opened, and how to see them. */
export interface Relay {
  readonly pages: readonly OpenedPage[]
  /** The app opens a page. */
  open(url: string): OpenedPage
  /**
   * Shows a page, or sends a form of it on. `to` is where a form goes; anything but the simulator and the page's own
   * redirect URI is refused with 403.
   */
  show(number: number, form?: { readonly to: string; readonly body: string }): Promise<Reply>
}

/** The simulator's pages have their style and one `submit()` inline. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** How many redirects are followed. */
const MAX_HOPS = 3

/** Whether the simulator answers for this page. */
function isSimulated(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host } = new URL(url)
  return protocol === 'https:' && HOSTS.get(host)?.service === 'entra'
}

/** Where the app waits for the browser to come back, if this page leads there. */
function redirectOf(url: string): string | null {
  return new URL(url).searchParams.get('redirect_uri')
}

/** `linkTo` makes the address to which a form of page `number`, meant for `to`, is sent instead. */
export function createRelay(door: Door, linkTo: (number: number, to: string) => string): Relay {
  const pages: OpenedPage[] = []

  function mayGo(page: OpenedPage, to: string): boolean {
    if (isSimulated(to)) return true
    const back = redirectOf(page.url)
    return (
      back !== null && isLoopback(back) && URL.canParse(to) && new URL(to).origin === new URL(back).origin
    )
  }

  async function show(number: number, form?: { readonly to: string; readonly body: string }): Promise<Reply> {
    const page = pages[number - 1]
    if (page?.simulated !== true) return plain(404, 'The app has opened no such page.')
    let target = form?.to ?? page.url
    let outgoing: Parameters<typeof requestThroughProxy>[2] =
      form === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
            body: form.body,
          }
    let answer: Incoming | undefined
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      if (!mayGo(page, target)) return plain(403, 'That is no page of the simulated sign-in.')
      try {
        answer = await requestThroughProxy(door, target, outgoing)
      } catch {
        return plain(502, 'No answer: the network is off, or the app no longer waits for this sign-in.')
      }
      if (!isSimulated(target)) page.done = true
      const { location } = answer.headers
      if (answer.status < 300 || answer.status >= 400 || typeof location !== 'string') break
      target = new URL(location, target).href
      outgoing = {}
    }
    const { status = 502, body = '' } = answer ?? {}
    if (isSimulated(target) && form !== undefined && !body.includes('<form')) page.done = true
    return {
      status,
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
      body: withForms(body, target, (to) => linkTo(number, to)),
    }
  }

  return {
    pages,
    open: (url) => {
      const page = { number: pages.length + 1, url, simulated: isSimulated(url), done: false }
      pages.push(page)
      return page
    },
    show,
  }
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1')
}

/** Sends the forms of a page elsewhere. Entities in the simulator's attributes are numeric. */
function withForms(html: string, base: string, linkTo: (to: string) => string): string {
  return html.replace(/(<form\b[^>]*\saction=")([^"]*)"/g, (_all, start: string, action: string) => {
    const plainAction = action.replace(/&#(\d+);/g, (_entity, code: string) =>
      String.fromCharCode(Number(code)),
    )
    return `${start}${linkTo(new URL(plainAction, base).href).replaceAll('&', '&#38;')}"`
  })
}

function plain(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
}
