/** What was checked of which artifact, as a table for people. */

/** How one check ended. */
export interface Outcome {
  readonly artifact: string
  readonly check: string
  readonly ok: boolean
  /** A figure, or what went wrong. */
  readonly detail: string
}

/** Collects outcomes. */
export interface Report {
  readonly outcomes: readonly Outcome[]
  /**
   * Makes one check and notes how it ended: what it answers is the detail, what it throws its failure. Answers whether it
   * passed; never rejects.
   */
  check(artifact: string, check: string, work: () => unknown): Promise<boolean>
}

/** Starts a report; `say` is told each outcome as it comes. */
export function createReport(say: (line: string) => void): Report {
  const outcomes: Outcome[] = []
  return {
    outcomes,
    async check(artifact, check, work) {
      const since = performance.now()
      let outcome: Outcome
      try {
        const detail = await work()
        outcome = { artifact, check, ok: true, detail: typeof detail === 'string' ? detail : '' }
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        outcome = { artifact, check, ok: false, detail }
      }
      outcomes.push(outcome)
      const seconds = ((performance.now() - since) / 1_000).toFixed(1)
      const more = outcome.detail === '' ? '' : `: ${outcome.detail}`
      say(`${outcome.ok ? 'ok  ' : 'FAIL'} ${artifact}, ${check} (${seconds} s)${more}`)
      return outcome.ok
    },
  }
}

/** The table: a row for each artifact, a column for each check; `+` passed, `X` failed, `.` does not apply. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const artifacts = [...new Set(outcomes.map(({ artifact }) => artifact))]
  const checks = [...new Set(outcomes.map(({ check }) => check))]
  const width = Math.max(...artifacts.map(({ length }) => length))
  const rows = artifacts.map((artifact) => {
    const cells = checks.map((check) => {
      const found = outcomes.filter((each) => each.artifact === artifact && each.check === check)
      return found.length === 0 ? '.' : found.every(({ ok }) => ok) ? '+' : 'X'
    })
    return `${artifact.padEnd(width)}  ${cells.map((cell) => cell.padStart(2)).join(' ')}`
  })
  const head = `${''.padEnd(width)}  ${checks.map((_check, index) => String(index + 1).padStart(2)).join(' ')}`
  const legend = checks.map((check, index) => `${String(index + 1).padStart(2)} ${check}`)
  return [head, ...rows, '', ...legend].join('\n')
}
