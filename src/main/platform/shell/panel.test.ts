import { describe, expect, it } from 'vitest'
import { panelIsDark } from './panel.ts'

describe('panelIsDark', () => {
  it.each([
    ['win32', undefined, false, true, true],
    ['win32', undefined, true, false, false],
    ['linux', 'GNOME', false, false, true],
    ['linux', 'ubuntu:GNOME', false, false, true],
    ['linux', 'GNOME-Flashback:X', false, false, false],
    ['linux', 'KDE', false, true, false],
    ['linux', 'KDE', true, false, true],
    ['linux', undefined, false, false, false],
    ['darwin', undefined, true, false, true],
  ] as const)(
    'on %s (%s) with apps %s and system %s is %s',
    (platform, desktop, appsDark, systemDark, dark) => {
      expect(panelIsDark({ platform, desktop, appsDark, systemDark })).toBe(dark)
    },
  )
})
