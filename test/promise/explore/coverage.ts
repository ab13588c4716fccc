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
 * Branches that no sequence of events can take, by their source text, with the reason. `noUncheckedIndexedAccess` asks for
 * most of them: a session that was just listed is there.
 */
const NEVER: readonly { readonly file: string; readonly text: RegExp; readonly why: string }[] = [
  { file: 'draft', text: /^return$/, why: 'the session was just listed' },
  { file: 'advancing', text: /^return$/, why: 'the session was just listed' },
  { file: 'departing', text: /^(return|\?\? \[\]|\?\? \{\})$/, why: 'the session was just listed' },
  { file: 'answering', text: /^return$/, why: 'requests of a session that is gone are not answered here' },
  { file: 'starting', text: /^\?\? 'lock'$/, why: 'who is away is so by some flag' },
  { file: 'advancing', text: /^\?\? 'cleared'$/, why: 'its caller has looked' },
  { file: 'attendance', text: /^\?\? true$/, why: 'only quit has no switch, and it has a flag of its own' },
  {
    file: 'answering',
    text: /An answer that lay over a sleep/,
    why: 'answers are read here when they come; answering has a unit test for it',
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
        const source = readFileSync(fileURLToPath(url), 'utf8')
        return functions
          .flatMap(({ ranges }) => ranges)
          .filter(({ count }) => count === 0)
          .map(({ startOffset, endOffset }) => ({
            startOffset,
            text: source.slice(startOffset, endOffset).trim(),
          }))
          .filter(
            ({ text }) =>
              text !== '' &&
              !NEVER.some((never) => url.endsWith(`/${never.file}.ts`) && never.text.test(text)),
          )
          .map(({ startOffset, text }) => {
            const line = source.slice(0, startOffset).split('\n').length
            return `${url.slice(url.lastIndexOf('/') + 1)}:${line} ${text.split('\n')[0] ?? ''}`
          })
      })
  }
}
