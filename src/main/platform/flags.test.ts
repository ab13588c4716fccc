import { describe, expect, it } from 'vitest'
import { parseFlags } from './flags.ts'

const NONE = { hidden: false, userDataDir: null, version: false, help: false, commands: [], unknown: [] }

describe('parseFlags', () => {
  it('finds nothing in a plain start', () => {
    expect(parseFlags(['/opt/Clear Presence/clear-presence', '.'])).toEqual(NONE)
  })

  it.each(['hidden', 'version', 'help'] as const)('reads --%s', (name) => {
    expect(parseFlags(['exe', `--${name}`])).toEqual({ ...NONE, [name]: true })
  })

  it('reads commands, each once, and takes none with a value', () => {
    const { commands, unknown } = parseFlags(['exe', '--clear', '--quit=now', '--status', '--clear'])
    expect(commands).toEqual(['clear', 'status'])
    expect(unknown).toEqual(['quit'])
  })

  it('reads the folder for user data, also with an equals sign or a space in it', () => {
    expect(parseFlags(['exe', '--user-data-dir=/home/a b/x=y']).userDataDir).toBe('/home/a b/x=y')
  })

  it('lets the last folder win', () => {
    expect(parseFlags(['exe', '--user-data-dir=/a', '--user-data-dir=/b']).userDataDir).toBe('/b')
  })

  it.each(['--user-data-dir', '--user-data-dir='])('takes no folder from %s', (argument) => {
    expect(parseFlags(['exe', argument])).toEqual({ ...NONE, unknown: ['user-data-dir'] })
  })

  it('names what it does not know, without the value', () => {
    const flags = parseFlags(['exe', '--no-sandbox', '--token=secret', '--hidden=1', '--hidden'])
    expect(flags).toEqual({ ...NONE, hidden: true, unknown: ['no-sandbox', 'token', 'hidden'] })
  })

  it('passes over single hyphens, and over everything after a bare double one', () => {
    expect(parseFlags(['exe', '-r', 'hook.cjs', '--', '--hidden'])).toEqual(NONE)
  })
})
