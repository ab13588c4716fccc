/** The sign-in pages in a real Chromium, which reaches them as the app's user would: by the proxy alone. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { locateChromium } from '../stand-in/chromium/locate.ts'
import { DEMO_CLIENT_ID, DEMO_TENANT_ID, startSimulator, type Simulator } from './index.ts'
import { authorizeUrl } from './test-kit.ts'

let simulator: Simulator
let browser: Browser
let page: Page
/** What the app's loopback listener was posted. */
const posted: URLSearchParams[] = []
const app = createServer((req, res) => {
  let body = ''
  req.on('data', (chunk: Buffer) => (body += chunk.toString()))
  req.on('end', () => {
    if (req.method === 'POST') posted.push(new URLSearchParams(body))
    res.end('<p>Back in the app</p>')
  })
})
let redirectUri: string

beforeAll(async () => {
  simulator = await startSimulator()
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  redirectUri = `http://localhost:${(app.address() as AddressInfo).port}`
  const { executable, env } = await locateChromium()
  browser = await chromium.launch({
    executablePath: executable,
    args: ['--no-sandbox'],
    env: { ...process.env, ...env },
    proxy: { server: simulator.proxyUrl, bypass: 'localhost' },
  })
  // Chromium has trust of its own; that Node trusts the CA is tested everywhere else.
  page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
})
afterAll(async () => {
  await browser.close()
  app.closeAllConnections()
  app.close()
  await simulator.close()
})

const open = (clientId = DEMO_CLIENT_ID) =>
  page.goto(authorizeUrl({ tenant: DEMO_TENANT_ID, clientId, redirectUri }).url)

it('posts the code to the app after "Sign in as ..."', async () => {
  await open()
  await page.getByRole('button', { name: 'Sign in as Alex Demo' }).click()
  await page.getByText('Back in the app').waitFor()
  expect(posted.at(-1)?.get('state')).toBe('the-state')
  expect(simulator.issuedTokens()).toContain(posted.at(-1)?.get('code'))
})

it('posts the refusal to the app after Cancel', async () => {
  await open()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('Back in the app').waitFor()
  expect(posted.at(-1)?.get('error')).toBe('access_denied')
})

it('shows an error and posts nothing for a wrong client id', async () => {
  const before = posted.length
  await open('11111111-1111-4111-8111-111111111111')
  await page.getByText('AADSTS700016').waitFor()
  expect(posted).toHaveLength(before)
})
