/** The rows of the matrix: every fault, what the user is told while it lasts, and what may come of a clear. */
import type { Desk } from '../../e2e/desk.ts'
import { DEMO_USER_NAME } from '../../simulator/index.ts'
import type { Departure, Found } from './departures.ts'
import { breakDisk, fixDisk } from './disk.ts'
import type { Kind, Outcome } from './judge.ts'
import { CORRUPT, damage, NEWER, signInAnew, startTwice } from './preparations.ts'

/** One fault. Without `inject` and the like it is a situation that only has to be lived through. */
export interface Fault {
  readonly name: string
  /** What the window says while it lasts: its first line, or (a dropped clear, a notice) anything in it. */
  readonly sees: RegExp | ((departure: Departure) => RegExp)
  /** Which outcomes are right. Any other one fails the matrix. */
  readonly right: (departure: Departure, kind: Kind) => readonly Outcome[]
  /** Before the call begins, with the user at the machine. */
  readonly prepare?: (desk: Desk) => Promise<void>
  /** Cells that can't be told apart from two faults at once, and are not played. */
  readonly leavesOut?: (departure: Departure, kind: Kind) => boolean
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

/** Owed, with the reason; or dropped at the return, and in the history with the reason if one was known. */
function owed(why: string): RegExp {
  return new RegExp(
    `^(Not signed out yet\\. )?Not cleared: ${why}\\.|Not confirmed when you [^:\\n]*?(: ${why}|\\s)`,
    'm',
  )
}
const CLEARED = /^(Cleared|Checked|Nothing was set) .*\b(when|after)\b/m
const ANYTHING = /^/
/** The record can't be written: told beside the first line, and in the place of a set. */
const UNWRITABLE = /The record of your call status could not be saved/
/** Who has signed out is only asked to sign in: there is nothing else to tell any more. */
const SIGNED_OUT = /^Sign in: nothing is being cleared\./m

/** It is done. */
function done({ name }: Departure): RegExp {
  return name === 'sign-out' ? SIGNED_OUT : CLEARED
}

/** It is done, or in the way of it. */
function doneOr(other: RegExp): (departure: Departure) => RegExp {
  return (departure) => new RegExp(`${done(departure).source}|${other.source}`, 'm')
}
const SIGN_IN_DUE =
  /^Sign in: your call status is not cleared\.|^Not signed out yet\. Not cleared: sign-in needed\.|Not confirmed when/m

// --------------------------------------------------------------------------------------------------- building blocks

function everyClear(
  name: string,
  fault: Parameters<Desk['simulator']['inject']>[0]['fault'],
  rest: Pick<Fault, 'sees' | 'right'> & Partial<Fault>,
): Fault {
  return {
    name,
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
    { sees: owed(why), right: passes },
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
const noNetwork: Pick<Fault, 'inject'> = { inject: ({ simulator }) => simulator.offline(true) }

async function signInAgain(desk: Desk): Promise<void> {
  await desk.signIn()
}

/** Every fault of the matrix. */
export const FAULTS: readonly Fault[] = [
  { name: 'none', sees: done, right: cleared },

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
  everyClear('stall', { type: 'stall' }, { sees: owed('Microsoft was not reached'), right: passes }),
  everyClear(
    'lost answer',
    { type: 'lost-answer' },
    { sees: owed('Microsoft was not reached'), right: cleared },
  ),
  everyClear('cut body', { type: 'cut-body' }, { sees: done, right: cleared }),
  everyClear('slow drip', { type: 'slow-drip', forever: true }, { sees: done, right: cleared }),
  everyConnection('TLS untrusted', { type: 'untrusted-certificate' }, 'the connection is not trusted'),
  everyClear(
    'captive portal',
    { type: 'captive-portal' },
    { sees: owed('the network wants you to sign in to it'), right: passes },
  ),
  {
    name: 'proxy 407',
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
    inject: ({ simulator }) => simulator.setProxyGone(true),
    heal: ({ simulator }) => simulator.setProxyGone(false),
    sees: owed('the proxy was not reached'),
    right: passes,
  },
  {
    // The interface is up, and nothing gets through: as after a resume, before the VPN has its route.
    name: 'no route',
    inject: ({ simulator }) => simulator.setBlackHole(true),
    heal: ({ simulator }) => simulator.setBlackHole(false),
    sees: owed('(Microsoft|the proxy) was not reached'),
    right: passes,
  },
  {
    // The clear is open on a connection whose network goes; the app hears that the network changed, and of no answer.
    name: 'VPN switch',
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
    sees: SIGN_IN_DUE,
  },
  { ...status(403, 'a permission is missing'), right: lasts },
  {
    name: '404 nothing set',
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
    inject: ({ simulator }) => simulator.claimsChallenge('silent'),
    heal: ({ simulator }) => simulator.claimsChallenge(false),
    sees: doneOr(/Not confirmed when/),
    right: passes,
  },
  {
    name: 'claims and user',
    inject: ({ simulator }) => simulator.claimsChallenge('interactive'),
    mend: signInAgain,
    sees: SIGN_IN_DUE,
    right: waitsForUser,
  },
  {
    // The token runs out because Entra can't be reached, and the user leaves just then.
    name: 'token expired',
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
    inject: ({ simulator }) => simulator.revoke(DEMO_USER_NAME),
    mend: signInAgain,
    sees: SIGN_IN_DUE,
    right: waitsForUser,
  },
  {
    name: 'consent removed',
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
    inject: (desk) => desk.app.advanceTime(hours * HOUR_MS, { wallOnly: true }),
    env: ({ simulator }) => ({
      SPEC_AHEAD_MS: String(simulator.now() - Date.now() + hours * HOUR_MS),
    }),
    heal: (desk) => desk.app.advanceTime(-hours * HOUR_MS, { wallOnly: true }),
    sees: done,
    right: cleared,
  })),
  {
    name: 'keyring locked',
    start: { env: { STAND_IN_KEYRING: 'hanging' } },
    heal: startAgain,
    sees: /The keyring is locked/,
    // Who is signed in is in the keyring: without it only what is own, or due already, is known to be owed.
    right: (departure, kind) =>
      kind === 'assumed' && departure.ends === undefined ? ['cleared', 'given-up'] : passes(departure, kind),
  },
  {
    name: 'keyring gone',
    start: {
      env: { STAND_IN_KEYRING: 'unavailable' },
      // Who is there signs in again, for as long as the app runs.
      then: async (desk, found) => {
        await desk.says(/./)
        await desk.shows(/no keyring/)
        if (found === 'present') await signInAgain(desk)
      },
    },
    heal: startAgain,
    sees: /This computer has no keyring/,
    right: passes,
  },
  {
    // Another key: what is there can't be decrypted. Stands for a changed keyring and for a damaged tokens.bin.
    name: 'keyring changed',
    start: { files: damage('tokens.bin', `v10${'x'.repeat(200)}`) },
    mend: signInAgain,
    sees: /Your saved sign-in could not be read/,
    right: ({ ends, explicit, kills }, kind) => {
      // The clear of a process that ends went out before the tokens were lost.
      if (ends !== undefined && kills !== true) return ['cleared']
      return kind === 'own' || explicit === true ? ['cleared'] : ['cleared', 'given-up']
    },
  },
  {
    name: 'disk full',
    inject: (desk) => breakDisk(desk, 'ENOSPC'),
    heal: (desk) => fixDisk(desk),
    // A process that ends with it has nobody to tell; the next one finds a disk that takes files again.
    sees: ({ ends }) => (ends === undefined ? UNWRITABLE : ANYTHING),
    // With a full disk and a kill in the same moment nothing is left of what is owed to another program's call: a limit.
    leavesOut: ({ kills }, kind) => kills === true && kind === 'assumed',
    right: cleared,
  },
  {
    name: 'files read-only',
    prepare: (desk) => breakDisk(desk, 'EROFS'),
    refusesSet: true,
    heal: (desk) => fixDisk(desk),
    sees: ({ ends }) => (ends === undefined ? UNWRITABLE : ANYTHING),
    leavesOut: ({ kills }, kind) => kills === true && kind === 'assumed',
    right: (_departure, kind) => (kind === 'own' ? ['nothing-set'] : ['cleared']),
  },
  {
    name: 'registry corrupt',
    start: { files: damage('registry.json', CORRUPT) },
    sees: /The record of your call status was damaged/,
    right: forgets,
  },
  {
    name: 'registry newer',
    start: { files: damage('registry.json', NEWER) },
    sees: /The record of your call status is from a newer version/,
    right: forgets,
  },
  {
    name: 'history corrupt',
    start: { files: damage('history.json', CORRUPT) },
    sees: /The history was damaged/,
    right: cleared,
  },
  { name: 'two copies', start: { then: startTwice }, sees: done, right: cleared },
]

/** The machine is started again without the fault, the user being where they were. */
async function startAgain(desk: Desk, found: Found): Promise<void> {
  await desk.restart(found === 'locked' ? { env: { SPEC_IDLE_STATE: 'locked' } } : {})
}
