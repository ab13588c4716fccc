/** The totals of a run, and the story of one round, as text. */
import type { Result } from './round.ts'

/** Where the kills hit, what stood at that moment, and what became of it. */
export function reportOf(results: readonly Result[]): string {
  const wrong = results.filter(({ violations }) => violations.length > 0)
  const assumed = results.filter((result) => result.assumed !== null)
  return [
    table('where the kills hit', countOf(results.flatMap(({ phases }) => phases))),
    table('during', countOf(results.map(({ round }) => round.target))),
    table('posing as', countOf(results.map(({ round }) => round.pose))),
    table(
      'the next start',
      countOf(results.map(({ round }) => (round.startLocked ? 'found the screen locked' : 'found the user'))),
    ),
    table("another program's call at the kill", countOf(assumed.map((result) => String(result.assumed)))),
    `${results.length} rounds, ${results.flatMap(({ phases }) => phases).length} kills: ` +
      `our own status stood at ${results.filter(({ own }) => own).length}, a clear was due at ${results.filter(({ due }) => due).length}, ` +
      `one had taken effect and was not written down at ${results.filter(({ unwritten }) => unwritten).length}; ` +
      `stale, lost or unreadable: ${wrong.length}`,
  ].join('\n')
}

/** One round for people, with the command that plays it again. */
export function storyOf({ round, story, violations, phases }: Result): string {
  const head = `round ${round.number}, posing as ${round.pose}, target ${round.target}${round.call ? ', a call stands' : ''}: ${phases.join(', ')}`
  if (violations.length === 0) return [head, ...story.map((line) => `  ${line}`)].join('\n')
  return [
    head,
    ...story.map((line) => `  ${line}`),
    `  replay: npm run --silent test:kill -- --seed ${round.seed} --first ${round.number} --kills 1`,
  ].join('\n')
}

function countOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return new Map([...counts].sort(([, one], [, other]) => other - one))
}

function table(title: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].map(([word, count]) => `  ${String(count).padStart(5)}  ${word}`)
  return [`${title}:`, ...rows].join('\n')
}
