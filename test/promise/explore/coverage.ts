/** Which branches of the planner were taken, by V8's own count: one that never was has not been explored. */
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

/** The files whose every branch must be taken. */
const PLANNER = [
  'planner',
  'advancing',
  'answering',
  'departing',
  'draft',
  'starting',
  'attendance',
  'lease',
  'retry',
].map((name) => new URL(`../../../src/main/core/${name}.ts`, import.meta.url).href)

/**
 * Branches that no sequence of events takes, by their file and line, with the reason. `noUncheckedIndexedAccess` asks for
 * most of them: a session that was just listed is there.
 */
const NEVER: readonly { readonly file: string; readonly line: RegExp; readonly why: string }[] = [
  { file: 'draft.ts', line: /^if \(session === undefined.*\) return$/, why: 'the session was just listed' },
  { file: 'advancing.ts', line: /^if \(session === undefined\) return$/, why: 'the session was just listed' },
  { file: 'departing.ts', line: /\?\? (\[\]|\{\})$/, why: 'the session was just listed' },
  { file: 'starting.ts', line: /\?\? 'lock',$/, why: 'who is away is so by some flag' },
  {
    file: 'attendance.ts',
    line: /\?\? true\)$/,
    why: 'quit has no switch, and is told by a flag of its own',
  },
  { file: 'planner.ts', line: /\(event\.holdMs \?\? 0\)/, why: 'events that may hold say here how long' },
  {
    file: 'answering.ts',
    line: /^if \(session === undefined \|\| flight === undefined\) return$/,
    why: 'a request of a session that is gone is not answered here',
  },
  {
    file: 'answering.ts',
    line: /LONGEST_OFFSET_MS\) return$/,
    why: 'Graph has a clock here; planner.test.ts plays one that has none',
  },
]

/** Starts counting. Call it before the planner is imported: V8 counts what it compiles from then on. */
export async function startCoverage(): Promise<() => Promise<readonly string[]>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    session.disconnect()
    return result
      .filter(({ url }) => PLANNER.includes(url))
      .flatMap(({ url, functions }) => {
        const name = url.slice(url.lastIndexOf('/') + 1)
        const lines = readFileSync(fileURLToPath(url), 'utf8').split('\n')
        const source = lines.join('\n')
        return functions
          .flatMap(({ ranges }) => ranges)
          .flatMap(({ count, startOffset, endOffset }) => {
            const text = source.slice(startOffset, endOffset)
            if (count > 0 || text.trim() === '') return []
            const number = source.slice(0, startOffset + text.search(/\S/)).split('\n').length
            const line = lines[number - 1]?.trim() ?? ''
            const isKnown = NEVER.some((never) => name === never.file && never.line.test(line))
            // With its place, for two branches may share a line.
            return isKnown ? [] : [`${name}:${number} ${line} (from character ${startOffset})`]
          })
      })
  }
}
