/** Registry data of any size, the same every time. */
import type { RegistryData, SessionRecord } from '../../src/main/core/model.ts'

/** @param count records; each takes about a kilobyte in the file. */
export function registryOf(absence: number, count = 3): RegistryData {
  const at = { wall: 1_790_000_000_000 + absence, mono: null }
  const records = Array.from({ length: count }, (_, n): SessionRecord => ({
    cloud: 'global',
    tenantId: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
    userId: `fa8bf3dc-eca7-46b7-bad1-${String(n).padStart(12, '0')}`,
    clientId: '22553876-f5ab-4529-bffb-cfe50aa89f87',
    homeAccountId: 'home',
    username: 'megan@contoso.com',
    name: 'Megan Bowen'.padEnd(300, '.'),
    machineId: 'here',
    own: {
      pair: 'Busy/InACall',
      since: at,
      sentAt: at,
      leaseMs: 900_000,
      confirmed: true,
      unsureUntil: null,
      ended: false,
    },
    due: null,
    signingOut: null,
  }))
  return { machineId: 'here', absence, serverOffsetMs: 0, records }
}
