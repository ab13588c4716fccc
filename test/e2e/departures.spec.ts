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

async function setBusy(desk: Desk): Promise<void> {
  await desk.press('Busy, in a call')
  await desk.until(() => desk.held().includes('Busy/InACall'), 'the set')
  // The app has to know of the answer, too: a set in flight at the departure would rightly be cleared twice.
  await desk.until(() => desk.log().includes('presence write ended'), "the set's answer")
}

async function power(desk: Desk, event: string): Promise<void> {
  await desk.app.power(event)
}

/** Each way to leave that exists so far, how a person does it, and where. */
const WAYS: readonly {
  readonly name: string
  readonly platform: 'win32' | 'darwin' | 'linux'
  readonly ends: boolean
  readonly leave: (desk: Desk) => Promise<void>
}[] = [
  {
    name: 'the button in the window',
    platform: 'win32',
    ends: false,
    leave: (desk) => desk.press('Clear my call status'),
  },
  {
    name: 'the tray menu',
    platform: 'linux',
    ends: false,
    leave: (desk) => desk.app.tray.choose('Clear my call status'),
  },
  { name: 'lock', platform: 'win32', ends: false, leave: (desk) => desk.lock() },
  { name: 'lock', platform: 'darwin', ends: false, leave: (desk) => desk.lock() },
  { name: 'lock seen by the poll', platform: 'linux', ends: false, leave: (desk) => desk.lock() },
  {
    name: 'sleep',
    platform: 'win32',
    ends: false,
    leave: (desk) => power(desk, 'suspend'),
  },
  {
    name: 'sleep with the hold',
    platform: 'linux',
    ends: false,
    leave: (desk) => power(desk, 'suspend'),
  },
  {
    name: 'user switch',
    platform: 'darwin',
    ends: false,
    leave: (desk) => power(desk, 'user-did-resign-active'),
  },
  { name: 'sign-out', platform: 'win32', ends: false, leave: (desk) => desk.press('Sign out') },
  {
    name: 'quit from the tray',
    platform: 'win32',
    ends: true,
    leave: (desk) => desk.app.tray.choose('quit'),
  },
  { name: 'quit from the window', platform: 'linux', ends: true, leave: (desk) => desk.press(/^Quit/) },
  {
    name: 'quit by shortcut',
    platform: 'darwin',
    ends: true,
    leave: (desk) => desk.app.accelerator('Command+Q'),
  },
  {
    name: 'SIGTERM',
    platform: 'linux',
    ends: true,
    leave: (desk) => Promise.resolve(void process.kill(desk.app.pid, 'SIGTERM')),
  },
  {
    name: 'shutdown',
    platform: 'linux',
    ends: true,
    leave: (desk) => power(desk, 'shutdown'),
  },
  {
    name: 'shutdown',
    platform: 'darwin',
    ends: true,
    leave: (desk) => power(desk, 'shutdown'),
  },
]

describe('one clear for each departure', () => {
  it.each(WAYS.filter(({ platform }) => runsAs(platform)))(
    '$name ($platform)',
    async ({ platform, ends, leave }) => {
      await using desk = await signedIn({ platform })
      await setBusy(desk)
      const before = desk.simulator.journal().at(-1)?.seq ?? 0
      await leave(desk).catch((error: unknown) => {
        // The process may be gone before it can say that the order has arrived.
        if (!ends) throw error
      })
      if (ends) expect(await desk.app.exit).toBe(0)
      await desk.until(() => desk.kinds().includes('clear'), 'the clear')
      await desk.until(() => desk.held().length === 0, 'an empty desk')

      const clears = desk.writes().slice(1)
      expect(clears).toHaveLength(1)
      expect(clears[0]).toMatchObject({
        method: 'POST',
        host: 'graph.microsoft.com',
        path: CLEAR_PATH,
        body: { sessionId: DEMO_CLIENT_ID },
        status: 200,
        outcome: 'answered',
      })
      expect(clears[0]?.clientRequestId).toMatch(GUID)
      expect(clears[0]?.token).toBeDefined()
      // Nothing to Entra before the clear: the token was kept fresh ahead of need.
      const between = desk.simulator
        .journal()
        .filter(({ seq }) => seq > before && seq < (clears[0]?.seq ?? 0))
      expect(between.filter(({ kind, host }) => kind === 'entra' || host.startsWith('login.'))).toEqual([])
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
      leave: (desk: Desk) => Promise.resolve(void process.kill(desk.app.pid, 'SIGTERM')),
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
