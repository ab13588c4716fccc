/** The environment of an app in the demo tenant, without what the person's own environment would add. */
import { DEMO_CLIENT_ID, DEMO_TENANT_ID } from './directory.ts'

/** What the person's own environment may say, and what must not reach the app in the demo. */
const NOT_OURS = [
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'CLEAR_PRESENCE_CLOUD',
  'NODE_OPTIONS',
  'NODE_USE_ENV_PROXY',
] as const

/** Environment of an app that talks to the simulator alone; undefined takes a variable away. */
export function demoEnv(simulator: {
  readonly env: Readonly<Record<string, string>>
}): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(NOT_OURS.map((name) => [name, undefined])),
    ...simulator.env,
    CLEAR_PRESENCE_CLIENT_ID: DEMO_CLIENT_ID,
    CLEAR_PRESENCE_TENANT: DEMO_TENANT_ID,
  }
}
