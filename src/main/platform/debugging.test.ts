import { expect, it } from 'vitest'
import { shutDebugging } from './debugging.ts'

/** What is left of a command line. */
function left(isPackaged: boolean, inspected = false): readonly string[] {
  const switches = new Set(['remote-debugging-port', 'remote-debugging-pipe', 'inspect-brk', 'lang'])
  shutDebugging({ isPackaged, inspected, commandLine: { removeSwitch: (name) => switches.delete(name) } })
  return [...switches]
}

it('shuts the doors of debuggers in an installed app, and leaves other switches alone', () => {
  expect(left(true)).toEqual(['lang'])
})

it('leaves them open while developing', () => {
  expect(left(false)).toHaveLength(4)
})

it("leaves them open where Node's debugger listens already", () => {
  expect(left(true, true)).toHaveLength(4)
})
