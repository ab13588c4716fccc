import { describe, expect, it } from 'vitest'
import { isSwitchedOn, programOf, writeEntry } from './autostart-entry.ts'

const entry = (program: string): string =>
  writeEntry({ name: 'Clear Presence', comment: 'Clears', program, args: ['--hidden'] })

describe('an autostart entry', () => {
  it('starts the program hidden, and only while it is there', () => {
    const text = entry('/opt/Clear Presence/clear-presence')
    expect(text).toContain('\nExec="/opt/Clear Presence/clear-presence" "--hidden"\n')
    expect(text).toContain('\nTryExec=/opt/Clear Presence/clear-presence\n')
  })

  it.each([
    ['a quote', '/a"b', 'Exec="/a\\\\"b" '],
    ['a dollar', '/a$HOME', 'Exec="/a\\\\$HOME" '],
    ['a backslash', '/a\\b', 'Exec="/a\\\\\\\\b" '],
    ['a field code', '/100%u', 'Exec="/100%%u" '],
    ['a line end', '/a\nHidden=true', 'Exec="/a\\nHidden=true" '],
  ])('writes %s as the specification says', (_what, program, line) => {
    const text = entry(program)
    expect(text).toContain(`\n${line}`)
    expect(programOf(text)).toBe(program)
    expect(isSwitchedOn(text)).toBe(true)
  })

  it.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false'])('is off with %s', (line) => {
    expect(isSwitchedOn(`${entry('/a').replace('X-GNOME-Autostart-enabled=true\n', '')}${line}\n`)).toBe(
      false,
    )
  })

  it('takes nothing from another group', () => {
    expect(isSwitchedOn(`${entry('/a')}[Desktop Action x]\nHidden=true\n`)).toBe(true)
  })

  it('finds nothing in what is no entry', () => {
    expect(isSwitchedOn('')).toBe(false)
    expect(programOf('\0\0')).toBeNull()
  })
})
