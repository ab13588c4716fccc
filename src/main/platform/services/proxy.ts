/** The system's proxy decision, and the news that the network changed. */
import { networkInterfaces } from 'node:os'
import { net, session } from 'electron'
import type { Clock, Log } from '../../core/model.ts'

/** How long the system may take to decide, ms: a PAC script on a dead network can hang. */
const RESOLVE_TIMEOUT_MS = 2_000

/** The decision when the system gives none. */
const DIRECT = 'DIRECT'

/**
 * The system's decision for a URL as a PAC string ("PROXY host:port; DIRECT"), PAC scripts included. `DIRECT` when
 * it fails or takes longer than 2 s. Never rejects; use it after ready.
 */
export async function systemProxy(url: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(DIRECT), RESOLVE_TIMEOUT_MS)
  })
  const decided = session.defaultSession.resolveProxy(url).catch(() => DIRECT)
  const decision = await Promise.race([decided, late])
  clearTimeout(timer)
  return decision.trim() === '' ? DIRECT : decision
}

/** Time between two looks at the network, ms. */
const LOOK_MS = 5_000

/** Watches the network. */
export interface NetworkWatch {
  /** The machine woke: looks at once. */
  check(): void
  stop(): void
}

/**
 * Calls back when the machine goes online or offline, or when its addresses change (another Wi-Fi, a VPN). Electron
 * has no event for it in the main process, so this looks every 5 s; both looks are cheap and send nothing.
 */
export function watchNetwork({
  clock,
  log,
  onChange,
}: {
  readonly clock: Clock
  readonly log: Log
  readonly onChange: (online: boolean) => void
}): NetworkWatch {
  let cancel = (): void => undefined
  let last = fingerprint()

  function look(): void {
    cancel()
    cancel = clock.after(LOOK_MS, look)
    const now = fingerprint()
    if (now.online === last.online && now.addresses === last.addresses) return
    log.info('network changed', { online: now.online, addressesChanged: now.addresses !== last.addresses })
    last = now
    onChange(now.online)
  }

  cancel = clock.after(LOOK_MS, look)
  return { check: look, stop: () => cancel() }
}

function fingerprint(): { readonly online: boolean; readonly addresses: string } {
  return { online: net.isOnline(), addresses: addresses() }
}

/** Without IPv6 addresses: privacy extensions renew those every day without any change of network. */
function addresses(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, list = []]) => list.map((each) => ({ name, ...each })))
    .filter((each) => each.family === 'IPv4' && !each.internal)
    .map((each) => `${each.name}=${each.address}`)
    .sort()
    .join()
}
