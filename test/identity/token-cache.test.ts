import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Identity } from '../../src/main/core/model.ts'
import { DEMO_USER_NAME, signInAsBrowser, startSimulator, type Simulator } from '../simulator/index.ts'
import { breathe, createBench, DEMO, type Bench, type TestApp } from './support.ts'

let simulator: Simulator
let bench: Bench
beforeAll(async () => {
  simulator = await startSimulator({ deviceInterval: 0 })
})
afterAll(() => simulator.close())
beforeEach(() => {
  bench = createBench(simulator)
  bench.browser = async (url) => {
    await signInAsBrowser(bench.simulator, url, { user: DEMO_USER_NAME })
  }
})
afterEach(() => bench.close())

/** Signs in; the app stays open. */
async function signIn(app: TestApp): Promise<Identity> {
  const result = await app.part.signIn.start('browser')
  if (result.type !== 'signed-in') throw new Error(result.problem.code)
  return result.identity
}

/** An app that has signed in and was closed. */
async function afterSignIn(): Promise<Identity> {
  const app = bench.start()
  await app.part.restore()
  const identity = await signIn(app)
  await app.part.close()
  return identity
}

const asides = (): string[] => readdirSync(bench.folder).filter((name) => name.includes('.unreadable-'))

describe('a restart', () => {
  it('finds who is signed in without network, and their token without a request', async () => {
    const identity = await afterSignIn()
    bench.simulator.offline(true)
    const { part, tokens } = bench.start()
    expect(await part.restore()).toEqual({ identities: [identity], problems: [] })
    part.tokens.keep(identity)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(bench.simulator.issuedTokens()).toContain(
      tokens[0]!.result.type === 'token' ? tokens[0]!.result.accessToken : '',
    )
  })

  it('refreshes a token that has ended meanwhile', async () => {
    const identity = await afterSignIn()
    bench.clock.jump(30 * 3_600_000, bench.simulator)
    const { part, tokens } = bench.start()
    await part.restore()
    const before = bench.tokenRequests()
    part.tokens.keep(identity)
    await vi.waitFor(() => expect(tokens).toHaveLength(1))
    expect(tokens[0]!.result.type).toBe('token')
    expect(bench.tokenRequests()).toBe(before + 1)
  })

  it('shows nobody of another client id, tenant or cloud, and loses nobody by that', async () => {
    const identity = await afterSignIn()
    const other = bench.start({ registration: { ...DEMO, clientId: '5f0c1ea2-0000-4000-8000-0e4de4000003' } })
    expect((await other.part.restore()).identities).toEqual([])
    await signIn(other)
    await other.part.close()
    const elsewhere = bench.start({ registration: { ...DEMO, tenant: 'contoso.example' } })
    expect((await elsewhere.part.restore()).identities).toEqual([])
    await elsewhere.part.close()
    const same = bench.start()
    expect((await same.part.restore()).identities).toEqual([identity])
    expect(await same.part.tokens.acquire(identity, { timeoutMs: 5000 })).toMatchObject({ type: 'token' })
  })

  it('knows who signed in with the domain name when the tenant is configured by its id, or later by any name', async () => {
    const app = bench.start({ registration: { ...DEMO, tenant: 'demo.example' } })
    await app.part.restore()
    const identity = await signIn(app)
    await app.part.close()
    expect((await bench.start().part.restore()).identities).toEqual([identity])
  })

  it('forgets who signed out, and removes the file', async () => {
    const app = bench.start()
    await app.part.restore()
    const identity = await signIn(app)
    await vi.waitFor(() => expect(existsSync(bench.cachePath)).toBe(true))
    await app.part.tokens.forget(identity)
    expect(existsSync(bench.cachePath)).toBe(false)
    expect(await app.part.tokens.acquire(identity, { timeoutMs: 5000 })).toMatchObject({
      type: 'needs-sign-in',
    })
  })

  it('keeps the others when one of two signs out', async () => {
    const app = bench.start()
    await app.part.restore()
    const alex = await signIn(app)
    bench.browser = async (url) => {
      await signInAsBrowser(bench.simulator, url, { user: 'blake@demo.example' })
    }
    const blake = await signIn(app)
    await app.part.tokens.forget(alex)
    await app.part.close()
    const again = bench.start()
    expect((await again.part.restore()).identities).toEqual([blake])
    expect(await again.part.tokens.acquire(blake, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'token',
    })
    expect(await again.part.tokens.acquire(alex, { timeoutMs: 5000 })).toMatchObject({
      type: 'needs-sign-in',
    })
  })
})

describe('the keyring', () => {
  it('is missing: the sign-in works in memory, is told, and nothing is written', async () => {
    bench.secrets.mode = 'missing'
    const app = bench.start()
    expect(await app.part.restore()).toEqual({ identities: [], problems: [{ code: 'keyring-missing' }] })
    const identity = await signIn(app)
    expect(await app.part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'token',
    })
    await app.part.close()
    expect(readdirSync(bench.folder)).toEqual([])
    // Told at the start already.
    expect(app.problems).toEqual([])
  })

  it('is missing for a while: the file of before is left alone', async () => {
    const identity = await afterSignIn()
    bench.secrets.mode = 'missing'
    const without = bench.start()
    expect((await without.part.restore()).identities).toEqual([])
    await without.part.close()
    bench.secrets.mode = 'available'
    expect((await bench.start().part.restore()).identities).toEqual([identity])
  })

  it('goes missing while running: told once, and written when it is back', async () => {
    const app = bench.start()
    await app.part.restore()
    bench.secrets.mode = 'missing'
    const identity = await signIn(app)
    await vi.waitFor(() => expect(app.problems).toEqual([{ code: 'keyring-missing' }]))
    await app.part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })
    await breathe()
    expect(app.problems).toHaveLength(1)
    bench.secrets.mode = 'available'
    await app.part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })
    await vi.waitFor(() => expect(existsSync(bench.cachePath)).toBe(true))
  })

  it('is locked: told, looked at again, and who was signed in turns up when it opens', async () => {
    const identity = await afterSignIn()
    bench.secrets.mode = 'locked'
    const { part, restored } = bench.start()
    expect(await part.restore()).toEqual({ identities: [], problems: [{ code: 'keyring-locked' }] })
    await bench.clock.advance(60_000)
    expect(restored).toEqual([])
    bench.secrets.mode = 'available'
    await bench.clock.advance(30_000)
    await vi.waitFor(() => expect(restored).toEqual([identity]))
    expect(asides()).toEqual([])
  })

  it('never answers: the start is not held up, and its late answer is still welcome', async () => {
    const identity = await afterSignIn()
    bench.secrets.mode = 'hanging'
    const { part, restored } = bench.start()
    const restoring = part.restore()
    await breathe()
    await bench.clock.advance(10_000)
    expect(await restoring).toEqual({ identities: [], problems: [{ code: 'keyring-locked' }] })
    await bench.clock.advance(600_000)
    bench.secrets.release()
    await vi.waitFor(() => expect(restored).toEqual([identity]))
  })

  it('refuses after a while, as a prompt that was dismissed: the file is not taken for a damaged one', async () => {
    const identity = await afterSignIn()
    const decrypt = bench.secrets.decrypt.bind(bench.secrets)
    const slowly = {
      ...bench.secrets,
      status: () => Promise.resolve('available' as const),
      decrypt: vi.fn<typeof decrypt>(),
    }
    slowly.decrypt.mockImplementationOnce(
      () => new Promise((_resolve, reject) => bench.clock.after(5_000, () => reject(new Error('dismissed')))),
    )
    slowly.decrypt.mockImplementation(decrypt)
    const { part, restored } = bench.start({ secrets: slowly })
    const restoring = part.restore()
    await vi.waitFor(() => expect(slowly.decrypt).toHaveBeenCalledOnce())
    await bench.clock.advance(5_000)
    expect(await restoring).toEqual({ identities: [], problems: [{ code: 'keyring-locked' }] })
    expect(asides()).toEqual([])
    await bench.clock.advance(300_000)
    await vi.waitFor(() => expect(restored).toEqual([identity]))
  })

  it('hangs while the tokens are written: the sign-in is not held up', async () => {
    const app = bench.start()
    await app.part.restore()
    bench.secrets.mode = 'hanging'
    const identity = await signIn(app)
    expect(await app.part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })).toMatchObject({
      type: 'token',
    })
    // The write begins on its own time, and only then does its patience.
    await vi.waitFor(
      async () => {
        await bench.clock.advance(10_000)
        expect(app.problems).toEqual([{ code: 'keyring-locked' }])
      },
      { timeout: 10_000 },
    )
  })

  it('hangs when one of two signs out: no file is left with their tokens in it', async () => {
    const app = bench.start()
    await app.part.restore()
    const alex = await signIn(app)
    bench.browser = async (url) => {
      await signInAsBrowser(bench.simulator, url, { user: 'blake@demo.example' })
    }
    await signIn(app)
    await vi.waitFor(() => expect(existsSync(bench.cachePath)).toBe(true))
    bench.secrets.mode = 'hanging'
    const forgotten = app.part.tokens.forget(alex)
    await breathe()
    await bench.clock.advance(10_000)
    await forgotten
    expect(existsSync(bench.cachePath)).toBe(false)
  })

  it('hangs at sign-out: the file goes all the same', async () => {
    const identity = await afterSignIn()
    const app = bench.start()
    await app.part.restore()
    bench.secrets.mode = 'hanging'
    await app.part.tokens.forget(identity)
    expect(existsSync(bench.cachePath)).toBe(false)
  })
})

describe('a file that can not be used', () => {
  it.each<[string, () => Promise<void> | void]>([
    ['noise', () => writeFileSync(bench.cachePath, 'noise')],
    ['empty', () => writeFileSync(bench.cachePath, '')],
    ['plain text', () => writeFileSync(bench.cachePath, '{"version":1,"parts":{},"accounts":[]}')],
    [
      'a flipped bit',
      async () => {
        await afterSignIn()
        const bytes = readFileSync(bench.cachePath)
        bytes[bytes.length - 1]! ^= 1
        writeFileSync(bench.cachePath, bytes)
      },
    ],
    [
      'of a newer version',
      async () => {
        writeFileSync(bench.cachePath, await bench.secrets.encrypt('{"version":2,"parts":{},"accounts":[]}'))
      },
    ],
    [
      'not what MSAL wrote',
      async () => {
        const text = JSON.stringify({ version: 1, parts: { 'global|x': '[1,2' }, accounts: [] })
        writeFileSync(bench.cachePath, await bench.secrets.encrypt(text))
      },
    ],
    [
      'without a user id',
      async () => {
        const text = JSON.stringify({
          version: 1,
          parts: {},
          accounts: [{ identity: {}, tenant: 'x', brokered: false }],
        })
        writeFileSync(bench.cachePath, await bench.secrets.encrypt(text))
      },
    ],
    ['huge', () => writeFileSync(bench.cachePath, Buffer.alloc(5_000_000))],
    [
      'a folder',
      () => {
        mkdirSync(bench.cachePath)
      },
    ],
  ])('is kept aside, told, and the sign-in works: %s', async (_name, spoil) => {
    await spoil()
    const app = bench.start()
    const { identities, problems } = await app.part.restore()
    expect(identities).toEqual([])
    expect(asides()).toHaveLength(1)
    expect(problems).toEqual([{ code: 'token-cache-unreadable', detail: asides()[0] }])
    expect(asides()[0]).toMatch(new RegExp(`^${basename(bench.cachePath)}\\.unreadable-\\d{8}T\\d{9}Z$`))
    const identity = await signIn(app)
    await app.part.close()
    const again = bench.start()
    expect(await again.part.restore()).toEqual({ identities: [identity], problems: [] })
  })

  it('can not be written for a while: tried again without any other reason', async () => {
    bench.secrets.mode = 'missing'
    const app = bench.start()
    await app.part.restore()
    const identity = await signIn(app)
    await breathe()
    bench.secrets.mode = 'available'
    await bench.clock.advance(299_000)
    expect(existsSync(bench.cachePath)).toBe(false)
    await bench.clock.advance(1_000)
    await vi.waitFor(() => expect(existsSync(bench.cachePath)).toBe(true))
    await app.part.close()
    expect((await bench.start().part.restore()).identities).toEqual([identity])
  })

  it('can not be written: told once, the sign-in works, and the next write heals it', async () => {
    let fails = true
    const app = bench.start({
      writeFile: (path, bytes) => {
        if (fails)
          return { ok: false, problem: { code: 'token-cache-unwritable', detail: 'tokens.bin: ENOSPC' } }
        writeFileSync(path, bytes)
        return { ok: true }
      },
    })
    await app.part.restore()
    const identity = await signIn(app)
    await vi.waitFor(() =>
      expect(app.problems).toEqual([{ code: 'token-cache-unwritable', detail: 'tokens.bin: ENOSPC' }]),
    )
    await app.part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })
    await breathe()
    expect(app.problems).toHaveLength(1)
    fails = false
    await app.part.tokens.acquire(identity, { force: true, timeoutMs: 5000 })
    await vi.waitFor(() => expect(existsSync(join(bench.folder, 'tokens.bin'))).toBe(true))
  })
})
