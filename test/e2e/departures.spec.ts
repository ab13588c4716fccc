/** The built app clears once for each departure, at once, and lets go in time. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEMO_CLIENT_ID, DEMO_USER_ID } from '../simulator/index.ts'
import { type Desk, type DeskOptions, NEEDS_STAND_IN, runsAs, setUpDesk } from './desk.ts'

const CLEAR_PATH = `/v1.0/users/${DEMO_USER_ID}/presence/clearPresence`
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

async function signedIn(options: DeskOptions = {}): Promise<Desk> {
  const desk = await setUpDesk(options)
  await desk.signIn()
  await desk.says(/^On\./)
  return desk
}

const answers = (desk: Desk): number => desk.log().split('"presence write ended"').length

async function setBusy(desk: Desk): Promise<void> {
  const known = answers(desk)
  await desk.press('Busy, in a call')
  await desk.until(() => desk.held().includes('Busy/InACall'), 'the set')
  // The app has to know of the answer, too: a set in flight at the departure would rightly be cleared twice.
  await desk.until(() => answers(desk) > known, "the set's answer")
}

async function power(desk: Desk, event: string): Promise<void> {
  await desk.app.power(event)
}

interface Way {
  readonly name: string
  readonly leave: (desk: Desk) => Promise<void>
  /** How the user comes back; without it the way is the last of its desk. */
  readonly back?: (desk: Desk) => Promise<void>
}

const LOCK: Way = { name: 'lock', leave: (desk) => desk.lock(), back: (desk) => desk.unlock() }

/** The ways to leave after which the app still runs, by platform and in an order in which the user can come back. */
const STAYING: Readonly<Record<'win32' | 'darwin' | 'linux', readonly Way[]>> = {
  win32: [
    {
      name: 'the button in the window',
      leave: (desk) => desk.press('Clear my call status'),
      back: () => Promise.resolve(),
    },
    LOCK,
    { name: 'sleep', leave: (desk) => power(desk, 'suspend') },
  ],
  darwin: [
    LOCK,
    {
      name: 'user switch',
      leave: (desk) => power(desk, 'user-did-resign-active'),
      back: (desk) => power(desk, 'user-did-become-active'),
    },
    { name: 'sign-out', leave: (desk) => desk.press('Sign out') },
  ],
  linux: [
    {
      name: 'the tray menu',
      leave: (desk) => desk.app.tray.choose('Clear my call status'),
      back: () => Promise.resolve(),
    },
    { ...LOCK, name: 'lock seen by the poll' },
    { name: 'sleep with the hold', leave: (desk) => power(desk, 'suspend') },
  ],
}

/** The ways to leave that end the app. */
const ENDING: readonly (Way & { readonly platform: 'win32' | 'darwin' | 'linux' })[] = [
  { name: 'quit from the tray', platform: 'win32', leave: (desk) => desk.app.tray.choose('quit') },
  { name: 'quit from the window', platform: 'linux', leave: (desk) => desk.press(/^Quit/) },
  { name: 'quit by shortcut', platform: 'darwin', leave: (desk) => desk.app.accelerator('Command+Q') },
  { name: 'SIGTERM', platform: 'linux', leave: terminate },
  { name: 'shutdown', platform: 'linux', leave: (desk) => power(desk, 'shutdown') },
  { name: 'shutdown', platform: 'darwin', leave: (desk) => power(desk, 'shutdown') },
]

function terminate(desk: Desk): Promise<void> {
  process.kill(desk.app.pid, 'SIGTERM')
  return Promise.resolve()
}

/** Exactly one clear since `before`, as documented, and nothing to Entra ahead of it. */
function expectOneClear(desk: Desk, before: number): void {
  const writes = desk.writes().filter(({ seq }) => seq > before)
  expect(writes).toHaveLength(1)
  expect(writes[0]).toMatchObject({
    method: 'POST',
    host: 'graph.microsoft.com',
    path: CLEAR_PATH,
    body: { sessionId: DEMO_CLIENT_ID },
    status: 200,
    outcome: 'answered',
  })
  expect(writes[0]?.clientRequestId).toMatch(GUID)
  expect(writes[0]?.token).toBeDefined()
  // The token was kept fresh ahead of need.
  const between = desk.simulator.journal().filter(({ seq }) => seq > before && seq < (writes[0]?.seq ?? 0))
  expect(between.filter(({ kind, host }) => kind === 'entra' || host.startsWith('login.'))).toEqual([])
}

const lastSeq = (desk: Desk): number => desk.simulator.journal().at(-1)?.seq ?? 0

describe('one clear for each departure', () => {
  for (const platform of ['win32', 'darwin', 'linux'] as const) {
    const ways = STAYING[platform]
    it.runIf(runsAs(platform))(`${platform}: ${ways.map(({ name }) => name).join(', ')}`, async () => {
      await using desk = await signedIn({ platform })
      for (const { leave, back } of ways) {
        await setBusy(desk)
        const before = lastSeq(desk)
        await leave(desk)
        await desk.until(() => desk.held().length === 0, 'the clear')
        expectOneClear(desk, before)
        await back?.(desk)
      }
    })
  }

  it.each(ENDING.filter(({ platform }) => runsAs(platform)))(
    '$name ($platform)',
    async ({ platform, leave }) => {
      await using desk = await signedIn({ platform })
      await setBusy(desk)
      const before = lastSeq(desk)
      // The process may be gone before it can say that the order has arrived; how it ended is looked at below.
      await leave(desk).catch(() => undefined)
      expect(await desk.app.exit).toBe(0)
      expect(desk.held()).toEqual([])
      expectOneClear(desk, before)
    },
  )

  it.runIf(runsAs('win32'))('sends nothing more for further departures of the same absence', async () => {
    await using desk = await signedIn({ platform: 'win32' })
    await setBusy(desk)
    await desk.lock()
    await desk.app.power('suspend')
    await desk.until(() => desk.held().length === 0, 'the clear')
    await desk.app.power('resume')
    await desk.app.tray.choose('quit').catch(() => undefined)
    await desk.app.exit
    expect(desk.kinds()).toEqual(['set', 'clear'])
  })

  it.skipIf(NEEDS_STAND_IN)('clears once more only when a set was in flight', async () => {
    await using desk = await signedIn({ platform: 'win32' })
    desk.simulator.inject({
      match: { path: 'setPresence' },
      fault: { type: 'latency', ms: 60_000 },
      times: 1,
    })
    await desk.press('Busy, in a call')
    await desk.until(() => desk.kinds().includes('set'), 'the set')
    await desk.lock()
    await desk.until(() => desk.kinds().includes('clear'), 'the first clear')
    expect(desk.kinds()).toEqual(['set', 'clear'])
    await desk.advance(11_000)
    await desk.until(() => desk.kinds().length === 3, 'the second clear')
    await desk.advance(60_000)
    expect(desk.kinds()).toEqual(['set', 'clear', 'clear'])
    expect(desk.held()).toEqual([])
  })

  it.runIf(runsAs('win32'))(
    'is cleared again by a session that another program set after the return',
    async () => {
      await using desk = await signedIn({ platform: 'win32' })
      await desk.lock()
      await desk.until(() => desk.kinds().length === 1, 'the first clear')
      await desk.unlock()
      desk.otherProgramCalls()
      expect(desk.held()).toEqual(['Busy/InACall'])
      await desk.lock()
      await desk.until(() => desk.held().length === 0, 'the second clear')
      await desk.says(/^Cleared /)
    },
  )
})

describe.runIf(runsAs('linux'))('a Graph that never answers', () => {
  it.each([
    { name: 'quit from the tray', seconds: 5, leave: (desk: Desk) => desk.app.tray.choose('quit') },
    {
      name: 'SIGTERM',
      seconds: 3.5,
      leave: terminate,
    },
  ])('does not keep the process: $name', async ({ seconds, leave }) => {
    await using desk = await signedIn({ platform: 'linux' })
    await setBusy(desk)
    desk.simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'stall' },
      times: 'until-removed',
    })
    const start = Date.now()
    await leave(desk).catch(() => undefined)
    expect(await desk.app.exit).toBe(0)
    const took = (Date.now() - start) / 1000
    expect(took, desk.log()).toBeGreaterThan(seconds - 0.5)
    expect(took).toBeLessThan(seconds + 3)
    // Nothing is lost: it is written down, and the next start settles it.
    const registry = readFileSync(join(desk.app.userDataDir, 'registry.json'), 'utf8')
    expect(registry).toContain('"due"')
    desk.simulator.removeAllFaults()
    await desk.start()
    await desk.until(() => desk.held().length === 0, 'the clear of the next start')
  })

  it('holds the suspend handler no longer than its bound', async () => {
    await using desk = await signedIn({ platform: 'linux' })
    await setBusy(desk)
    desk.simulator.inject({
      match: { path: 'clearPresence' },
      fault: { type: 'stall' },
      times: 'until-removed',
    })
    const start = Date.now()
    await desk.app.power('suspend')
    const took = (Date.now() - start) / 1000
    expect(took).toBeGreaterThan(2.5)
    expect(took).toBeLessThan(6)
    expect(readFileSync(join(desk.app.userDataDir, 'registry.json'), 'utf8')).toContain(
      '"departure": "sleep"',
    )
  })
})
