import { describe, expect, it } from 'vitest'
import type { Problem } from '../../shared/problem.ts'
import type { Face } from '../../shared/snapshot.ts'
import { DEMO_TENANT_ID, resolveConfig } from './config.ts'
import { snapshotOf, type SnapshotParts } from './snapshot.ts'
import { ANSWERS, HOUR, KEY, MINUTE, World } from './world.testing.ts'

const { config } = resolveConfig({
  policy: {},
  flags: {},
  environment: { CLEAR_PRESENCE_CLIENT_ID: '33333333-0000-4000-8000-000000000000' },
  settings: {},
})

function snapshot(world: World, more: Partial<SnapshotParts> = {}) {
  return snapshotOf({
    state: world.state,
    now: world.now(),
    config,
    signingIn: null,
    signInProblem: null,
    presence: null,
    history: world.history,
    notices: [],
    startAtLogin: { on: false, why: null, offered: false },
    update: null,
    lockWatch: { kind: 'unknown' },
    version: '0.0.0',
    requestId: '',
    ...more,
  })
}

const face = (world: World, more?: Partial<SnapshotParts>): Face => snapshot(world, more).face
const needsSignIn: Problem = { code: 'needs-sign-in' }

describe('the face', () => {
  it('says first what keeps everything from working', () => {
    const broken = { ...config, problem: { code: 'client-id-missing' } as const }
    expect(face(new World().ready(), { config: broken }).kind).toBe('not-configured')
  })

  it('is signed out with the reason of the last failed sign-in', () => {
    const world = new World().start({ accounts: [] })
    expect(face(world)).toEqual({ kind: 'signed-out', problem: null })
    const problem = { code: 'consent-declined' } as const
    expect(face(world, { signInProblem: problem })).toEqual({ kind: 'signed-out', problem })
  })

  it('shows a sign-in under way, with its code', () => {
    const signingIn = {
      method: 'device-code',
      userCode: 'ABC',
      verificationUri: 'https://x',
      expiresAt: 1,
    } as const
    expect(face(new World().start({ accounts: [] }), { signingIn })).toEqual({
      kind: 'signing-in',
      ...signingIn,
    })
  })

  it('is on, clearing, cleared, and stays cleared until the next set or departure', () => {
    const world = new World().ready()
    expect(face(world)).toEqual({ kind: 'on' })
    world.lock()
    expect(face(world)).toEqual({ kind: 'clearing', departure: 'lock' })
    world.answer(ANSWERS.ok)
    world.unlock()
    expect(face(world)).toEqual({ kind: 'cleared', departure: 'lock', at: world.now().wall })
    world.set()
    expect(face(world)).toEqual({ kind: 'on' })
  })

  it('says that nothing was set', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.notFound)
    expect(face(world).kind).toBe('nothing-to-clear')
  })

  it('says until when an own session may show, and never for an assumed one', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.offline)
    expect(face(world)).toMatchObject({
      kind: 'not-cleared',
      problem: { code: 'no-network' },
      mayShowUntil: null,
    })
    const own = new World().ready().set('Busy/InACall')
    const set = own.now().wall
    own.lock()
    own.answer(ANSWERS.offline)
    expect(face(own)).toMatchObject({ mayShowUntil: set + 16 * MINUTE + 10_000 })
  })

  it('does not flicker back to clearing while it retries', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.offline)
    world.pass(1_100)
    expect(world.open()).toHaveLength(1)
    expect(face(world).kind).toBe('not-cleared')
  })

  it('asks for a sign-in when only that helps, but not while the old token still works', () => {
    const world = new World().ready()
    world.play({ type: 'token', key: KEY, news: { type: 'needs-sign-in', problem: needsSignIn } })
    expect(face(world).kind).toBe('on')
    world.pass(2 * HOUR)
    expect(face(world)).toMatchObject({ kind: 'needs-sign-in', due: null })
    world.lock()
    expect(face(world)).toMatchObject({ kind: 'needs-sign-in', due: 'lock' })
  })

  it('names a missing permission', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.forbidden)
    expect(face(world)).toMatchObject({ kind: 'not-permitted', due: 'lock' })
  })

  it('says that a cloud has no presence API', () => {
    const world = new World().ready()
    world.lock()
    world.answer(ANSWERS.noApi)
    const kind = face(world).kind
    // In the global cloud this code means a wrong user id: it settles nothing.
    expect(kind).toBe('not-cleared')
  })

  it('tells that a sign-out waits for its clear', () => {
    const world = new World().ready()
    world.play({ type: 'sign-out' })
    world.answer(ANSWERS.offline)
    expect(face(world)).toMatchObject({ kind: 'not-cleared', signingOut: true })
  })
})

describe('the rest of the snapshot', () => {
  it('shows what we set ourselves, and nothing about what others may have set', () => {
    const world = new World().ready()
    expect(snapshot(world).own).toBeNull()
    world.play({ type: 'set', pair: 'Busy/InACall' })
    expect(snapshot(world).own).toMatchObject({ pair: 'Busy/InACall', confirmed: false })
    world.answer(ANSWERS.ok)
    expect(snapshot(world).own).toMatchObject({ confirmed: true, problem: null })
    world.lock()
    expect(snapshot(world).own).toBeNull()
  })

  it('shows a set that waits for an open clear', () => {
    const world = new World().ready()
    world.play({ type: 'clear' })
    world.play({ type: 'set', pair: 'Away/Away' })
    expect(snapshot(world).own).toMatchObject({ pair: 'Away/Away', confirmed: false })
  })

  it('lets the set buttons work only where a set would be taken', () => {
    const world = new World().ready()
    expect(snapshot(world).canSet).toBe(true)
    world.lock()
    expect(snapshot(world).canSet).toBe(false)
    expect(snapshot(new World().start({ accounts: [] })).canSet).toBe(false)
  })

  it('marks the demo tenant', () => {
    const demo = { ...config, tenant: DEMO_TENANT_ID }
    expect(snapshot(new World().ready(), { config: demo }).demo).toBe(true)
    expect(snapshot(new World().ready()).demo).toBe(false)
  })

  it('holds no token', () => {
    const text = JSON.stringify(snapshot(new World().ready()))
    expect(text).not.toContain('accessToken')
  })
})
