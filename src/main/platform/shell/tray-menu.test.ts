import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../shared/ipc.ts'
import { PAIRS } from '../../../shared/presence.ts'
import type { Face, Snapshot } from '../../../shared/snapshot.ts'
import { words } from '../../../shared/strings.ts'
import { trayMenu } from './tray-menu.ts'

const READING = { locale: 'en-GB', now: Date.UTC(2026, 0, 15, 12, 5), timeZone: 'UTC' }
const AT = Date.UTC(2026, 0, 15, 12, 4)
const ACCOUNT = { name: 'Ada', username: 'ada@contoso.com' }

function snapshot(face: Face, more: Partial<Snapshot> = {}): Snapshot {
  return {
    face,
    demo: false,
    account: ACCOUNT,
    away: false,
    own: null,
    canSet: true,
    setProblem: null,
    presence: null,
    history: [],
    notices: [],
    startAtLogin: { on: false, why: null, offered: false },
    update: null,
    lockWatch: { kind: 'unknown' },
    details: {
      version: '1',
      cloud: 'global',
      tenant: '',
      clientId: '',
      userId: '',
      requestId: '',
      lastClearMs: null,
      tokenExpiresAt: null,
    },
    ...more,
  }
}

const NO_NETWORK = { code: 'no-network' } as const

/** One of each face, as it stands with the account that goes with it, and what the menu then offers. */
const FACES: Record<
  string,
  { snapshot: Snapshot; account: string[]; clear: boolean; cost: boolean; sentence: string }
> = {
  'not configured': {
    snapshot: snapshot(
      { kind: 'not-configured', problem: { code: 'client-id-missing' } },
      { account: null, canSet: false },
    ),
    account: [],
    clear: false,
    cost: false,
    sentence: 'Not set up: nothing is being cleared.',
  },
  'signed out': {
    snapshot: snapshot({ kind: 'signed-out', problem: null }, { account: null, canSet: false }),
    account: ['sign-in'],
    clear: false,
    cost: false,
    sentence: 'Sign in: nothing is being cleared.',
  },
  'signing in': {
    snapshot: snapshot({ kind: 'signing-in', method: 'browser' }, { account: null, canSet: false }),
    account: ['cancel-sign-in'],
    clear: false,
    cost: false,
    sentence: 'Signing in: finish in your browser.',
  },
  'signing in again': {
    snapshot: snapshot({ kind: 'signing-in', method: 'browser' }),
    account: ['cancel-sign-in'],
    clear: true,
    cost: true,
    sentence: 'Signing in: finish in your browser.',
  },
  on: {
    snapshot: snapshot({ kind: 'on' }),
    account: ['sign-out'],
    clear: true,
    cost: true,
    sentence: 'On. Your call status clears when you lock or leave.',
  },
  clearing: {
    snapshot: snapshot({ kind: 'clearing', departure: 'lock' }),
    account: ['sign-out'],
    clear: true,
    cost: true,
    sentence: 'Clearing your call status now.',
  },
  cleared: {
    snapshot: snapshot({ kind: 'cleared', departure: 'lock', at: AT }),
    account: ['sign-out'],
    clear: true,
    cost: true,
    sentence: 'Cleared 12:04, when you locked. Teams may take a few minutes.',
  },
  'nothing to clear': {
    snapshot: snapshot({ kind: 'nothing-to-clear', departure: 'manual', at: AT }),
    account: ['sign-out'],
    clear: true,
    cost: true,
    sentence: 'Checked 12:04, when you asked: no call status was set.',
  },
  'not cleared': {
    snapshot: snapshot({
      kind: 'not-cleared',
      departure: 'lock',
      problem: NO_NETWORK,
      mayShowUntil: null,
      signingOut: false,
    }),
    account: ['sign-out'],
    clear: true,
    cost: true,
    sentence: 'Not cleared: no network. Trying again.',
  },
  'signing out, not cleared': {
    snapshot: snapshot({
      kind: 'not-cleared',
      departure: 'sign-out',
      problem: NO_NETWORK,
      mayShowUntil: null,
      signingOut: true,
    }),
    account: ['forget-now'],
    clear: true,
    cost: true,
    sentence: 'Not signed out yet. Not cleared: no network. Trying again.',
  },
  'sign-in needed': {
    snapshot: snapshot(
      { kind: 'needs-sign-in', problem: { code: 'needs-sign-in' }, due: null },
      { canSet: false },
    ),
    account: ['sign-in', 'sign-out'],
    clear: true,
    cost: false,
    sentence: 'Sign in: nothing is being cleared.',
  },
  'not permitted': {
    snapshot: snapshot(
      { kind: 'not-permitted', problem: { code: 'not-permitted' }, due: null },
      { canSet: false },
    ),
    account: ['sign-out'],
    clear: true,
    cost: false,
    sentence: 'Not permitted: nothing is being cleared.',
  },
  'not supported': {
    snapshot: snapshot({ kind: 'not-supported', cloud: 'china' }, { canSet: false }),
    account: ['sign-out'],
    clear: false,
    cost: false,
    sentence: 'Not supported in this Microsoft cloud: nothing is being cleared.',
  },
}

function build(
  of: Snapshot,
  platform: NodeJS.Platform = 'linux',
): { items: MenuItemConstructorOptions[]; done: (Command | 'open')[] } {
  const done: (Command | 'open')[] = []
  const actions = {
    onCommand: (command: Command) => void done.push(command),
    onOpen: () => void done.push('open'),
  }
  return { items: trayMenu(of, READING, platform, actions), done }
}

/** Presses every enabled item, those of submenus too, in order. */
function press(items: readonly MenuItemConstructorOptions[]): void {
  for (const { enabled, click, submenu } of items) {
    if (Array.isArray(submenu)) press(submenu)
    else if (enabled !== false) (click as (() => void) | undefined)?.()
  }
}

function find(items: readonly MenuItemConstructorOptions[], id: string): MenuItemConstructorOptions {
  const item = items.find((each) => each.id === id)
  if (item === undefined) throw new Error(`no item ${id}`)
  return item
}

const ids = (items: readonly MenuItemConstructorOptions[]): string[] =>
  items.map((item) => (item.type === 'separator' ? '-' : (item.id ?? '')))

describe.each(Object.entries(FACES))(
  'the menu when %s',
  (_name, { snapshot: of, account, clear, cost, sentence }) => {
    it('begins with the sentence, which does nothing', () => {
      expect(build(of).items[0]).toEqual({ id: 'sentence', label: sentence, enabled: false })
    })

    it('has its items in order', () => {
      const expected = ['sentence', '-', 'clear', 'set', '-', 'open', ...account, '-']
      expect(ids(build(of).items)).toEqual([...expected, ...(cost ? ['quit-cost'] : []), 'quit'])
      expect(ids(build(of, 'darwin').items)).toEqual([...expected, 'quit'])
    })

    it('offers what works now', () => {
      const { items } = build(of)
      expect(find(items, 'clear').enabled).toBe(clear)
      expect(find(items, 'set').enabled).toBe(of.canSet)
    })

    it('says what quitting costs only while something is cleared', () => {
      expect(ids(build(of, 'win32').items).includes('quit-cost')).toBe(cost)
      const quit = find(build(of, 'darwin').items, 'quit')
      expect(quit.sublabel).toBe(cost ? words.tray.quitCost : undefined)
      expect(quit.toolTip).toBe(quit.sublabel)
    })

    it('can always open the window and quit', () => {
      const { items, done } = build(of)
      press([find(items, 'open'), find(items, 'quit')])
      expect(done).toEqual(['open', { type: 'quit' }])
    })
  },
)

describe('the menu', () => {
  it('sends the commands that its items name', () => {
    const { items, done } = build(snapshot({ kind: 'on' }))
    press(items)
    expect(done).toEqual([
      { type: 'clear' },
      ...PAIRS.map((pair) => ({ type: 'set', pair })),
      'open',
      { type: 'sign-out' },
      { type: 'quit' },
    ])
  })

  it.each([
    ['signed out', { type: 'sign-in', method: 'browser' }],
    ['signing in', { type: 'cancel-sign-in' }],
    ['signing out, not cleared', { type: 'forget-now' }],
  ] as const)('when %s sends %j', (name, command) => {
    const face = FACES[name]
    if (face === undefined) throw new Error(name)
    const { items, done } = build(face.snapshot)
    press(face.account.map((id) => find(items, id)))
    expect(done).toEqual([command])
  })

  it('sets nothing while away', () => {
    const { items, done } = build(snapshot({ kind: 'on' }, { away: true, canSet: false }))
    press([find(items, 'set')])
    expect(done).toEqual([])
  })

  it('says what we set ourselves', () => {
    const own = { pair: 'Busy/InACall', confirmed: true, since: AT, problem: null } as const
    const { items } = build(snapshot({ kind: 'on' }, { own }))
    expect(find(items, 'own')).toEqual({
      id: 'own',
      label: 'Busy, in a call, until you leave',
      enabled: false,
    })
  })

  it('says that it is the demo', () => {
    const { items } = build(snapshot({ kind: 'on' }, { demo: true }))
    expect(items[0]?.label).toMatch(/^Demo/)
  })

  it('offers a newer version only when one lies ready', () => {
    const usual = build(snapshot({ kind: 'on' })).items
    expect(usual.some(({ id }) => id === 'install-update')).toBe(false)
    const { items } = build(snapshot({ kind: 'on' }, { update: '2.0.0' }))
    expect(find(items, 'install-update').label).toBe('Restart to update to 2.0.0')
  })

  it('is equal as JSON exactly when it shows the same', () => {
    const as = (of: Snapshot): string => JSON.stringify(build(of).items)
    expect(as(snapshot({ kind: 'on' }, { history: [] }))).toBe(as(snapshot({ kind: 'on' }, { away: false })))
    expect(as(snapshot({ kind: 'on' }))).not.toBe(as(snapshot({ kind: 'on' }, { canSet: false })))
  })
})
