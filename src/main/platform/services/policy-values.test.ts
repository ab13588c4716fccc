import { expect, it } from 'vitest'
import { parseRegistryValues } from './policy-values.ts'

const KEY = 'HKLM\\Software\\Policies\\Clear Presence'

it('reads text, switches and the departures, and passes over everything else', () => {
  const output = [
    '',
    'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Clear Presence',
    '    clientId    REG_SZ    11111111-2222-4333-8444-555555555555',
    '    startAtLogin    REG_DWORD    0x1',
    '    hidden    REG_DWORD    0x0',
    '    tenant    REG_EXPAND_SZ    %TENANT%',
    '    updates    REG_DWORD    0x7',
    '',
    'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Clear Presence\\departures',
    '    idle    REG_DWORD    0x0',
    '',
    'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Clear Presence\\other',
    '    cloud    REG_SZ    china',
    '',
  ].join('\r\n')
  expect(parseRegistryValues(output, KEY)).toEqual({
    clientId: '11111111-2222-4333-8444-555555555555',
    startAtLogin: true,
    hidden: false,
    updates: 7,
    departures: { idle: false },
  })
})

it('finds nothing in nothing', () => {
  expect(parseRegistryValues('', KEY)).toEqual({})
})
