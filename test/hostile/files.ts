/** The surface of the files: what somebody puts in the place of one is named, kept, and costs nothing else. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { createHistoryStore } from '../../src/main/storage/history.ts'
import { createRegistryStore } from '../../src/main/storage/registry.ts'
import { registryOf } from '../storage/sample.ts'
import type { Probed } from './file-probe.ts'
import { createKeyring } from './keyring.ts'
import { arbitrary, maladiesOf, mutated, places, type Malady } from './maladies.ts'
import { createRandom } from './random.ts'
import { createCounter, type Counter, type Surface } from './tally.ts'

/** Opening a file of ours takes milliseconds; whatever takes this long is held up by what it found, ms. */
const HELD_UP_MS = 10_000
/** What a probe needs by itself is below 100 MB; a file of a megabyte, parsed, is nothing beside it. */
const MOST_MEMORY_MB = 400
/** Thousands of flushed writes: on a real disk they take a minute and prove nothing more. */
const MEMORY_DISK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

interface Case {
  readonly file: string
  readonly malady: Malady
  readonly folder: string
  /** What stood in the file's place, to be found again. */
  readonly before: string
}

type Outcome = Probed | { readonly threw: string } | { readonly hung: true }

/** Puts every malady into the place of every file. */
export const attackFiles: Surface = async ({ seed, long }) => {
  const counter = createCounter('files')
  const scratch = mkdtempSync(join(MEMORY_DISK, 'hostile-files-'))
  try {
    const cases = await prepare(scratch, seed, long)
    const outcomes = await probe(cases, counter)
    for (const each of cases) judge(each, outcomes.get(each.folder) ?? { hung: true }, counter)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return counter.tally()
}

/** The good files of one app, as text or bytes. */
async function goodFiles(scratch: string): Promise<Readonly<Record<string, Uint8Array>>> {
  const folder = join(scratch, 'good')
  mkdirSync(folder)
  createRegistryStore({ folder, machineId: 'here' }).save(registryOf(3, 2))
  createHistoryStore({ folder }).add({ at: 5, departure: 'lock', settlement: 'cleared', tookMs: 12 })
  writeFileSync(join(folder, 'settings.json'), '{"version": 1, "tenant": "contoso.com", "after": 12345}')
  const sealed = await createKeyring('hostile').encrypt('{"version":1,"parts":{},"accounts":[]}')
  writeFileSync(join(folder, 'tokens.bin'), sealed)
  const names = ['registry.json', 'history.json', 'settings.json', 'tokens.bin']
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]))
}

async function prepare(scratch: string, seed: number, long: boolean): Promise<readonly Case[]> {
  const good = await goodFiles(scratch)
  const random = createRandom(seed)
  const plain = (name: string): string => Buffer.from(good[name] ?? []).toString()
  const lists = { 'registry.json': 'machines', 'history.json': 'entries', 'settings.json': 'values' }
  const changes = long ? 300 : 8
  const wanted: { readonly file: string; readonly malady: Malady }[] = []
  for (const [file, list] of Object.entries(lists)) {
    const all = [
      ...maladiesOf(list, plain(file)),
      ...Array.from({ length: changes }, () => mutated(random, plain(file))),
      ...Array.from({ length: changes }, () => arbitrary(random)),
    ]
    wanted.push(...all.map((malady) => ({ file, malady })))
  }
  wanted.push(
    ...(await sealedMaladies(plain('registry.json'))).map((malady) => ({ file: 'tokens.bin', malady })),
  )
  wanted.push(...places().map((malady) => ({ file: 'logs/clear-presence.log', malady })))
  return wanted
    .filter(({ malady }) => long || malady.longOnly !== true)
    .map(({ file, malady }, n) => {
      const folder = join(scratch, `case-${n}`)
      mkdirSync(join(folder, dirname(file)), { recursive: true })
      for (const [name, bytes] of Object.entries(good))
        if (name !== file) writeFileSync(join(folder, name), bytes)
      malady.make(join(folder, file))
      return { file, malady, folder, before: identityOf(join(folder, file)) }
    })
}

/** The token file can lie in two ways: as bytes that open to nothing, and as a text that was sealed properly. */
async function sealedMaladies(valid: string): Promise<readonly Malady[]> {
  const keyring = createKeyring('hostile')
  const inside: readonly (readonly [string, string])[] = [
    ['arrays 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['a part 100,000 deep', JSON.stringify({ version: 1, parts: { a: '['.repeat(100_000) }, accounts: [] })],
    ['a part that is no object', '{"version":1,"parts":{"a":"[1]"},"accounts":[]}'],
    ['an account of numbers', '{"version":1,"parts":{},"accounts":[{"identity":{"cloud":1},"tenant":1}]}'],
    ['__proto__ as a part', '{"version":1,"parts":{"__proto__":"{}"},"accounts":[]}'],
    ['a newer version', '{"version":2,"parts":{},"accounts":[]}'],
    ['null', 'null'],
    ['no JSON', 'x'],
  ]
  const sealed = await Promise.all(
    inside.map(async ([name, content]): Promise<Malady> => {
      const bytes = await keyring.encrypt(content)
      return {
        name: `sealed: ${name}`,
        make: (path) => writeFileSync(path, bytes),
        bad: name !== '__proto__ as a part',
      }
    }),
  )
  const names = ['100 MB of nothing', '100 GB of nothing', 'nothing', 'a folder', 'a web page', 'a null byte']
  return [...sealed, ...maladiesOf('accounts', valid).filter(({ name }) => names.includes(name)), ...places()]
}

/** What something is, so that it can be found again under another name; never reads what could be endless. */
function identityOf(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat === undefined ? 'nothing' : `${stat.dev}:${stat.ino}`
}

/** Runs the cases in processes of their own; one that hangs is ended and the next begins with the rest. */
async function probe(cases: readonly Case[], counter: Counter): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  for (let left = cases; left.length > 0; left = left.filter(({ folder }) => !outcomes.has(folder))) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'file-probe.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin.on('error', () => undefined) // A process that died takes no more lines; its exit is looked at.
    child.stdin.end(left.map(({ file, folder }) => `${file} ${folder}\n`).join(''))
    let current = ''
    let timer = setTimeout(() => child.kill('SIGKILL'), HELD_UP_MS)
    for await (const line of createInterface({ input: child.stdout })) {
      clearTimeout(timer)
      timer = setTimeout(() => child.kill('SIGKILL'), HELD_UP_MS)
      const said = JSON.parse(line) as { begins?: string; ends?: string; peakMb?: number } & Outcome
      if (said.begins !== undefined) current = said.begins
      if (said.ends !== undefined) outcomes.set(said.ends, said)
      if (said.peakMb !== undefined) {
        counter.note(`files: at most ${said.peakMb} MB of memory`)
        if (said.peakMb > MOST_MEMORY_MB) counter.failed(`opening the files took ${said.peakMb} MB`)
      }
    }
    clearTimeout(timer)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    if (child.exitCode === 0) break
    if (current === '') throw new Error('the probe of the files did not start')
    if (!outcomes.has(current)) outcomes.set(current, { hung: true })
  }
  return outcomes
}

function judge({ file, malady, folder, before }: Case, outcome: Outcome, counter: Counter): void {
  const input = `${file}, ${malady.name}`
  const damage = damageOf({ file, malady, folder, before }, outcome)
  if (damage !== null) counter.failed(`${input}: ${damage}`)
  else if ('problems' in outcome && outcome.problems.length > 0) counter.refused()
  else counter.survived()
}

/** What went wrong, or null. */
function damageOf({ file, malady, folder, before }: Case, outcome: Outcome): string | null {
  if ('hung' in outcome) return 'held the app up'
  if ('threw' in outcome) return `threw ${outcome.threw}`
  if (outcome.ms > HELD_UP_MS) return `took ${outcome.ms} ms`
  const names = readdirSync(join(folder, dirname(file)))
  const base = file.slice(file.lastIndexOf('/') + 1)
  const kept = names.some((name) => identityOf(join(folder, dirname(file), name)) === before)
  const victim = join(folder, `${file}.victim`)
  if (
    lstatSync(victim, { throwIfNoEntry: false })?.isFile() === true &&
    readFileSync(victim, 'utf8') !== 'precious'
  )
    return 'somebody else’s file was written to'
  if (existsSync(join(folder, `${file}.nowhere`))) return 'a file was made where a link led'
  // The log reports no problems; what stood in its place is moved or stays.
  if (file.startsWith('logs/')) return kept ? null : 'was lost'
  const isBad = outcome.problems.length > 0
  if (malady.bad === true && !isBad) return 'was taken for a good one'
  // A copy has the same bytes; the rest is moved.
  const copied = names.some((name) => name.startsWith(`${base}.corrupt-`))
  if (isBad && !kept && !copied) return 'was lost'
  if (outcome.saved !== 'ok') return `nothing can be written any more: ${outcome.saved}`
  if (outcome.again.length > 0) return `still ${outcome.again.join()} after a write`
  return null
}
