/** The columns of the matrix: every way to leave, on a platform that has it, and how the user comes back. */
import type { Desk } from '../../e2e/desk.ts'

/** What the platform is that a departure is played on. */
export type Platform = 'win32' | 'darwin' | 'linux'

/** How a start finds the user. */
export type Found = 'present' | 'locked'

/** One way to leave. */
export interface Departure {
  readonly name: string
  readonly platform: Platform
  /** The time that it leaves us (docs/architecture.md, "Departures"); after a kill that of the start while locked, ms. */
  readonly deadlineMs: number
  /** The button that it needs; where the window doesn't offer it, nobody can leave so. */
  readonly button?: string
  /** Leaves. May end the process, which then can't answer any more. */
  readonly leave: (desk: Desk) => Promise<unknown>
  /** The process ends with it (or is killed); the app is started again, and finds the user so. */
  readonly ends?: Found
  /** It is killed with -9, whatever it was doing. */
  readonly kills?: boolean
  /** The user asked by name, and stays at the machine. */
  readonly stays?: boolean
  /** Asked for by name: what is owed outlives a return. */
  readonly explicit?: boolean
  /** Why it is not played for what another program set. */
  readonly ownOnly?: string
  /** How the user comes back while the app runs; default: unlocks. */
  readonly back?: (desk: Desk) => Promise<unknown>
}

const POLL_MS = 15_000
/** No input for longer than the 15 minutes after which `idle` counts, s. */
const IDLE_S = 16 * 60

/** Input after a wake, seen by the next poll. */
async function touch(desk: Desk): Promise<void> {
  await desk.app.setIdle({ seconds: 0 })
  await desk.advance(POLL_MS)
}

/** A process that is just ending may be gone before it can say that the order has arrived. */
const lastWords = (order: Promise<unknown>): Promise<unknown> => order.catch(() => undefined)

function kill(desk: Desk): Promise<void> {
  process.kill(desk.app.pid, 'SIGKILL')
  return Promise.resolve()
}

/** Every way to leave. */
export const DEPARTURES: readonly Departure[] = [
  { name: 'lock', platform: 'win32', deadlineMs: 30_000, leave: (desk) => desk.lock() },
  {
    name: 'sleep',
    platform: 'linux',
    deadlineMs: 30_000,
    leave: (desk) => desk.app.power('suspend'),
    back: async (desk) => {
      await desk.app.power('resume')
      await desk.advance(POLL_MS)
      await touch(desk)
    },
  },
  {
    name: 'user-switch',
    platform: 'darwin',
    deadlineMs: 30_000,
    leave: (desk) => desk.app.power('user-did-resign-active'),
    back: (desk) => desk.app.power('user-did-become-active'),
  },
  {
    name: 'idle',
    platform: 'darwin',
    deadlineMs: 30_000,
    leave: async (desk) => {
      await desk.app.setIdle({ seconds: IDLE_S })
      await desk.advance(POLL_MS)
    },
    back: touch,
  },
  {
    name: 'manual',
    platform: 'win32',
    deadlineMs: 10_000,
    button: 'Clear my call status',
    leave: (desk) => desk.press('Clear my call status'),
    stays: true,
    explicit: true,
  },
  {
    name: 'sign-out',
    platform: 'darwin',
    deadlineMs: 10_000,
    button: 'Sign out',
    leave: (desk) => desk.press('Sign out'),
    stays: true,
    explicit: true,
  },
  {
    name: 'log-off',
    platform: 'win32',
    deadlineMs: 3_500,
    leave: async (desk) => {
      await desk.app.queryEndSession(['logoff'])
      await desk.app.endSession(['logoff'])
    },
    ends: 'present',
  },
  {
    name: 'shutdown',
    platform: 'linux',
    deadlineMs: 3_500,
    leave: (desk) => lastWords(desk.app.power('shutdown')),
    ends: 'locked',
  },
  {
    name: 'quit',
    platform: 'win32',
    deadlineMs: 5_000,
    leave: (desk) => lastWords(desk.app.tray.choose('quit')),
    ends: 'present',
    explicit: true,
  },
  {
    name: 'lock+kill',
    platform: 'win32',
    deadlineMs: 30_000,
    leave: async (desk) => {
      await desk.app.power('lock-screen')
      await kill(desk)
    },
    ends: 'locked',
    kills: true,
  },
  {
    name: 'kill',
    platform: 'linux',
    deadlineMs: 30_000,
    leave: kill,
    ends: 'locked',
    kills: true,
    ownOnly: 'nobody had left before the process was killed, so nothing is owed for it',
  },
]
