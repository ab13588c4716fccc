/** The few pages that the app opens in the browser, made from what is configured. Pure. */
import type { Link } from '../../shared/ipc.ts'
import type { Config } from './config.ts'

/** Where Entra's device sign-in lives when its answer names no page of its own (Entra ID, device code flow). */
const DEVICE_LOGIN = 'https://microsoft.com/devicelogin'

/** Hosts whose pages may be opened besides the Entra authority of the configured cloud. */
export const PAGE_HOSTS = [
  'microsoft.com',
  'www.microsoft.com',
  'login.microsoft.com',
  'learn.microsoft.com',
] as const

/**
 * The address of a page. `authority` is the origin of the cloud's Entra authority, `verificationUri` what Entra named
 * for the device code that is shown now.
 */
export function pageOf(
  link: Link,
  config: Config,
  authority: string,
  verificationUri: string | null,
): string {
  switch (link) {
    case 'device-login':
      return verificationUri ?? DEVICE_LOGIN
    case 'register-app':
      return 'https://learn.microsoft.com/entra/identity-platform/quickstart-register-app'
    case 'admin-consent': {
      const client = new URLSearchParams({ client_id: config.clientId ?? '' })
      return `${authority}/${encodeURIComponent(config.tenant)}/adminconsent?${client.toString()}`
    }
    case 'help':
      return 'https://learn.microsoft.com/graph/cloud-communications-manage-presence-state'
  }
}
