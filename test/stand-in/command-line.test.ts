import { expect, test } from 'vitest'
import { parseCommandLine } from './command-line.ts'

test("options before the app are Electron's, what follows belongs to the app and still counts as switches", () => {
  const parsed = parseCommandLine([
    '--no-sandbox',
    '-r',
    'hook.cjs',
    '--user-data-dir=/d',
    'app',
    '--hidden',
    '-r',
    'x',
  ])
  expect(parsed).toMatchObject({ requires: ['hook.cjs'], appPath: 'app', version: false })
  expect(Object.fromEntries(parsed.switches)).toEqual({ 'no-sandbox': '', 'user-data-dir': '/d', hidden: '' })
})

test('a value may hold equals signs, and a lone -- ends the switches', () => {
  const parsed = parseCommandLine(['.', '--for=a=b', '--', '--not-one'])
  expect(Object.fromEntries(parsed.switches)).toEqual({ for: 'a=b' })
})

test('--version asks Electron only before the app', () => {
  expect(parseCommandLine(['--version', '.']).version).toBe(true)
  expect(parseCommandLine(['.', '--version']).version).toBe(false)
})

test('without an app there is none', () => {
  expect(parseCommandLine(['--inspect=0']).appPath).toBeUndefined()
})
