/** The host names that the simulator answers for, and what each of them is. */

/** A Microsoft cloud; users, registrations and tokens of one mean nothing in another. */
export type Cloud = 'global' | 'usgov' | 'china'

/** What stands behind a host name. */
export interface HostRole {
  readonly service: 'entra' | 'graph'
  readonly cloud: Cloud
  /** Graph only: whether this cloud has the presence API (the China cloud's schema has none). */
  readonly hasPresence: boolean
}

const entra = (cloud: Cloud): HostRole => ({ service: 'entra', cloud, hasPresence: false })
const graph = (cloud: Cloud, hasPresence = true): HostRole => ({ service: 'graph', cloud, hasPresence })

/** Real host name -> role. CONNECT to anything that isn't a key here is refused. */
export const HOSTS: ReadonlyMap<string, HostRole> = new Map([
  ['login.microsoftonline.com', entra('global')],
  ['login.microsoftonline.us', entra('usgov')],
  ['login.partner.microsoftonline.cn', entra('china')],
  ['login.chinacloudapi.cn', entra('china')],
  ['graph.microsoft.com', graph('global')],
  ['graph.microsoft.us', graph('usgov')],
  ['dod-graph.microsoft.us', graph('usgov')],
  ['microsoftgraph.chinacloudapi.cn', graph('china', false)],
])

/** The Entra host that a cloud's error texts and discovery documents name. */
export const LOGIN_HOST: Readonly<Record<Cloud, string>> = {
  global: 'login.microsoftonline.com',
  usgov: 'login.microsoftonline.us',
  china: 'login.partner.microsoftonline.cn',
}
