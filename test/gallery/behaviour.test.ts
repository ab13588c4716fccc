/** What the window does: it follows the snapshots it is sent, and says what the user asked for, nothing else. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Command } from '../../src/shared/ipc.ts'
import { Gallery, type Exhibit, WINDOW } from './gallery.ts'
import { GALLERY, NOW } from './snapshots.ts'

let gallery: Gallery
let exhibit: Exhibit
beforeAll(async () => {
  gallery = await Gallery.open()
  exhibit = await gallery.exhibit(GALLERY['on']!.snapshot, { colorScheme: 'light' })
})
afterAll(async () => {
  await gallery.close()
})
beforeEach(async () => {
  await exhibit.load(GALLERY['on']!.snapshot)
})
afterEach(() => {
  expect(exhibit.takeErrors()).toEqual([])
})

const press = (name: string): Promise<void> => exhibit.page.getByRole('button', { name, exact: true }).click()

describe('commands', () => {
  it.each<[string, string, Command]>([
    ['on', 'Clear my call status', { type: 'clear' }],
    ['on', 'Do not disturb, presenting', { type: 'set', pair: 'DoNotDisturb/Presenting' }],
    ['on', 'Away', { type: 'set', pair: 'Away/Away' }],
    ['on', 'Sign out', { type: 'sign-out' }],
    ['on', 'Quit', { type: 'quit' }],
    ['on', 'Help', { type: 'open-link', link: 'help' }],
    ['signed-out', 'Sign in', { type: 'sign-in', method: 'browser' }],
    ['signed-out', 'Sign in with a code instead', { type: 'sign-in', method: 'device-code' }],
    ['signed-out-problem', 'Open the approval page', { type: 'open-link', link: 'admin-consent' }],
    ['signing-in-browser', 'Cancel', { type: 'cancel-sign-in' }],
    ['signing-in-code', 'Cancel', { type: 'cancel-sign-in' }],
    ['signing-in-code', 'Open the page', { type: 'open-link', link: 'device-login' }],
    ['signing-in-code', 'Copy code', { type: 'copy-device-code' }],
    ['not-configured', 'How to register the app', { type: 'open-link', link: 'register-app' }],
    ['not-cleared', 'Try now', { type: 'retry-now' }],
    ['not-cleared-signing-out', 'Forget now', { type: 'forget-now' }],
    ['needs-sign-in', 'Sign in again', { type: 'sign-in', method: 'browser' }],
    ['not-permitted', 'Sign in again', { type: 'sign-in', method: 'browser' }],
    ['notices', 'Dismiss', { type: 'dismiss-notices' }],
    ['notices', 'Open logs', { type: 'open-logs' }],
  ])('%s: "%s" sends one command', async (name, button, command) => {
    await exhibit.show(GALLERY[name]!.snapshot)
    await press(button)
    expect(await exhibit.sent()).toEqual([command])
  })

  it('sends nothing while the clear is under way, and keeps the focus on the button', async () => {
    await exhibit.page.getByRole('button', { name: 'Clear my call status' }).focus()
    await exhibit.show(GALLERY['clearing']!.snapshot)
    await exhibit.page.getByText(GALLERY['clearing']!.says).first().waitFor()
    await exhibit.page.keyboard.press('Enter')
    expect(await exhibit.sent()).toEqual([])
    expect(await exhibit.page.evaluate('document.activeElement.textContent')).toBe('Clear my call status')
  })

  it('greys the Set control where a set would be refused, and says why', async () => {
    await exhibit.show(GALLERY['on-set-refused']!.snapshot)
    const group = exhibit.page.getByRole('group', { name: 'Set my call status' })
    expect(await group.getByRole('button', { disabled: true }).count()).toBe(5)
    expect(await group.textContent()).toContain('You are away from this computer.')
    expect(await group.getByRole('status').textContent()).toContain('Not set: this computer counts as left.')
  })

  it('copies the details, and says so', async () => {
    await exhibit.page.getByText('Details', { exact: true }).click()
    await press('Copy details')
    await exhibit.page.getByText('Copied').waitFor()
    expect(await exhibit.sent()).toEqual([{ type: 'copy-details' }])
  })

  it('says when the main process refused, until the next command is taken', async () => {
    await exhibit.page.evaluate('probe.refuse(true)')
    await press('Clear my call status')
    const alert = exhibit.page.getByRole('alert')
    await alert.getByText('That did not work.').waitFor()
    await exhibit.page.evaluate('probe.refuse(false)')
    await press('Clear my call status')
    await expect.poll(() => alert.textContent()).toBe('')
  })
})

describe('snapshots', () => {
  it('change every part without a reload, and the sentence in the same live region', async () => {
    const region = await exhibit.page.$('[role=status]')
    for (const { snapshot, says } of Object.values(GALLERY)) {
      await exhibit.show(snapshot)
      await expect.poll(() => region?.textContent()).toBe(says)
    }
  })

  it('show the history newest first, with what each line knows', async () => {
    await exhibit.page.getByText('History', { exact: true }).click()
    expect(await exhibit.page.getByRole('listitem').allTextContents()).toEqual([
      '12:04Cleared when you locked · 0.3 s',
      '09:05Nothing was set when you asked · 0.2 s',
      'Mon 18:05Cleared when the computer shut down · 1.2 s',
      'Mon 16:05Not confirmed when the computer slept: no network. It must have ended by Mon 17:05.',
      '15 Nov, 12:05Not cleared after the app was interrupted: it ended by itself. It must have ended by 15 Nov, 12:05.',
    ])
  })

  it('explain a Teams that is still busy after a clear, and only then', async () => {
    const why = exhibit.page.getByText('Why does Teams still show it?')
    await exhibit.show(GALLERY['on-set']!.snapshot)
    expect(await why.count()).toBe(0)
    const { snapshot } = GALLERY['cleared-still-busy']!
    // Read before the clear: what Teams shows by now is not known.
    await exhibit.show({ ...snapshot, face: { kind: 'cleared', departure: 'manual', at: NOW } })
    await exhibit.page.getByText('Cleared 12:05').waitFor()
    expect(await why.count()).toBe(0)
    await exhibit.show(GALLERY['cleared-still-busy']!.snapshot)
    await why.waitFor()
  })

  it('offer the start with the computer once, and switch it later', async () => {
    await exhibit.show(GALLERY['start-offered']!.snapshot)
    await exhibit.page.getByRole('button', { name: 'Not now' }).click()
    await exhibit.page.getByRole('button', { name: 'Start with the computer' }).click()
    await exhibit.show(GALLERY['on']!.snapshot)
    await exhibit.page.getByRole('button', { name: 'Not now' }).waitFor({ state: 'detached' })
    await exhibit.page.getByText('Settings').click()
    const startSwitch = exhibit.page.getByRole('switch', { name: 'Start when I sign in to this computer' })
    // What it shows is what the system says, and that comes back with the next snapshot.
    await startSwitch.click({ force: true })
    expect(await startSwitch.isChecked()).toBe(false)
    expect((await exhibit.sent()).filter(({ type }) => type === 'start-at-login')).toEqual([
      { type: 'start-at-login', on: false },
      { type: 'start-at-login', on: true },
      { type: 'start-at-login', on: true },
    ])
    await exhibit.show(GALLERY['start-by-policy']!.snapshot)
    await exhibit.page.getByText('Set by your organisation.').waitFor()
    expect(await startSwitch.isChecked()).toBe(true)
    expect(await startSwitch.isDisabled()).toBe(true)
    await exhibit.page.getByText('Settings').click()
  })

  it('fit an ordinary day without scrolling', async () => {
    for (const name of ['on', 'on-set', 'cleared', 'nothing-to-clear', 'clearing', 'demo']) {
      await exhibit.show(GALLERY[name]!.snapshot)
      await exhibit.page.getByText(GALLERY[name]!.says).waitFor()
      expect(await exhibit.page.evaluate('document.documentElement.scrollHeight'), name).toBeLessThanOrEqual(
        WINDOW.height,
      )
    }
  })
})

describe('the page itself', () => {
  it('can neither run inline code nor reach any host', async () => {
    const tried = await exhibit.page.evaluate(`(async () => {
      const script = document.createElement('script')
      script.textContent = 'globalThis.intruder = true'
      document.body.append(script)
      const fetched = await fetch('/index.html').then(() => 'reached', () => 'refused')
      // In a timer: what a debugger evaluates itself is exempt from the policy.
      const evaluated = await new Promise((done) => setTimeout(() => {
        try { done(globalThis.eval('"ran"')) } catch { done('refused') }
      }))
      return { intruder: 'intruder' in globalThis, fetched, evaluated }
    })()`)
    expect(tried).toEqual({ intruder: false, fetched: 'refused', evaluated: 'refused' })
    expect((await exhibit.report()).violations.length).toBeGreaterThanOrEqual(2)
    for (const error of exhibit.takeErrors()) expect(error).toMatch(/Content Security Policy/)
  })
})
