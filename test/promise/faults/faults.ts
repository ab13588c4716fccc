/** The rows of the matrix: every fault, what the user is told while it lasts, and what may come of a clear. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Desk } from '../../e2e/desk.ts'
import { DEMO_USER_NAME } from '../../simulator/index.ts'
import type { Departure, Found } from './departures.ts'
import { breakDisk, fixDisk } from './disk.ts'
import type { Kind, Outcome } from './judge.ts'
import { CORRUPT, damage, NEWER, signInAnew, startTwice } from './preparations.ts'

/** What the window says when the user leaves like this. */
export type Sees = (departure: Departure, kind: Kind) => RegExp

/** One fault. Without `inject` and the like it is a situation that only has to be lived through. */
export interface Fault {
  readonly name: string
  /** What the window says while it lasts: its first line, or (a dropped clear, a notice) anything in it. */
  readonly sees: RegExp | Sees
  /** Which outcomes are right. Any other one fails the matrix. */
  readonly right: (departure: Departure, kind: Kind) => readonly Outcome[]
  /** Whether it stands in the way of the clear at the departure. Where not, the clear has the departure's deadline. */
  readonly blocks: boolean | ((departure: Departure) => boolean)
  /** The `Retry-After` of its answers, ms. */
  readonly retryAfterMs?: number
  /** It swallows requests: one that is open when it is healed still waits for its own limit. */
  readonly swallows?: boolean
  /** It sets the clock back, behind what an earlier process has written down. */
  readonly agesLost?: boolean
  /** Before the call begins, with the user at the machine. */
  readonly prepare?: (desk: Desk) => Promise<void>
  /** Why a cell is not played; null: it is. */
  readonly leavesOut?: (departure: Departure, kind: Kind) => string | null
  /** A set is refused while it lasts, and the user reads why. */
  readonly refusesSet?: boolean
  /** During the call, before the user leaves. */
  readonly inject?: (desk: Desk) => void | Promise<void>
  /** A moment after the user has left, if the app still runs. */
  readonly during?: (desk: Desk) => Promise<void>
  /** Meets the next start of the app, which is killed and started for it where the departure doesn't end it. */
  readonly start?: {
    readonly env?: Readonly<Record<string, string | undefined>>
    /** Called with the app's folder while the app is not running. */
    readonly files?: (folder: string) => void
    /** Called once the app has been started. */
    readonly then?: (desk: Desk, found: Found) => Promise<void>
  }
  /** Every start while it lasts needs this in its environment. */
  readonly env?: (desk: Desk) => Readonly<Record<string, string>>
  /** Ends it. Without: it lasts until the age limit has passed. */
  readonly heal?: (desk: Desk, found: Found) => void | Promise<void>
  /** Only the user can mend it, who comes back for it and does this. */
  readonly mend?: (desk: Desk) => Promise<void>
}

const HOUR_MS = 3_600_000
/** A token's life in the row about an expired one, s. */
const SHORT_LIFE_S = 600
/** How long a new token may take, real ms; where none comes the cell says so. */
const TOKEN_PATIENCE_MS = 3_000

// ------------------------------------------------------------------------------------------------ what is right

/** The request goes out and does its work, whatever the answer looks like. */
const cleared = (): readonly Outcome[] => ['cleared']

/**
 * It passes while the user is away. What another program set is dropped where the user is back by then (a log-off ends
 * the process, and the next start finds the user there): it may be a live call.
 */
const passes = ({ ends, explicit }: Departure, kind: Kind): readonly Outcome[] =>
  kind === 'assumed' && ends === 'present' && explicit !== true ? ['cleared', 'given-up'] : ['cleared']

/** It lasts, or only its own end helps and nobody tries again. */
const lasts = (_departure: Departure, kind: Kind): readonly Outcome[] =>
  kind === 'own' ? ['expired'] : ['given-up']

/**
 * Only the user can mend it: then what is own, or was asked for by name, is settled. Who is signing out can't sign in
 * meanwhile, and waits for the age limit.
 */
const waitsForUser = (departure: Departure, kind: Kind): readonly Outcome[] => {
  if (departure.name === 'sign-out') return lasts(departure, kind)
  return kind === 'own' || departure.explicit === true ? ['cleared'] : ['given-up']
}

/** What is owed is forgotten with the file, so a clear that had no time is left to the lease; the user is told. */
const forgets = ({ ends, kills }: Departure, kind: Kind): readonly Outcome[] => {
  if (ends === undefined || kills !== true) return ['cleared']
  return kind === 'own' ? ['cleared', 'expired'] : ['cleared', 'given-up']
}

// ------------------------------------------------------------------------------------------- what the user is told

/** What follows in the history where no reason is told. */
const TIME_OF_DAY = '(\\w+ )?\\d{1,2}:\\d{2}'

/**
 * Owed, with the fault's own reason; or dropped at the return, and in the history with that reason. Only a process that
 * ended with the departure may have had none yet, where the next one finds the user there and drops what it can't know.
 */
function owed(why: string): Sees {
  return ({ ends, explicit }, kind) => {
    const dropped = ends === 'present' && explicit !== true && kind === 'assumed'
    return new RegExp(
      `^(Not signed out yet\\. )?Not cleared: ${why}\\.|Not confirmed when [a-z ]*(: ${why}\\b${dropped ? `|${TIME_OF_DAY}` : ''})`,
      'm',
    )
  }
}
const CLEARED = /^(Cleared|Checked|Nothing was set) .*\b(when|after)\b/m
const ANYTHING = /^/
/** Only on Windows does Electron tell a keyring that isn't there from one that doesn't open. */
const NO_KEYRING = /This computer has no keyring|The keyring is locked/
/** The record can't be written: told beside the first line, and in the place of a set. */
const UNWRITABLE = /The record of your call status could not be saved/
/** Who has signed out is only asked to sign in: there is nothing else to tell any more. */
const SIGNED_OUT = /^Sign in: nothing is being cleared\./m

/** It is done. */
function done({ name }: Departure): RegExp {
  return name === 'sign-out' ? SIGNED_OUT : CLEARED
}

/** It is done, or in the way of it. */
function doneOr(other: Sees): Sees {
  return (departure, kind) => new RegExp(`${done(departure).source}|${other(departure, kind).source}`, 'm')
}

/** Owed, and only the user can help. */
const signInDue: Sees = (departure, kind) =>
  new RegExp(
    `^Sign in: your call status is not cleared\\.|${owed('sign-in needed')(departure, kind).source}`,
    'm',
  )

/**
 * A success is one by its first line. Only where the first clear's answer died with the process does a second one find
 * nothing, and which 404 that is the cut body doesn't tell: it is owed until one comes whole.
 */
const HALF_ANSWERED: Pick<Fault, 'sees' | 'right' | 'blocks'> = {
  sees: (departure, kind) =>
    departure.kills === true ? doneOr(owed('Microsoft was not reached'))(departure, kind) : done(departure),
  right: cleared,
  blocks: ({ kills }) => kills === true,
}

// --------------------------------------------------------------------------------------------------- building blocks

function everyClear(
  name: string,
  fault: Parameters<Desk['simulator']['inject']>[0]['fault'],
  rest: Pick<Fault, 'sees' | 'right'> & Partial<Fault>,
): Fault {
  return {
    name,
    blocks: true,
    inject: ({ simulator }) => {
      simulator.inject({ match: { host: 'graph', path: 'clearPresence' }, fault, times: 'until-removed' })
    },
    heal: ({ simulator }) => simulator.removeAllFaults(),
    ...rest,
  }
}

function status(code: number, why: string, retryAfterS?: number): Fault {
  return everyClear(
    retryAfterS === undefined ? String(code) : `${code} Retry-After`,
    {
      type: 'status',
      status: code,
      ...(retryAfterS === undefined ? {} : { headers: { 'Retry-After': String(retryAfterS) } }),
    },
    { sees: owed(why), right: passes, retryAfterMs: (retryAfterS ?? 0) * 1_000 },
  )
}

/** What befalls every connection: those that are open end, and new ones meet the fault. */
function everyConnection(
  name: string,
  fault: Parameters<Desk['simulator']['inject']>[0]['fault'],
  why: string,
): Fault {
  return {
    name,
    blocks: true,
    inject: ({ simulator }) => {
      simulator.inject({ fault, times: 'until-removed' })
      simulator.dropConnections('reset')
    },
    heal: ({ simulator }) => simulator.removeAllFaults(),
    sees: owed(why),
    right: passes,
  }
}

/** The network is off: CONNECT and everything open is reset. */
const noNetwork: Pick<Fault, 'inject' | 'blocks'> = {
  inject: ({ simulator }) => simulator.offline(true),
  blocks: true,
}

/** What is owed for another program's call is nowhere then: a limit that is stated, and two faults at once. */
const notWrittenAndKilled: NonNullable<Fault['leavesOut']> = ({ kills }, kind) =>
  kills === true && kind === 'assumed' ? 'nothing can be written, and it is killed in that moment' : null

/** A new token takes real time, which a leap of the simulated one would not leave it: waits for the clear that it brings. */
async function tokenComes({ writes, simulator }: Desk): Promise<void> {
  const left = simulator.now()
  const until = performance.now() + TOKEN_PATIENCE_MS
  const hasCleared = (): boolean =>
    writes().some(
      ({ path, simulatedMs, tookEffect, status }) =>
        path.endsWith('/clearPresence') && simulatedMs > left - 1_000 && (tookEffect || status === 404),
    )
  while (!hasCleared() && performance.now() < until) await sleep(20)
}

/** What a start meets stands in the way unless the clear went out before it. */
const unlessSentBefore = ({ ends, kills }: Departure): boolean => ends === undefined || kills === true

async function signInAgain(desk: Desk): Promise<void> {
  await desk.signIn()
}

/** Every fault of the matrix. */
export const FAULTS: readonly Fault[] = [
  { name: 'none', blocks: false, sees: done, right: cleared },

  // ------------------------------------------------------------------------------------------------- the way there
  // The app reaches the simulator by a proxy, which looks names up itself: 502 is how a proxy says that it found none.
  everyConnection('DNS', { type: 'refuse', proxyStatus: 502 }, 'Microsoft was not reached'),
  // 503: how a proxy says that the far end refused.
  everyConnection('refused', { type: 'refuse', proxyStatus: 503 }, 'Microsoft was not reached'),
  {
    name: 'no network',
    ...noNetwork,
    heal: ({ simulator }) => simulator.offline(false),
    sees: owed('(no network|the proxy was not reached|Microsoft was not reached)'),
    right: passes,
  },
  {
    name: 'no network for good',
    ...noNetwork,
    sees: owed('(no network|the proxy was not reached|Microsoft was not reached)'),
    right: lasts,
  },
  everyClear('reset', { type: 'reset' }, { sees: owed('Microsoft was not reached'), right: passes }),
  everyClear(
    'stall',
    { type: 'stall' },
    { sees: owed('Microsoft was not reached'), right: passes, swallows: true },
  ),
  everyClear(
    'lost answer',
    { type: 'lost-answer' },
    { sees: owed('Microsoft was not reached'), right: cleared, blocks: false },
  ),
  everyClear('cut body', { type: 'cut-body' }, HALF_ANSWERED),
  everyClear('slow drip', { type: 'slow-drip', forever: true }, HALF_ANSWERED),
  everyConnection('TLS untrusted', { type: 'untrusted-certificate' }, 'the connection is not trusted'),
  everyClear(
    'captive portal',
    { type: 'captive-portal' },
    { sees: owed('the network wants you to sign in to it'), right: passes },
  ),
  {
    name: 'proxy 407',
    blocks: true,
    inject: ({ simulator }) => {
      simulator.setProxyAuth({ scheme: 'Negotiate' })
      simulator.dropConnections('reset')
    },
    heal: ({ simulator }) => simulator.setProxyAuth(),
    sees: owed('the proxy refused'),
    right: passes,
  },
  {
    name: 'proxy gone',
    blocks: true,
    inject: ({ simulator }) => simulator.setProxyGone(true),
    heal: ({ simulator }) => simulator.setProxyGone(false),
    sees: owed('the proxy was not reached'),
    right: passes,
  },
  {
    // The interface is up, and nothing gets through: as after a resume, before the VPN has its route.
    name: 'no route',
    blocks: true,
    swallows: true,
    inject: ({ simulator }) => simulator.setBlackHole(true),
    heal: ({ simulator }) => simulator.setBlackHole(false),
    sees: owed('(Microsoft|the proxy) was not reached'),
    right: passes,
  },
  {
    // The clear is open on a connection whose network goes; the app hears that the network changed, and of no answer.
    name: 'VPN switch',
    blocks: true,
    swallows: true,
    inject: ({ simulator }) => {
      simulator.inject({ match: { host: 'graph', path: 'clearPresence' }, fault: { type: 'stall' } })
    },
    during: async (desk) => {
      desk.simulator.dropConnections('reset')
      await desk.app.control('online', { online: false })
      await desk.advance(5_000)
      await desk.app.control('online', { online: null })
    },
    heal: ({ simulator }) => simulator.removeAllFaults(),
    sees: doneOr(owed('Microsoft was not reached')),
    right: passes,
  },

  // ----------------------------------------------------------------------------------------------------- Graph says
  status(400, 'an unexpected answer'),
  {
    ...status(401, ''),
    sees: signInDue,
  },
  { ...status(403, 'a permission is missing'), right: lasts },
  {
    name: '404 nothing set',
    blocks: false,
    inject: ({ simulator }) => {
      simulator.removeSession(DEMO_USER_NAME, simulator.listSessions()[0]?.clientId ?? '')
    },
    sees: done,
    right: () => ['nothing-set'],
  },
  everyClear(
    '404 wrong user',
    {
      type: 'status',
      status: 404,
      body: { error: { code: 'Request_ResourceNotFound', message: 'Resource not found.' } },
    },
    { sees: owed('Microsoft does not know this user'), right: passes },
  ),
  status(405, 'an unexpected answer'),
  status(409, 'Microsoft has trouble'),
  status(429, 'Microsoft asks us to wait'),
  status(429, 'Microsoft asks us to wait', 120),
  status(500, 'Microsoft has trouble'),
  status(503, 'Microsoft has trouble'),
  status(503, 'Microsoft has trouble', 120),

  // --------------------------------------------------------------------------------------------------------- tokens
  {
    name: 'claims challenge',
    // A held handler has no time for a new token; what is answered with a challenge there stays due.
    blocks: ({ name }) => name === 'log-off',
    inject: ({ simulator }) => simulator.claimsChallenge('silent'),
    during: tokenComes,
    heal: ({ simulator }) => simulator.claimsChallenge(false),
    // Whether the new token comes while the handler is held is a matter of milliseconds.
    sees: (departure, kind) =>
      departure.name === 'log-off' && kind === 'assumed'
        ? new RegExp(`${owed('sign-in needed')(departure, kind).source}|${done(departure).source}`)
        : done(departure),
    right: passes,
  },
  {
    name: 'claims and user',
    blocks: true,
    inject: ({ simulator }) => simulator.claimsChallenge('interactive'),
    mend: signInAgain,
    sees: signInDue,
    right: waitsForUser,
  },
  {
    // The token runs out because Entra can't be reached, and the user leaves just then.
    name: 'token expired',
    blocks: true,
    prepare: async (desk) => {
      desk.simulator.setTokenLifetime(SHORT_LIFE_S)
      await signInAnew(desk)
    },
    inject: async (desk) => {
      desk.simulator.inject({ match: { host: 'entra' }, fault: { type: 'refuse' }, times: 'until-removed' })
      desk.simulator.dropConnections('reset')
      await desk.advance((SHORT_LIFE_S + 60) * 1_000, 30_000)
    },
    heal: ({ simulator }) => {
      simulator.setTokenLifetime()
      simulator.removeAllFaults()
    },
    sees: owed('(Microsoft was not reached|the proxy was not reached|no network|sign-in needed)'),
    right: passes,
  },
  {
    name: 'token revoked',
    blocks: true,
    inject: ({ simulator }) => simulator.revoke(DEMO_USER_NAME),
    mend: signInAgain,
    sees: signInDue,
    right: waitsForUser,
  },
  {
    name: 'consent removed',
    blocks: true,
    inject: ({ simulator }) => {
      simulator.inject({
        match: { host: 'graph' },
        fault: { type: 'status', status: 403 },
        times: 'until-removed',
      })
    },
    mend: async (desk) => {
      desk.simulator.removeAllFaults()
      await signInAgain(desk)
    },
    sees: owed('a permission is missing'),
    right: waitsForUser,
  },

  // ----------------------------------------------------------------------------------------------------- the machine
  ...([3, -3] as const).map((hours): Fault => ({
    name: `clock ${hours > 0 ? '+' : ''}${hours} h`,
    blocks: false,
    agesLost: hours < 0,
    inject: (desk) => desk.app.advanceTime(hours * HOUR_MS, { wallOnly: true }),
    env: ({ simulator }) => ({
      SPEC_AHEAD_MS: String(simulator.now() - Date.now() + hours * HOUR_MS),
    }),
    heal: (desk) => desk.app.advanceTime(-hours * HOUR_MS, { wallOnly: true }),
    // A process that starts with a clock ahead can't know that what it finds is minutes old (docs/known-issues.md).
    sees: (departure) => (hours > 0 && departure.name === 'kill' ? /it ended by itself/ : done(departure)),
    right: (departure, kind) =>
      hours > 0 && departure.name === 'kill' ? lasts(departure, kind) : ['cleared'],
  })),
  {
    name: 'keyring locked',
    blocks: unlessSentBefore,
    start: { env: { STAND_IN_KEYRING: 'hanging' } },
    heal: startAgain,
    sees: /The keyring is locked/,
    // Who is signed in is in the keyring: without it only what is own, or due already, is known to be owed.
    right: (departure, kind) =>
      kind === 'assumed' && departure.ends === undefined ? ['cleared', 'given-up'] : passes(departure, kind),
  },
  {
    name: 'keyring gone',
    // Who is there signs in again; who isn't, waits for the keyring.
    blocks: ({ kills }) => kills === true,
    start: {
      env: { STAND_IN_KEYRING: 'unavailable' },
      // Who is there signs in again, for as long as the app runs.
      then: async (desk, found) => {
        await desk.says(/./)
        await desk.shows(NO_KEYRING)
        if (found === 'present') await signInAgain(desk)
      },
    },
    heal: startAgain,
    sees: NO_KEYRING,
    right: passes,
  },
  {
    // Another key: what is there can't be decrypted. Stands for a changed keyring and for a damaged tokens.bin.
    name: 'keyring changed',
    blocks: unlessSentBefore,
    start: { files: damage('tokens.bin', `v10${'x'.repeat(200)}`) },
    mend: signInAgain,
    sees: /Your saved sign-in could not be read/,
    right: (departure, kind) => {
      const { ends, explicit, kills, name } = departure
      // The clear of a process that ends went out before the tokens were lost.
      if (ends !== undefined && kills !== true) return ['cleared']
      // Who is signing out can't sign in meanwhile.
      if (name === 'sign-out') return lasts(departure, kind)
      return kind === 'own' || explicit === true ? ['cleared'] : ['cleared', 'given-up']
    },
  },
  {
    name: 'disk full',
    blocks: false,
    inject: (desk) => breakDisk(desk, 'ENOSPC'),
    heal: (desk) => fixDisk(desk),
    // A process that ends with it has nobody to tell; the next one finds a disk that takes files again.
    sees: ({ ends }) => (ends === undefined ? UNWRITABLE : ANYTHING),
    leavesOut: notWrittenAndKilled,
    right: cleared,
  },
  {
    name: 'files read-only',
    blocks: false,
    prepare: (desk) => breakDisk(desk, 'EROFS'),
    refusesSet: true,
    heal: (desk) => fixDisk(desk),
    sees: ({ ends }) => (ends === undefined ? UNWRITABLE : ANYTHING),
    leavesOut: notWrittenAndKilled,
    right: (_departure, kind) => (kind === 'own' ? ['nothing-set'] : ['cleared']),
  },
  {
    name: 'registry corrupt',
    blocks: false,
    start: { files: damage('registry.json', CORRUPT) },
    sees: /The record of your call status was damaged/,
    right: forgets,
  },
  {
    name: 'registry newer',
    blocks: false,
    start: { files: damage('registry.json', NEWER) },
    sees: /The record of your call status is from a newer version/,
    right: forgets,
  },
  {
    name: 'history corrupt',
    blocks: false,
    start: { files: damage('history.json', CORRUPT) },
    sees: /The history was damaged/,
    right: cleared,
  },
  { name: 'two copies', blocks: false, start: { then: startTwice }, sees: done, right: cleared },
]

/** The machine is started again without the fault, the user being where they were. */
async function startAgain(desk: Desk, found: Found): Promise<void> {
  await desk.restart(found === 'locked' ? { env: { SPEC_IDLE_STATE: 'locked' } } : {})
}
