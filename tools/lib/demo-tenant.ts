/** The demo tenant: what the app needs to talk to it, and what Graph holds there, in words. */
import {
  DEMO_CLIENT_ID,
  DEMO_TENANT_ID,
  DEMO_USER_ID,
  DEMO_USER_NAME,
  type SessionView,
  type Simulator,
} from '../../test/simulator/index.ts'

export { DEMO_CLIENT_ID, DEMO_USER_NAME }

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
export function demoEnv(simulator: Simulator): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(NOT_OURS.map((name) => [name, undefined])),
    ...simulator.env,
    CLEAR_PRESENCE_CLIENT_ID: DEMO_CLIENT_ID,
    CLEAR_PRESENCE_TENANT: DEMO_TENANT_ID,
  }
}

/** Object id of who is signed in: the person the newest access token was given to, Alex Demo before that. */
export function demoPerson(simulator: Simulator): string {
  return simulator.issuedTokenRecords().findLast(({ kind }) => kind === 'access')?.userId ?? DEMO_USER_ID
}

/** The sessions under the app's registration: one for each person who was signed in, at most. */
export function demoSessions(simulator: Simulator): SessionView[] {
  return simulator.listSessions().filter(({ clientId }) => clientId === DEMO_CLIENT_ID)
}

/** The sessions in a few words, as Graph names them: `Busy/InACall`, or `-` for none. */
export function holds(sessions: readonly SessionView[]): string {
  return sessions.map(({ availability, activity }) => `${availability}/${activity}`).join(', ') || '-'
}

/** Another program, under the same app registration, says that the person is in a call. */
export function anotherProgramSetsCall(simulator: Simulator): void {
  simulator.setSession({
    user: demoPerson(simulator),
    clientId: DEMO_CLIENT_ID,
    availability: 'Busy',
    activity: 'InACall',
  })
}
