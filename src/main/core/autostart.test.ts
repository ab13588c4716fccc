import { describe, expect, it } from 'vitest'
import { createStartAtLogin } from './autostart.ts'
import type { SaveResult } from './model.ts'
import type { Problem } from '../../shared/problem.ts'

function bench(over: { policy?: boolean | null; answered?: boolean; on?: boolean; refuses?: boolean } = {}) {
  const calls: string[] = []
  const problems: Problem[] = []
  let on = over.on ?? false
  const refused: SaveResult = { ok: false, problem: { code: 'autostart-unwritable', detail: 'EROFS' } }
  const start = createStartAtLogin({
    port: {
      isOn: () => on,
      set(wanted) {
        calls.push(`set ${wanted}`)
        if (over.refuses === true) return refused
        on = wanted
        return { ok: true }
      },
      refresh: () => calls.push('refresh'),
    },
    policy: over.policy ?? null,
    answered: over.answered ?? false,
    keepAnswered() {
      calls.push('answered')
      return { ok: true }
    },
    onProblem: (problem) => problems.push(problem),
  })
  return {
    start,
    calls,
    problems,
    elsewhere: (now: boolean) => {
      on = now
    },
  }
}

describe('starting with the computer', () => {
  it('is offered once, after the first sign-in', () => {
    const { start, calls } = bench()
    expect(start.view(false)).toEqual({ on: false, why: null, offered: false })
    expect(start.view(true)).toEqual({ on: false, why: null, offered: true })
    start.choose(false)
    expect(start.view(true)).toEqual({ on: false, why: null, offered: false })
    start.choose(true)
    expect(start.view(true)).toEqual({ on: true, why: null, offered: false })
    expect(calls).toEqual(['refresh', 'set false', 'answered', 'set true'])
  })

  it('is not offered to who has it already, or was asked in an earlier run', () => {
    expect(bench({ on: true }).start.view(true).offered).toBe(false)
    expect(bench({ answered: true }).start.view(true).offered).toBe(false)
  })

  it.each([true, false])("does what policy says (%s), and is then nobody else's choice", (policy) => {
    const { start, calls } = bench({ policy, on: !policy })
    expect(calls).toEqual([`set ${policy}`])
    start.choose(!policy)
    expect(start.view(true)).toEqual({ on: policy, why: 'policy', offered: false })
    expect(calls).toEqual([`set ${policy}`])
  })

  it('shows what the system says, and why it could not be changed', () => {
    const { start, problems } = bench({ refuses: true })
    start.choose(true)
    expect(start.view(true).on).toBe(false)
    expect(problems).toEqual([{ code: 'autostart-unwritable', detail: 'EROFS' }])
  })

  it('looks again, for the desktop has a switch of its own', () => {
    const { start, elsewhere } = bench()
    elsewhere(true)
    expect(start.view(true).on).toBe(false)
    start.look()
    expect(start.view(true).on).toBe(true)
  })

  it('says where it can not be', () => {
    const start = createStartAtLogin({
      port: null,
      policy: true,
      answered: false,
      keepAnswered: () => ({ ok: true }),
      onProblem: () => undefined,
    })
    start.choose(true)
    expect(start.view(true)).toEqual({ on: false, why: 'not-installed', offered: false })
  })
})
