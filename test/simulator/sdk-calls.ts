/**
 * A program that knows nothing of the simulator: signs in with MSAL's own network client and makes presence calls with one
 * of Microsoft's SDKs. It runs as a child process whose environment alone (HTTPS_PROXY, NODE_EXTRA_CA_CERTS,
 * NODE_USE_ENV_PROXY) leads it to the simulator, and prints what each step gave as JSON.
 *
 * Usage: node sdk-calls.ts classic|kiota TENANT CLIENT_ID CONTROL_URL
 */
import { PublicClientApplication } from '@azure/msal-node'
import { signInAsBrowser } from './browser.ts'
import { connectControl } from './control-client.ts'

/** What one step gave: a value, or the status and code of its error. */
export interface StepResult {
  readonly step: string
  readonly value?: unknown
  readonly status?: number
  readonly code?: string
}

interface PresenceClient {
  get: () => Promise<unknown>
  set: (availability: string, activity: string, hours: number) => Promise<unknown>
  clear: () => Promise<unknown>
  setPreferred: (state: string) => Promise<unknown>
  clearPreferred: () => Promise<unknown>
}

const [, , sdk = '', tenant = '', clientId = '', controlUrl = ''] = process.argv
const SCOPES = ['https://graph.microsoft.com/Presence.ReadWrite', 'https://graph.microsoft.com/Presence.Read']
const pca = new PublicClientApplication({
  auth: {
    clientId,
    authority: `https://login.microsoftonline.com/${tenant}`,
    clientCapabilities: ['CP1'],
  },
})
const door = {
  proxyUrl: process.env['HTTPS_PROXY'] ?? '',
  caFile: process.env['NODE_EXTRA_CA_CERTS'] ?? '',
}
const { account } = await pca.acquireTokenInteractive({
  scopes: SCOPES,
  openBrowser: async (url) => {
    await signInAsBrowser(door, url)
  },
})
if (account === null) throw new Error('MSAL found no account in the answer')
const userId = account.localAccountId
const tokenFor = async (claims?: string): Promise<string> => {
  const request = { scopes: SCOPES, account, ...(claims === undefined ? {} : { claims }) }
  return (await pca.acquireTokenSilent(request)).accessToken
}

async function classic(): Promise<PresenceClient> {
  // Each SDK is loaded only where it's used: Kiota's is large.
  const { Client } = await import('@microsoft/microsoft-graph-client')
  const client = Client.initWithMiddleware({ authProvider: { getAccessToken: () => tokenFor() } })
  const post = (action: string, body: object): Promise<unknown> =>
    client.api(`/users/${userId}/presence/${action}`).post(body) as Promise<unknown>
  return {
    get: async () => {
      const found = (await client.api('/me/presence').get()) as { availability: string; activity: string }
      return `${found.availability}/${found.activity}`
    },
    set: (availability, activity, hours) =>
      post('setPresence', { sessionId: clientId, availability, activity, expirationDuration: `PT${hours}H` }),
    clear: () => post('clearPresence', { sessionId: clientId }),
    setPreferred: (state) => post('setUserPreferredPresence', { availability: state, activity: state }),
    clearPreferred: () => post('clearUserPreferredPresence', {}),
  }
}

async function kiota(): Promise<PresenceClient> {
  const { AzureIdentityAuthenticationProvider } = await import('@microsoft/kiota-authentication-azure')
  const { Duration } = await import('@microsoft/kiota-abstractions')
  const { createGraphServiceClient, GraphRequestAdapter } = await import('@microsoft/msgraph-sdk')
  await import('@microsoft/msgraph-sdk-users')
  const credential = {
    getToken: async (_scopes: string | string[], options?: { claims?: string }) => ({
      token: await tokenFor(options?.claims),
      expiresOnTimestamp: Date.now() + 60_000,
    }),
  }
  const provider = new AzureIdentityAuthenticationProvider(credential, SCOPES)
  const { presence } = createGraphServiceClient(new GraphRequestAdapter(provider)).users.byUserId(userId)
  return {
    get: async () => {
      const found = await presence.get()
      return `${found?.availability}/${found?.activity}`
    },
    set: (availability, activity, hours) =>
      presence.setPresence.post({
        sessionId: clientId,
        availability,
        activity,
        expirationDuration: new Duration({ hours }),
      }),
    clear: () => presence.clearPresence.post({ sessionId: clientId }),
    setPreferred: (state) => presence.setUserPreferredPresence.post({ availability: state, activity: state }),
    clearPreferred: () => presence.clearUserPreferredPresence.post(),
  }
}

const client = await (sdk === 'kiota' ? kiota() : classic())
const results: StepResult[] = []
const step = async (name: string, run: () => Promise<unknown>): Promise<void> => {
  try {
    const value = await run()
    // An empty 200 is undefined, null or an empty stream, depending on the SDK.
    results.push({ step: name, value: typeof value === 'string' ? value : 'done' })
  } catch (error) {
    // The classic client's GraphError, and Kiota's ODataError (which escapes `error`, a name of its own).
    const e = error as {
      statusCode?: number
      code?: string
      responseStatusCode?: number
      errorEscaped?: { code?: string }
    }
    const status = e.statusCode ?? e.responseStatusCode
    const code = e.code ?? e.errorEscaped?.code
    if (status === undefined) throw error
    results.push({ step: name, status, ...(code === undefined ? {} : { code }) })
  }
}

await step('get at first', client.get)
await step('set', () => client.set('Busy', 'InACall', 1))
await step('get after set', client.get)
await step('set preferred', () => client.setPreferred('DoNotDisturb'))
await step('get after set preferred', client.get)
await step('clear preferred', client.clearPreferred)
await step('get after clear preferred', client.get)
await step('set with too long a duration', () => client.set('Busy', 'InACall', 5))
await step('clear', client.clear)
await step('get after clear', client.get)
await step('clear again', client.clear)

const control = connectControl(controlUrl)
// A challenge counts from its second on; the tokens so far were issued before it.
await control.clock.advance(2000)
await control.claimsChallenge(true)
await step('get after a claims challenge', client.get)
process.stdout.write(JSON.stringify(results))
