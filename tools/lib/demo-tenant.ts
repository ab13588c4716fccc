/** The demo tenant: what the app needs to talk to it, and what Graph holds there, in words. */
import { DEMO_CLIENT_ID, DEMO_USER_ID, type SessionView, type Simulator } from '../../test/simulator/index.ts'

export { DEMO_CLIENT_ID, DEMO_USER_NAME, demoEnv } from '../../test/simulator/index.ts'

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
