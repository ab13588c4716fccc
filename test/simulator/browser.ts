/** A person at a browser, without the browser: follows the sign-in pages and posts the result to the app. */
import { requestThroughProxy, type Door, type Incoming } from './through-proxy.ts'

/** What the person does. */
export interface SignInChoice {
  /** Object id or user principal name; default: the first account on the page. */
  readonly user?: string
  /** Presses Cancel. */
  readonly decline?: boolean
}

/** How the sign-in ended for the browser. */
export type BrowserResult =
  /** The form went to the app's redirect URI; `status` and `page` are what the app's listener answered. */
  | {
      readonly outcome: 'posted'
      readonly redirectUri: string
      readonly fields: Readonly<Record<string, string>>
      readonly status: number
      readonly page: string
    }
  /** Entra showed an error page and redirected nowhere: the app hears nothing. */
  | { readonly outcome: 'error-page'; readonly code: string; readonly text: string }

const unescapeHtml = (text: string): string =>
  text.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))

interface Form {
  readonly action: string
  readonly fields: Record<string, string>
  readonly users: readonly { readonly id: string; readonly label: string }[]
}

function parseForm(page: string, id: string): Form | undefined {
  const whole = new RegExp(`<form id="${id}"[^>]*action="([^"]*)"[^>]*>([\\s\\S]*?)</form>`).exec(page)
  if (whole === null) return undefined
  const [, action = '', inner = ''] = whole
  const fields: Record<string, string> = {}
  for (const [, name = '', value = ''] of inner.matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)">/g,
  )) {
    fields[unescapeHtml(name)] = unescapeHtml(value)
  }
  const users = [...inner.matchAll(/<button name="user" value="([^"]*)"[^>]*>([\s\S]*?)<\/button>/g)].map(
    ([, userId = '', label = '']) => ({ id: unescapeHtml(userId), label: unescapeHtml(label) }),
  )
  return { action: unescapeHtml(action), fields, users }
}

function errorPage(page: string): BrowserResult {
  const [, code = '', text = ''] = /<p id="error" data-code="(\d+)">([\s\S]*?)<\/p>/.exec(page) ?? []
  return { outcome: 'error-page', code, text: unescapeHtml(text) }
}

const post = (door: Door, url: string, fields: Record<string, string>): Promise<Incoming> =>
  requestThroughProxy(door, url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })

/**
 * Opens an authorize URL as a browser behind the simulator's proxy would, signs in (or declines), and posts the answer to
 * the app's loopback listener. Throws when a page isn't one of Entra's, e.g. while the network is off.
 */
export async function signInAsBrowser(
  door: Door,
  authorizeUrl: string,
  choice: SignInChoice = {},
): Promise<BrowserResult> {
  let answer = await requestThroughProxy(door, authorizeUrl)
  const accounts = parseForm(answer.body, 'sign-in')
  if (accounts !== undefined) {
    const wanted = choice.user?.toLowerCase()
    const account = accounts.users.find(
      ({ id, label }) =>
        wanted === undefined || id.toLowerCase() === wanted || label.toLowerCase().includes(`>${wanted}<`),
    )
    // A name that isn't on the page can still be typed in.
    const pressed: Record<string, string> =
      choice.decline === true ? { cancel: '1' } : { user: account?.id ?? choice.user ?? '' }
    answer = await post(door, new URL(accounts.action, authorizeUrl).href, { ...accounts.fields, ...pressed })
  }
  const result = parseForm(answer.body, 'form-post')
  if (result === undefined) {
    if (answer.body.includes('id="error"')) return errorPage(answer.body)
    throw new Error(`Not a page of the sign-in (status ${answer.status}): ${answer.body.slice(0, 200)}`)
  }
  const { status, body } = await post(door, result.action, result.fields)
  return { outcome: 'posted', redirectUri: result.action, fields: result.fields, status, page: body }
}
