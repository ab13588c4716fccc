/** A snapshot for every face of the window, as the main process would send it. */
import type { HistoryEntry, Snapshot } from '../../src/shared/snapshot.ts'

/** The moment at which the gallery is looked at. */
export const NOW = Date.UTC(2026, 10, 24, 12, 5)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const offline = { code: 'no-network' } as const

const history: readonly HistoryEntry[] = [
  { at: NOW - MINUTE, departure: 'lock', settlement: 'cleared', tookMs: 312 },
  { at: NOW - 3 * HOUR, departure: 'manual', settlement: 'nothing-to-clear', tookMs: 240 },
  { at: NOW - 18 * HOUR, departure: 'shutdown', settlement: 'cleared', tookMs: 1180 },
  {
    at: NOW - 20 * HOUR,
    departure: 'sleep',
    settlement: 'not-confirmed',
    tookMs: null,
    problem: offline,
    endedBy: NOW - 19 * HOUR,
  },
  {
    at: NOW - 9 * 24 * HOUR,
    departure: 'interrupted',
    settlement: 'expired',
    tookMs: null,
    endedBy: NOW - 9 * 24 * HOUR,
  },
]

const base: Snapshot = {
  face: { kind: 'on' },
  demo: false,
  account: { name: 'Adele Vance', username: 'adele.vance@contoso.com' },
  away: false,
  own: null,
  canSet: true,
  setProblem: null,
  presence: { availability: 'Available', activity: 'Available', at: NOW - MINUTE },
  history,
  notices: [],
  startAtLogin: { on: false, why: null, offered: false },
  update: null,
  lockWatch: { kind: 'system-events' },
  details: {
    version: '0.1.0',
    cloud: 'global',
    tenant: '72f988bf-86f1-41af-91ab-2d7cd011db47',
    clientId: '22553876-f5ab-4529-bffb-cfe50aa89f87',
    userId: 'fa8bf3dc-eca7-46b7-bad1-db199b62afc3',
    requestId: '0f0ad2a1-9d4b-4c5b-8f3a-6d2f4f1f7f10',
    lastClearMs: 312,
    tokenExpiresAt: NOW + 20 * HOUR,
  },
}
const busy = { availability: 'Busy', activity: 'InACall', at: NOW - MINUTE }
const own = { pair: 'Busy/InACall', confirmed: true, since: NOW - HOUR, problem: null } as const
const stranger = { account: null, canSet: false, presence: null, history: [] } as const

/** Every state that the window can be in, by name, with the sentence that it must show. */
export const GALLERY: Readonly<Record<string, { readonly snapshot: Snapshot; readonly says: string }>> = {
  'not-configured': {
    snapshot: {
      ...base,
      ...stranger,
      face: { kind: 'not-configured', problem: { code: 'client-id-missing' } },
    },
    says: 'Not set up: nothing is being cleared.',
  },
  'signed-out': {
    snapshot: { ...base, ...stranger, face: { kind: 'signed-out', problem: null } },
    says: 'Sign in: nothing is being cleared.',
  },
  'signed-out-problem': {
    snapshot: {
      ...base,
      ...stranger,
      face: { kind: 'signed-out', problem: { code: 'admin-consent-needed', detail: 'AADSTS90094' } },
    },
    says: 'Sign in: nothing is being cleared.',
  },
  'signing-in-browser': {
    snapshot: { ...base, ...stranger, face: { kind: 'signing-in', method: 'browser' } },
    says: 'Signing in: finish in your browser.',
  },
  'signing-in-code': {
    snapshot: {
      ...base,
      ...stranger,
      face: {
        kind: 'signing-in',
        method: 'device-code',
        userCode: 'HKX4-9QTR',
        verificationUri: 'https://microsoft.com/devicelogin',
        expiresAt: NOW + 15 * MINUTE,
      },
    },
    says: "Signing in: enter the code on Microsoft's page.",
  },
  'signing-in-code-wait': {
    snapshot: {
      ...base,
      ...stranger,
      face: { kind: 'signing-in', method: 'device-code', userCode: '', verificationUri: '', expiresAt: 0 },
    },
    says: 'Signing in: asking Microsoft for a code.',
  },
  'on-first-run': {
    snapshot: { ...base, history: [] },
    says: 'On. Your call status clears when you lock or leave.',
  },
  on: { snapshot: base, says: 'On. Your call status clears when you lock or leave.' },
  'start-offered': {
    snapshot: { ...base, history: [], startAtLogin: { on: false, why: null, offered: true } },
    says: 'On. Your call status clears when you lock or leave.',
  },
  'update-ready': {
    snapshot: { ...base, update: '0.2.0' },
    says: 'On. Your call status clears when you lock or leave.',
  },
  'start-by-policy': {
    snapshot: { ...base, startAtLogin: { on: true, why: 'policy', offered: false } },
    says: 'On. Your call status clears when you lock or leave.',
  },
  'on-set': {
    snapshot: { ...base, own, presence: busy },
    says: 'On. Your call status clears when you lock or leave.',
  },
  'on-set-refused': {
    snapshot: { ...base, away: true, canSet: false, setProblem: { code: 'away' } },
    says: 'On. Your call status clears when you lock or leave.',
  },
  'on-set-trouble': {
    snapshot: { ...base, own: { ...own, confirmed: false, problem: { code: 'server-trouble' } } },
    says: 'On. Your call status clears when you lock or leave.',
  },
  clearing: {
    snapshot: {
      ...base,
      own,
      canSet: false,
      presence: busy,
      face: { kind: 'clearing', departure: 'manual' },
    },
    says: 'Clearing your call status now.',
  },
  cleared: {
    snapshot: { ...base, face: { kind: 'cleared', departure: 'lock', at: NOW - MINUTE } },
    says: 'Cleared 12:04, when you locked. Teams may take a few minutes.',
  },
  'cleared-still-busy': {
    snapshot: { ...base, presence: busy, face: { kind: 'cleared', departure: 'manual', at: NOW - HOUR } },
    says: 'Cleared 11:05, when you asked. Still on.',
  },
  'nothing-to-clear': {
    snapshot: { ...base, face: { kind: 'nothing-to-clear', departure: 'manual', at: NOW - MINUTE } },
    says: 'Checked 12:04, when you asked: no call status was set.',
  },
  'not-cleared': {
    snapshot: {
      ...base,
      own,
      presence: null,
      canSet: false,
      face: {
        kind: 'not-cleared',
        departure: 'lock',
        problem: offline,
        mayShowUntil: NOW + 4 * HOUR,
        signingOut: false,
      },
    },
    says: 'Not cleared: no network. May show Busy until 16:05.',
  },
  'not-cleared-signing-out': {
    snapshot: {
      ...base,
      presence: null,
      canSet: false,
      face: {
        kind: 'not-cleared',
        departure: 'sign-out',
        problem: { code: 'captive-portal' },
        mayShowUntil: null,
        signingOut: true,
      },
    },
    says: 'Not signed out yet. Not cleared: the network wants you to sign in to it. Trying again.',
  },
  'needs-sign-in': {
    snapshot: {
      ...base,
      canSet: false,
      presence: null,
      face: {
        kind: 'needs-sign-in',
        problem: { code: 'needs-sign-in', detail: 'AADSTS700082' },
        due: 'lock',
      },
    },
    says: 'Sign in: your call status is not cleared.',
  },
  'not-permitted': {
    snapshot: {
      ...base,
      canSet: false,
      presence: null,
      face: {
        kind: 'not-permitted',
        problem: { code: 'not-permitted', detail: 'Presence.ReadWrite' },
        due: null,
      },
    },
    says: 'Not permitted: nothing is being cleared.',
  },
  'not-supported': {
    snapshot: {
      ...base,
      canSet: false,
      presence: null,
      face: { kind: 'not-supported', cloud: 'china' },
      details: { ...base.details, cloud: 'china' },
    },
    says: 'Not supported in this Microsoft cloud: nothing is being cleared.',
  },
  demo: {
    snapshot: { ...base, demo: true, own, presence: busy },
    says: 'On. Your call status clears when you lock or leave.',
  },
  notices: {
    snapshot: {
      ...base,
      notices: [{ code: 'keyring-missing' }, { code: 'settings-corrupt', detail: 'config.json.corrupt-1' }],
    },
    says: 'On. Your call status clears when you lock or leave.',
  },
  'long-names': {
    snapshot: {
      ...base,
      own: { ...own, pair: 'DoNotDisturb/Presenting' },
      account: {
        name: 'Maximiliane Freifrau von Oberleitner-Schattenhausen',
        username: 'maximiliane.von.oberleitner-schattenhausen@department.subsidiary.contoso.onmicrosoft.com',
      },
      presence: { availability: 'DoNotDisturb', activity: 'UrgentInterruptionsOnly', at: NOW - MINUTE },
    },
    says: 'On. Your call status clears when you lock or leave.',
  },
}
