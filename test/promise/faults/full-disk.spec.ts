/** A disk that is really full while the user leaves: the clear goes out, the old registry stands, and the user is told. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { NEEDS_STAND_IN } from '../../e2e/desk.ts'

const SCENE = join(import.meta.dirname, 'full-disk-scene.ts')
/** Room for the stand-in's browser, whose profile lies in the app's folder, and little more. */
const SIZE = '64m'

const folder = mkdtempSync(join(tmpdir(), 'presence-full-disk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

/** Runs a shell line in a name space of its own with a small disk over the folder; both go with it. */
function onSmallDisk(line: string, ...input: readonly string[]): ReturnType<typeof spawnSync> {
  const mount = `mount -t tmpfs -o size=${SIZE} tmpfs "$1" && ${line}`
  return spawnSync('unshare', ['-rm', 'sh', '-c', mount, 'sh', folder, ...input], {
    encoding: 'utf8',
    maxBuffer: 16_000_000,
  })
}

/** Why there can be no small disk on this machine; '' where there can. */
function whyNot(): string {
  const tried = onSmallDisk('true')
  return tried.status === 0
    ? ''
    : `no disk can be mounted in a user name space here: ${tried.error?.message ?? String(tried.stderr)}`
}

interface Seen {
  readonly full: string
  readonly kinds: readonly string[]
  readonly kept: { readonly lock: boolean; readonly set: boolean }
  readonly whole: boolean
  readonly marked: boolean
  readonly notices: string
  readonly refusal: string
  readonly sentWhileFull: readonly string[]
  readonly leftovers: readonly string[]
}

describe.skipIf(NEEDS_STAND_IN)('a full disk', () => {
  it('costs no clear and no registry, refuses a set with the reason, and is told', (ctx) => {
    const why = whyNot()
    if (why !== '') return ctx.skip(why)
    const { stdout, stderr, status } = onSmallDisk('exec "$2" "$3" "$1"', process.execPath, SCENE)
    expect(status, String(stderr)).toBe(0)
    const seen = JSON.parse(String(stdout).trim().split('\n').at(-1) ?? '') as Seen
    expect(seen.full).toBe('ENOSPC')
    // The clear went out and took effect; the file is the one from before, byte for byte.
    expect(seen.kinds).toEqual(['set', 'clear', 'set'])
    expect(seen.kept).toEqual({ lock: true, set: true })
    expect(seen.whole).toBe(true)
    expect(seen.leftovers).toEqual([])
    expect(seen.marked).toBe(true)
    expect(seen.notices).toContain('The record of your call status could not be saved')
    expect(seen.notices).toContain('registry.json: ENOSPC')
    // The set was not sent, and the user reads why; with room again it was.
    expect(seen.sentWhileFull).toEqual([])
    expect(seen.refusal).toContain('Not set: it could not be written down first')
  })
})
