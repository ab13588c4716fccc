/** What a start, a sign-in and a sign-out make of the registry (docs/architecture.md, "Which clears are owed", start rows). */
import { attend, awayBy, NOBODY_REPORTED } from './attendance.ts'
import { owe } from './departing.ts'
import {
  away,
  type Draft,
  newestAccount,
  patch,
  patchRecord,
  past,
  patchSession,
  present,
  removeSession,
  settle,
  wallOf,
} from './draft.ts'
import { mustHaveEnded, mustHaveEndedBy, WRITE_LIMIT_MS } from './lease.ts'
import { LONGEST_RETRY_AFTER_MS } from './outcome.ts'
import {
  type Due,
  type Identity,
  sessionKey,
  type SessionKey,
  type SessionRecord,
  type Stamp,
} from './model.ts'
import type { PlannerEvent, Session } from './state.ts'
import { later, restoredStamp } from './time.ts'

/** A session about which this process knows nothing but its record. */
export function sessionOf(record: SessionRecord): Session {
  return {
    record,
    token: null,
    signInProblem: null,
    refresh: null,
    refreshed: false,
    forbidden: null,
    unsupported: false,
    flights: [],
    clearsUntil: null,
    setsUntil: null,
    wish: null,
    setProblem: null,
    ownProblem: null,
    ownAttempts: 0,
    before: null,
    notBefore: null,
    renewAt: null,
    retryAt: null,
    answered: null,
    last: null,
    lastClearMs: null,
  }
}

/** Loads the registry. An app that starts while the screen is locked starts away: what it finds of its own is cleared. */
export function started(draft: Draft, event: Extract<PlannerEvent, { type: 'start' }>): void {
  const { registry } = event
  const locked = { type: 'lock', source: 'poll', locked: event.locked } as const
  const { attendance } = attend(NOBODY_REPORTED, locked, draft.now, draft.state.settings)
  patch(draft, {
    machineId: registry.machineId,
    serverOffsetMs: registry.serverOffsetMs,
    absence: registry.absence,
    attendance,
    sessions: {},
  })
  if (away(draft)) patch(draft, { absence: registry.absence + 1 })
  for (const record of registry.records) {
    const key = sessionKey(record)
    const session = sessionOf(restored(draft, record))
    // Graph's word outlives the clear that it was said to, which a return may drop.
    const notBefore = session.record.due?.notBefore ?? null
    patch(draft, { sessions: { ...draft.state.sessions, [key]: { ...session, notBefore } } })
    findOwn(draft, key)
  }
  // Until the token cache has told who is signed in, what the registry says is the best guess.
  patch(draft, { active: Object.keys(draft.state.sessions).at(-1) ?? null })
}

function restored(draft: Draft, record: SessionRecord): SessionRecord {
  const from = (saved: Stamp, aheadMs = 0): Stamp =>
    restoredStamp(saved, draft.now, draft.state.serverOffsetMs, aheadMs)
  const { own, due, signingOut } = record
  return {
    ...record,
    own: own && {
      ...own,
      since: from(own.since),
      sentAt: from(own.sentAt),
      // The process may have died with a set or renewal on its way.
      unsureUntil: later(from(own.sentAt), WRITE_LIMIT_MS),
    },
    due: due && {
      ...due,
      since: from(due.since),
      straggler: due.straggler && from(due.straggler, WRITE_LIMIT_MS),
      notBefore: due.notBefore && from(due.notBefore, LONGEST_RETRY_AFTER_MS),
    },
    signingOut: signingOut && from(signingOut),
  }
}

/** What an earlier run set and never ended: cleared when away, adopted when present and the lease can still hold. */
function findOwn(draft: Draft, key: SessionKey): void {
  const record = draft.state.sessions[key]?.record
  if (record?.own === undefined || record.own === null) return
  if (away(draft)) {
    const due: Due = {
      departure: awayBy(draft.state.attendance, draft.state.settings)[0] ?? 'lock',
      absence: draft.state.absence,
      since: present(draft),
      attempts: 0,
      problem: null,
      notBefore: record.due?.notBefore ?? null,
      straggler: past(draft, record.own.unsureUntil) ? null : record.own.unsureUntil,
    }
    patchRecord(draft, key, { own: { ...record.own, ended: true }, due: record.due ?? due })
  } else if (record.due === null && mustHaveEnded(record.own, draft.now, draft.state.serverOffsetMs)) {
    // "Until I leave", and nobody was there to renew it: it ended by itself.
    draft.actions.push({
      type: 'history',
      entry: {
        at: draft.now.wall,
        departure: 'interrupted',
        settlement: 'expired',
        tookMs: null,
        endedBy: wallOf(draft, mustHaveEndedBy(record.own)),
      },
    })
    patchRecord(draft, key, { own: null })
  }
}

/** Adds the session of an account, or brings the known one up to date. */
export function addSession(draft: Draft, identity: Identity): void {
  const key = sessionKey(identity)
  const known = draft.state.sessions[key]
  if (known === undefined) {
    const record: SessionRecord = {
      ...identity,
      machineId: draft.state.machineId,
      own: null,
      due: null,
      signingOut: null,
    }
    const session = { ...sessionOf(record), ...draft.state.waits[key] }
    patch(draft, { sessions: { ...draft.state.sessions, [key]: session } })
  } else patchRecord(draft, key, identity)
}

/**
 * Who is signed in is known. Without an account a session waits for a sign-in, and one that owes nothing goes. What
 * waited for an account that turned up late (a keyring unlocked by the user) only waits for its token now.
 */
export function restoredAccounts(draft: Draft, accounts: readonly Identity[]): void {
  const keys = accounts.map(sessionKey)
  for (const key of Object.keys(draft.state.sessions)) {
    if (keys.includes(key)) continue
    patchSession(draft, key, { signInProblem: { code: 'needs-sign-in' } })
    removeIdle(draft, key)
  }
  for (const identity of accounts) {
    addSession(draft, identity)
    patchSession(draft, sessionKey(identity), { signInProblem: null, retryAt: null })
  }
  const account = newestAccount(draft.state.sessions, keys) ?? keys.at(-1)
  patch(draft, { active: account ?? draft.state.active })
}

/** The user has signed in: what only waited for that goes out, and every other account is signed out. */
export function signedIn(draft: Draft, identity: Identity, expiresAt: number): void {
  const key = sessionKey(identity)
  addSession(draft, identity)
  patchRecord(draft, key, { signingOut: null })
  patchSession(draft, key, {
    token: { expiresAt },
    signInProblem: null,
    forbidden: null,
    unsupported: false,
    refresh: null,
    refreshed: false,
    retryAt: null,
    setProblem: null,
  })
  patch(draft, { active: key })
  // One account at a time: another one is signed out, as soon as what it owes is settled or aged out.
  const others = Object.entries(draft.state.sessions).filter(
    ([other, { record }]) => other !== key && record.signingOut === null,
  )
  if (others.length > 0 && !away(draft)) patch(draft, { absence: draft.state.absence + 1 })
  for (const [other] of others) {
    patchRecord(draft, other, { signingOut: present(draft) })
    owe(draft, other, 'sign-out', true)
  }
}

function removeIdle(draft: Draft, key: SessionKey): void {
  const record = draft.state.sessions[key]?.record
  if (record?.own === null && record.due === null) removeSession(draft, key)
}

/** Forgets the tokens although a clear may still be owed: the user said so. */
export function forgetNow(draft: Draft, key: SessionKey): void {
  const session = draft.state.sessions[key]
  if (session === undefined) return
  patchRecord(draft, key, { signingOut: present(draft) })
  if (session.record.due !== null) settle(draft, key, 'not-confirmed')
  else {
    draft.actions.push({ type: 'forget', identity: session.record })
    removeSession(draft, key)
  }
}
