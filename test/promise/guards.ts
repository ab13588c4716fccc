/**
 * Takes away one guard of the promise at a time, in a copy of the sources, and shows which of the drivers notices.
 * `node test/promise/guards.ts [--only name] [--story]`. Exits 1 when a guard can be taken away unnoticed.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = new URL('../..', import.meta.url).pathname

/** One guard, and the smallest change that takes it away. */
interface Guard {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const GUARDS: readonly Guard[] = [
  {
    name: 'one writer: a set waits for what is on its way',
    file: 'src/main/core/advancing.ts',
    from: 'if (session.flights.length > 0 || !past(draft, session.record.due?.straggler ?? null)) return\n',
    to: '',
  },
  {
    name: 'one writer: equal clears share one request',
    file: 'src/main/core/advancing.ts',
    from: "  if (session.flights.some(({ kind, absence }) => kind === 'clear' && absence === due.absence)) return\n",
    to: '',
  },
  {
    name: 'durable intent: a set is written down before it is sent',
    file: 'src/main/core/planner.ts',
    from: "if (action.type === 'send') return action.afterWriting ? 3 : 1",
    to: "if (action.type === 'send') return 1",
  },
  {
    name: 'durable intent: a set that could not be written down is not sent',
    file: 'src/main/core/engine.ts',
    from: 'action.afterWriting && !saved.ok',
    to: 'action.afterWriting && false',
  },
  {
    name: 'durable intent: what is due is written down',
    file: 'src/main/core/planner.ts',
    from: 'records: Object.values(sessions).map(({ record }) => record) }',
    to: 'records: Object.values(sessions).map(({ record }) => ({ ...record, due: null })) }',
  },
  {
    name: 'retry at start: what an earlier run set is cleared',
    file: 'src/main/core/starting.ts',
    from: '  if (away(draft)) {\n    const due: Due = {',
    to: '  if (away(draft)) return\n  if (away(draft)) {\n    const due: Due = {',
  },
  {
    name: 'retry at start: what an earlier run left due is still due',
    file: 'src/main/core/starting.ts',
    from: '    due: due && {\n',
    to: '    due: null && due && {\n',
  },
  {
    name: 'the clear after a set in flight',
    file: 'src/main/core/answering.ts',
    from: 'if (due.straggler === null || !isBefore(flight.sentAt, due.straggler)) settle(',
    to: 'if (due.absence >= 0) settle(',
  },
  {
    name: 'left once: a further departure owes nothing that was settled',
    file: 'src/main/core/departing.ts',
    from: '  if (due === null && !anew) return\n',
    to: '',
  },
  {
    name: 'left once: a return drops what is assumed',
    file: 'src/main/core/advancing.ts',
    from: 'if (own === null && !(away(draft) ||',
    to: 'if (own === null && !(true ||',
  },
  {
    name: 'the age limit of what is assumed',
    file: 'src/main/core/advancing.ts',
    from: 'if (own === null && age(draft, due.since) >= ASSUMED_LIMIT_MS) {',
    to: 'if (own === null && age(draft, due.since) >= 4 * ASSUMED_LIMIT_MS) {',
  },
  {
    name: 'the age limit of what is own',
    file: 'src/main/core/advancing.ts',
    from: 'if (own !== null && mustHaveEnded(own, draft.now, draft.state.serverOffsetMs)) {',
    to: 'if (own !== null && own.leaseMs < 0) {',
  },
]

/** A driver in its short form. */
interface Driver {
  readonly name: string
  readonly script: string
  readonly args: readonly string[]
}

const DRIVERS: readonly Driver[] = [
  {
    name: 'model',
    script: 'test/promise/model/cli.ts',
    args: ['--runs', '4000', '--threads', '1', '--seed', '1'],
  },
  { name: 'explore', script: 'test/promise/explore/cli.ts', args: ['--quick'] },
]

/** What a driver says of a copy: its exit code and its output. */
async function run(folder: string, { script, args }: Driver): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [script, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)))
  return { code, output }
}

/** Copies what the drivers need; node_modules is linked. */
function copyTo(folder: string): void {
  for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'tsconfig.base.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

/** Takes the guard away. Throws when the sources no longer read as expected: then this list has to follow. */
function sabotage(folder: string, { name, file, from, to }: Guard): void {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${name}: not found once in ${file}`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
}

/** How the drivers tell a broken promise. */
const BROKEN = /^(?:The promise is broken|BROKEN): (.*)$/m

/** The line in which a driver says what it saw. */
function verdictOf(output: string): string {
  const broken = BROKEN.exec(output)?.[1]
  const line = broken ?? /^.*(?:NEVER |Error: ).*$/m.exec(output)?.[0] ?? 'it ended without a word'
  return line.trim().slice(0, 110)
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, story: { type: 'boolean', default: false } },
})
const drivers = DRIVERS.filter(({ script }) => existsSync(join(ROOT, script)))
let unnoticed = 0

/** With every guard in place no driver may complain, or what it says below would prove nothing. */
const first = await Promise.all(drivers.map(async (driver) => ({ driver, ...(await run(ROOT, driver)) })))
for (const { driver, code, output } of first) {
  if (code === 0) continue
  console.log(`With every guard in place, ${driver.name} already says: ${verdictOf(output)}\n${output}`)
  process.exit(1)
}
for (const guard of GUARDS.filter(({ name }) => name.includes(values.only ?? ''))) {
  const folder = mkdtempSync(join(tmpdir(), 'clear-presence-guards-'))
  try {
    copyTo(folder)
    sabotage(folder, guard)
    console.log(guard.name)
    let noticed = false
    const said = await Promise.all(
      drivers.map(async (driver) => ({ driver, ...(await run(folder, driver)) })),
    )
    for (const { driver, code, output } of said) {
      // A branch that the change has cut off is no broken promise.
      noticed ||= BROKEN.test(output)
      console.log(`    ${driver.name.padEnd(8)} ${code === 0 ? '-' : `notices: ${verdictOf(output)}`}`)
      if (values.story && code !== 0) console.log(output)
    }
    if (!noticed) unnoticed += 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
console.log(
  unnoticed === 0 ? '\nEvery guard is needed.' : `\n${unnoticed} guards can be taken away unnoticed.`,
)
process.exitCode = unnoticed === 0 ? 0 : 1
