/**
 * Plays a full disk at the built app, and prints what was seen as one line of JSON. Run by full-disk.spec.ts with the
 * app's folder on a small disk of its own: `node full-disk-scene.ts FOLDER`.
 */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setUpDesk } from '../../e2e/desk.ts'

const [folder = ''] = process.argv.slice(2)
const filler = join(folder, 'filler')

/** Fills the disk to the last byte. */
function fill(): string {
  const fd = openSync(filler, 'a')
  try {
    for (const size of [65_536, 4_096, 1]) {
      try {
        for (;;) writeSync(fd, Buffer.alloc(size))
      } catch (error) {
        if (size === 1) return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      }
    }
    return 'not full'
  } finally {
    closeSync(fd)
  }
}

/** A disk without room for a new registry has one for the name that says that the old one is settled. */
const settled = (): string | undefined =>
  readdirSync(folder).find((name) => name.startsWith('registry.settled.'))
const registry = (): string => readFileSync(join(folder, settled() ?? 'registry.json'), 'utf8')
const temps = (): readonly string[] => readdirSync(folder).filter((name) => name.endsWith('.tmp'))

await using desk = await setUpDesk({ platform: 'win32', userDataDir: folder })
await desk.signIn()
await desk.says(/^On\./)
await desk.press('Busy, in a call')
await desk.until(() => desk.log().includes('presence write ended') && desk.held().length === 1, 'the set')
await desk.advance(5_000)

// Full while the user is there: the clear at the lock goes out, and takes its effect.
const before = registry()
const full = fill()
await desk.lock()
await desk.until(() => desk.held().length === 0, 'the clear')
await desk.says(/^Cleared /)
const afterLock = registry()
await desk.shows(/could not be saved/)
// What is settled is known all the same: the next start would not set it again.
const marked = settled() !== undefined
const notices = await (await desk.app.window()).innerText('body')

// Back at the machine, the disk still full: a set is refused, and nothing is sent.
await desk.unlock()
fill()
const kinds = desk.kinds().length
await desk.press('Busy, in a call')
await desk.shows(/it could not be written down first/)
const refusal = await (await desk.app.window()).innerText('body')
const sentWhileFull = desk.kinds().slice(kinds)
const afterSet = registry()
const leftovers = temps()

// Room again: what was forgotten is written, and a set goes out.
rmSync(filler)
await desk.press('Busy, in a call')
await desk.until(() => desk.held().length === 1, 'the set')
await desk.until(() => registry() !== before, 'the new registry')

console.log(
  JSON.stringify({
    full,
    kinds: desk.kinds(),
    kept: { lock: afterLock === before, set: afterSet === before },
    whole: [afterLock, afterSet, registry()].every((text) =>
      Array.isArray((JSON.parse(text) as { machines: unknown }).machines),
    ),
    marked,
    notices,
    refusal,
    sentWhileFull,
    leftovers,
  }),
)
