import { describe, expect, it } from 'vitest'
import { type MachineSystem, readMachineId } from './machine-id.ts'

const missing = (): never => {
  throw new Error('ENOENT')
}
const system = (platform: NodeJS.Platform, more: Partial<MachineSystem> = {}): MachineSystem => ({
  platform,
  systemRoot: 'C:\\Windows',
  readText: missing,
  run: missing,
  hostname: () => 'desk',
  ...more,
})
const RAW = '0123456789abcdef0123456789abcdef'
const reads =
  (path: string) =>
  (asked: string): string =>
    asked === path ? `${RAW}\n` : missing()

describe('readMachineId', () => {
  it('is the same for the same machine, and never the raw id', () => {
    const id = readMachineId(system('linux', { readText: reads('/etc/machine-id') }))
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(id).not.toContain(RAW)
    expect(readMachineId(system('linux', { readText: reads('/var/lib/dbus/machine-id') }))).toBe(id)
  })

  it('differs between machines', () => {
    const other = system('linux', { readText: () => RAW.replace('0', 'f') })
    expect(readMachineId(other)).not.toBe(readMachineId(system('linux', { readText: () => RAW })))
  })

  it("reads Windows' MachineGuid", () => {
    const guid = '9e4b2d5c-1111-4222-8333-444455556666'
    const output = `\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\r\n    MachineGuid    REG_SZ    ${guid}\r\n\r\n`
    const asked: string[] = []
    const run = (program: string, args: readonly string[]): string => {
      asked.push(program, ...args)
      return output
    }
    const id = readMachineId(system('win32', { run }))
    expect(asked).toContain('MachineGuid')
    expect(id).toBe(readMachineId(system('linux', { readText: () => guid })))
  })

  it("reads the Mac's platform UUID", () => {
    const uuid = '9E4B2D5C-1111-4222-8333-444455556666'
    const run = (): string => `    "IOPlatformSerialNumber" = "X"\n    "IOPlatformUUID" = "${uuid}"\n`
    expect(readMachineId(system('darwin', { run }))).toBe(
      readMachineId(system('linux', { readText: () => uuid.toLowerCase() })),
    )
  })

  it.each([
    ['nothing answers', system('linux')],
    ['the id is a placeholder', system('linux', { readText: () => 'uninitialized\n' })],
    ['the registry is closed', system('win32')],
    ['the output is something else', system('darwin', { run: () => 'no such class' })],
    ['the platform is unknown', system('freebsd')],
  ])("falls back to the host's name when %s", (_why, broken) => {
    const id = readMachineId(broken)
    expect(id).toBe(readMachineId(system('openbsd')))
    expect(id).not.toBe(readMachineId(system('openbsd', { hostname: () => 'other' })))
  })

  it('works on this machine', () => {
    expect(readMachineId()).toMatch(/^[0-9a-f]{64}$/)
    expect(readMachineId()).toBe(readMachineId())
  })
})
