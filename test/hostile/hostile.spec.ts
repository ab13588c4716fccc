/** The short form of the attacks on the built app; `npm run test:hostile` is the long one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEEDS_STAND_IN } from '../e2e/desk.ts'
import {
  attackFromPage,
  attackIpc,
  attackProtocol,
  attackSecond,
  attackStart,
  searchLeaks,
  startTarget,
  type Target,
} from './built.ts'
import { triedOf, type Attack, type Tally } from './tally.ts'

const SHORT: Attack = { seed: 1, long: false }

function expectNoHarm(tally: Tally, atLeast: number): void {
  expect(tally.failures).toEqual([])
  expect(triedOf(tally)).toBeGreaterThanOrEqual(atLeast)
}

describe.skipIf(NEEDS_STAND_IN)('a hostile neighbourhood', () => {
  let target: Target
  beforeAll(async () => {
    target = await startTarget()
  })
  afterAll(() => target[Symbol.asyncDispose]())

  it('refuses 10,000 messages from our page, other frames, other windows and closed ones', async () => {
    expectNoHarm(await attackIpc(target, SHORT), 10_000)
  })

  it('serves nothing but the files of the page, whatever the address', async () => {
    expectNoHarm(await attackProtocol(target, SHORT), 1_500)
  })

  it('does for a later start what its flags say, and nothing else', async () => {
    expectNoHarm(await attackSecond(target, SHORT), 500)
  })

  it('gives a hostile script in its page neither Node nor network, windows, frames, devices or a way out', async () => {
    expectNoHarm(await attackFromPage(target, SHORT), 100)
  })

  it('leaves no secret in files, messages, output or command lines after all that', async () => {
    expectNoHarm(await searchLeaks(target), 8)
  })
})

it.skipIf(NEEDS_STAND_IN)(
  'starts and clears with pipes, devices, folders and links in the place of its files',
  async () => {
    expectNoHarm(await attackStart(SHORT), 5)
  },
)
