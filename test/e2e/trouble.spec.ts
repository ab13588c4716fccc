/** Networks that fail, pages that lie, files that are broken, and settings that are wrong: named, and nothing is lost. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEMO_CLIENT_ID } from '../simulator/index.ts'
import { NEEDS_STAND_IN, setUpDesk } from './desk.ts'
import { systemStore } from './system-store.ts'

/** A registration that lets every kind of account sign in. */
const ANY_ACCOUNT_CLIENT = '5f0c1ea2-0000-4000-8000-c1ea2be5e0ff'
const WRONG_GUID = '00000000-1111-4222-8333-444444444444'

describe.skipIf(NEEDS_STAND_IN)('network', () => {
  it('settles nothing while offline, by a hotel’s login page, or by a lost answer, and goes out without help', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.signIn()
    await desk.says(/^On\./)

    // No network at the lock, network while still away.
    desk.otherProgramCalls()
    desk.simulator.offline(true)
    await desk.lock()
    await desk.says(/^Not cleared/)
    expect(desk.held()).toEqual(['Busy/InACall'])
    desk.simulator.offline(false)
    await desk.advance(31_000)
    await desk.until(() => desk.held().length === 0, 'the clear')
    await desk.says(/^(Cleared|Checked) /)
    await desk.unlock()

    // A login page with status 200, and without Graph's request-id.
    desk.otherProgramCalls()
    const fault = desk.simulator.inject({
      match: { host: 'graph.microsoft.com' },
      fault: { type: 'captive-portal' },
      times: 'until-removed',
    })
    await desk.lock()
    await desk.says(/^Not cleared/)
    expect(desk.held()).toEqual(['Busy/InACall'])
    desk.simulator.removeFault(fault)
    await desk.advance(31_000)
    await desk.until(() => desk.held().length === 0, 'the clear')
    await desk.says(/^(Cleared|Checked) /)
    await desk.unlock()

    // An answer that was lost after it took effect: asked for again, and found to be done.
    desk.otherProgramCalls()
    desk.simulator.inject({ match: { path: 'clearPresence' }, fault: { type: 'lost-answer' }, times: 1 })
    await desk.lock()
    await desk.says(/^Checked /)
    expect(desk.held()).toEqual([])
  })

  it("trusts a CA that is only in the system's store, for sign-in and for the clear", async () => {
    using store = systemStore()
    await using desk = await setUpDesk({
      platform: 'linux',
      env: store.env,
      beforeStart: ({ caPem }) => store.add(caPem),
    })
    await desk.signIn()
    await desk.says(/^On\./)
    desk.otherProgramCalls()
    await desk.lock()
    await desk.until(() => desk.held().length === 0, 'the clear')
  })

  it('says so when a certificate is not trusted', async () => {
    await using desk = await setUpDesk({
      platform: 'linux',
      env: { NODE_EXTRA_CA_CERTS: undefined, SSL_CERT_FILE: undefined },
    })
    await desk.signIn()
    await desk.shows(/certificate/i)
  })
})

describe.skipIf(NEEDS_STAND_IN)('sign-in that fails', () => {
  it('consent refused gets a clear message and can be tried again', async () => {
    await using desk = await setUpDesk({ platform: 'win32', simulator: { autoApprove: false } })
    await desk.signIn({ decline: true })
    await desk.shows(/permission|consent|declined/i)
    expect(desk.writes()).toEqual([])
    await desk.signIn()
    await desk.says(/^On\./)
  })

  // Entra shows these as a page that comes back to no app: all that the window can do is to say what its number means.
  it.each([
    [
      'a client id that nobody knows',
      { CLEAR_PRESENCE_CLIENT_ID: WRONG_GUID },
      {},
      /700016 the client id/,
      /client id|registration/i,
    ],
    [
      'a tenant that nobody knows',
      { CLEAR_PRESENCE_TENANT: WRONG_GUID },
      {},
      /90002 or 90038 the tenant/,
      /tenant|organi[sz]ation/i,
    ],
    [
      'a cloud that does not know the tenant',
      { CLEAR_PRESENCE_CLOUD: 'us-gov' },
      {},
      /90038 the tenant or cloud/,
      null,
    ],
    [
      'a personal account',
      { CLEAR_PRESENCE_TENANT: 'organizations', CLEAR_PRESENCE_CLIENT_ID: ANY_ACCOUNT_CLIENT },
      { user: 'alex@home.example' },
      /work or school account/,
      null,
    ],
  ] as const)(
    '%s: the window says what the error page means, and lets you cancel',
    async (_name, env, choice, words, named) => {
      await using desk = await setUpDesk({ platform: 'win32', env, simulator: { autoApprove: false } })
      expect(await desk.signIn(choice)).toMatchObject({ outcome: 'error-page' })
      await desk.shows(words)
      await desk.press(/cancel/i)
      await desk.says(/^Sign in/)
      // With a code the app itself is told.
      if (named !== null) {
        await desk.press(/code/i)
        await desk.shows(named)
      }
      expect(desk.writes()).toEqual([])
    },
  )

  it('a closed browser tab: sign-in can be cancelled, and ends by itself after five minutes', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.press(/^sign in$/i)
    await desk.until(async () => (await desk.app.opened()).length === 1, 'the browser')
    await desk.advance(5 * 60_000 + 15_000)
    await desk.shows(/too long|timed out|in time/i)
    await desk.signIn()
    await desk.says(/^On\./)
  })

  it('works with a code where no browser can be had', async () => {
    await using desk = await setUpDesk({ platform: 'win32', simulator: { deviceInterval: 1 } })
    await desk.press(/code/i)
    await desk.until(() => desk.simulator.pendingDevices().length === 1, 'the code')
    const [code = ''] = desk.simulator.pendingDevices()
    await desk.shows(new RegExp(code))
    desk.simulator.approveDevice(code)
    await desk.says(/^On\./)
  })

  it('revoked while away: the clear waits for the sign-in and then goes out', async () => {
    await using desk = await setUpDesk({ platform: 'win32' })
    await desk.signIn()
    await desk.says(/^On\./)
    await desk.press('Busy, in a call')
    await desk.until(() => desk.log().includes('presence write ended'), "the set's answer")
    desk.simulator.revoke('alex@demo.example')
    await desk.lock()
    await desk.says(/^Sign in/)
    await desk.unlock()
    await desk.signIn()
    await desk.until(() => desk.held().length === 0, 'the clear')
  })
})

describe.skipIf(NEEDS_STAND_IN)('configuration', () => {
  it.each([
    ['no client id', { CLEAR_PRESENCE_CLIENT_ID: undefined }],
    ['a tenant that is none', { CLEAR_PRESENCE_TENANT: 'not a tenant' }],
  ] as const)('%s: the window says what to do', async (_name, env) => {
    await using desk = await setUpDesk({ platform: 'linux', env })
    await desk.says(/not set up|set up|configur/i)
    expect(await desk.app.quit()).toBe(0)
  })
})

describe.skipIf(NEEDS_STAND_IN)('files', () => {
  /** How the window names each file. */
  const NAMED = {
    'registry.json': /record/i,
    'settings.json': /settings/i,
    'history.json': /history/i,
    'tokens.bin': /sign/i,
  } as const
  const damaged = '{"version": 1, "rec'
  const newer = '{"version": 99}'
  it.each([
    [
      'damaged',
      damaged,
      ['registry.json', 'settings.json', 'history.json', 'tokens.bin'],
      /damaged|unreadable/i,
    ],
    ['from a newer version', newer, ['registry.json', 'settings.json', 'history.json'], /newer/i],
  ] as const)(
    '%s are all kept aside, each with its message, and the app works',
    async (_name, content, names, words) => {
      await using desk = await setUpDesk({
        platform: 'linux',
        beforeStart: (_simulator, folder) => {
          for (const name of names) writeFileSync(join(folder, name), content)
        },
      })
      await desk.shows(words)
      for (const name of names) await desk.shows(NAMED[name])
      const kept = readdirSync(desk.app.userDataDir)
      for (const name of names) {
        const aside = kept.find((file) => file !== name && file.startsWith(`${name.split('.')[0] ?? ''}.`))
        expect(aside, name).toBeDefined()
        expect(readFileSync(join(desk.app.userDataDir, aside ?? ''), 'utf8')).toBe(content)
      }
      await desk.signIn()
      await desk.says(/^On\./)
      desk.otherProgramCalls()
      await desk.lock()
      await desk.until(() => desk.held().length === 0, 'the clear')
      expect(existsSync(join(desk.app.userDataDir, 'registry.json'))).toBe(true)
    },
  )
})

describe.skipIf(NEEDS_STAND_IN)('secrets', () => {
  it('are in no log, no setting, not in the renderer and not in argv', async () => {
    await using desk = await setUpDesk({ platform: 'linux' })
    await desk.signIn()
    await desk.says(/^On\./)
    await desk.press('Busy, in a call')
    await desk.until(() => desk.held().length === 1, 'the set')
    desk.simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'status', status: 503 },
      times: 1,
    })
    await desk.lock()
    await desk.until(() => desk.held().length === 0, 'the clear')
    const page = await desk.app.window()
    const shown = await page.evaluate(async () => {
      const { clearPresence } = globalThis as unknown as { clearPresence: { snapshot(): Promise<unknown> } }
      return JSON.stringify(await clearPresence.snapshot())
    })
    const html = await page.content()
    const argv = readFileSync(`/proc/${desk.app.pid}/cmdline`, 'utf8')
    const printed = desk.app.out()
    expect(await desk.app.quit()).toBe(0)

    const issued = desk.simulator.issuedTokens()
    expect(issued.length).toBeGreaterThan(3)
    // The browser of the stand-in leaves a moment after the app, and its profile with it.
    await desk.until(
      () => !readdirSync(desk.app.userDataDir).some((name) => name.startsWith('stand-in-chromium')),
      "the browser's end",
    )
    const files = filesBelow(desk.app.userDataDir)
    expect(files.some((file) => file.endsWith('clear-presence.log'))).toBe(true)
    const places = [
      ...files.map((file) => [file, readFileSync(file, 'latin1')] as const),
      ['renderer', shown + html] as const,
      ['argv', argv] as const,
      ['stdout and stderr', printed] as const,
    ]
    const leaks = places.filter(([, text]) => issued.some((secret) => text.includes(secret)))
    expect(leaks.map(([place]) => place)).toEqual([])
    expect(shown).toContain(DEMO_CLIENT_ID) // The search looks at the right thing.
  })
})

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
