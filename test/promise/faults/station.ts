/** One machine with a signed-in user, at which cells are played one after the other. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Desk, setUpDesk } from '../../e2e/desk.ts'
import { DEMO_USER_NAME } from '../../simulator/index.ts'
import type { Departure, Found, Platform } from './departures.ts'
import type { Kind } from './judge.ts'

/** A machine for cells of one platform. */
export interface Station extends AsyncDisposable {
  readonly desk: Desk
  /** The user is at the machine and signed in, nothing is owed, no call stands and every fault is over. */
  ready(): Promise<void>
  /** A call begins. */
  call(kind: Kind): Promise<void>
  /** Waits for the end of the process, and starts the app again where the user is. */
  startAgain(found: Found, how?: Starting): Promise<void>
  /** The user comes back. */
  back(departure: Departure): Promise<void>
  /** What the window says, line by line; the list of what happened before is folded. */
  lines(): Promise<readonly string[]>
  /** The history's newest entry, as the file has it. */
  newest(): { readonly at: number; readonly settlement: string } | null
}

/** How the app is started again. */
export interface Starting {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly files?: (folder: string) => void
}

/** How a start finds a user who has locked. */
const LOCKED = { SPEC_IDLE_STATE: 'locked' } as const

/** Starts the app and signs in. */
export async function openStation(platform: Platform): Promise<Station> {
  const desk = await setUpDesk({
    platform,
    // Leaving by not touching anything is the user's own choice.
    beforeStart: (_simulator, folder) =>
      writeFileSync(join(folder, 'settings.json'), JSON.stringify({ departures: { idle: true } })),
  })
  let startedLocked = false

  async function signIn(): Promise<void> {
    await desk.signIn()
    await desk.until(async () => !(await desk.sentence()).startsWith('Sign'), 'the sign-in')
    // The window is quicker than the disk, and the process may be killed next.
    const files = ['tokens.bin', 'registry.json'].map((file) => join(desk.app.userDataDir, file))
    await desk.until(() => files.every((file) => existsSync(file)), 'the files of the sign-in')
  }

  const read = (file: string): unknown => {
    try {
      return JSON.parse(readFileSync(join(desk.app.userDataDir, file), 'utf8')) as unknown
    } catch {
      return null // not written yet
    }
  }

  /** Whether the registry says that something is set or owed. */
  function open(): boolean {
    const registry = read('registry.json') as {
      machines: { records: { own: unknown; due: unknown }[] }[]
    } | null
    return (registry?.machines ?? []).some(({ records }) =>
      records.some(({ own, due }) => own !== null || due !== null),
    )
  }

  return {
    desk,
    async ready() {
      const { simulator } = desk
      // A permission that is granted again is only noticed by a new token, or at the next departure.
      if (/^(Sign in|Not permitted)/.test(await desk.sentence())) await signIn()
      await desk.until(() => !open(), 'the end of what is owed')
      for (const { clientId } of simulator.listSessions()) simulator.removeSession(DEMO_USER_NAME, clientId)
      simulator.clearJournal()
      const dismiss = (await desk.app.window()).getByRole('button', { name: 'Dismiss' })
      if ((await dismiss.count()) > 0) await dismiss.click()
    },
    async call(kind) {
      if (kind === 'assumed') desk.otherProgramCalls()
      else {
        const answers = (): number => desk.log().split('"presence write ended"').length
        const known = answers()
        await desk.press('Busy, in a call')
        await desk.until(() => answers() > known && desk.held().length === 1, 'the call')
      }
    },
    async startAgain(found, how = {}) {
      await desk.app.exit
      how.files?.(desk.app.userDataDir)
      startedLocked = found === 'locked'
      await desk.start({ env: { ...(startedLocked ? LOCKED : {}), ...how.env } })
      await desk.app.window()
    },
    async back(departure) {
      if (departure.stays === true || departure.ends === 'present') return
      if (departure.ends === undefined && !startedLocked) {
        await (departure.back ?? ((at: Desk) => at.unlock()))(desk)
      } else await desk.unlock()
      startedLocked = false
    },
    async lines() {
      const text = await (await desk.app.window()).innerText('body')
      return text
        .split('\n')
        .map((line) => line.replaceAll(/\s+/g, ' ').trim())
        .filter((line) => line !== '')
    },
    newest() {
      const history = read('history.json') as {
        entries: { at: number; settlement: string }[]
      } | null
      return history?.entries[0] ?? null
    },
    [Symbol.asyncDispose]: () => desk[Symbol.asyncDispose](),
  }
}
