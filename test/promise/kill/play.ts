/** Plays one move of the catalogue at the built app. */
import { DEMO_CLIENT_ID, type Fault, type FaultMatch, type Simulator } from '../../simulator/index.ts'
import { type Move, TIME, type Weather, WEATHER } from '../moves.ts'
import { type Desk, LATE_MS } from './desk.ts'

const SETS: FaultMatch = { path: 'setPresence' }
const WRITES: readonly FaultMatch[] = [SETS, { path: 'clearPresence' }]
const POLL_MS = 16_000
/** Idle long before the lid closed: only a touch counts as input afterwards, s. */
const LONG_IDLE_S = 100_000

/** The weather's faults. A set meets all of them, a clear all but `not-found`: there Graph would lie. */
const FAULTS: Readonly<Partial<Record<Weather, readonly Fault[]>>> = {
  'answers-lost': [{ type: 'lost-answer' }],
  'requests-lost': [{ type: 'reset' }],
  late: [{ type: 'latency', ms: LATE_MS }, { type: 'lost-answer' }],
  busy: [{ type: 'status', status: 503 }],
  throttled: [{ type: 'status', status: 429, headers: { 'Retry-After': '20' } }],
  'not-found': [{ type: 'status', status: 404 }],
  refused: [{ type: 'status', status: 400 }],
  'token-refused': [{ type: 'status', status: 401 }],
  forbidden: [{ type: 'status', status: 403 }],
  'captive-portal': [{ type: 'captive-portal' }],
}

const isWeather = (move: Move): move is Weather => (WEATHER as readonly Move[]).includes(move)
const isTime = (move: Move): move is keyof typeof TIME => move in TIME

/** Changes the weather. What befalls a request already on its way goes on. */
export function weather(simulator: Simulator, to: Weather): void {
  simulator.removeAllFaults()
  simulator.offline(to === 'no-network')
  for (const fault of FAULTS[to] ?? []) {
    for (const match of to === 'not-found' ? [SETS] : WRITES) {
      simulator.inject({ match, fault, times: 'until-removed' })
    }
  }
}

/** Plays one move. Rejects when the process is gone meanwhile; what can't be done now (a greyed item) does nothing. */
export async function play(desk: Desk, move: Move): Promise<void> {
  const { simulator } = desk
  if (isWeather(move)) weather(simulator, move)
  else if (isTime(move)) await desk.advance(TIME[move], TIME[move] > 60_000 ? 30_000 : 10_000)
  else if (move === 'call-here' || move === 'call-elsewhere') desk.call()
  else await person(desk, move)
}

async function person(desk: Desk, move: Move): Promise<void> {
  const { pose } = desk
  const app = desk.app()
  const choose = (item: string): Promise<unknown> =>
    app.call('trayChoose', { item }).catch((error: unknown) => {
      if (!String(error).includes('menu item')) throw error
    })
  switch (move) {
    case 'lock':
      return locked(desk, true)
    case 'unlock':
      return locked(desk, false)
    case 'sleep':
      await app.call('idle', { seconds: LONG_IDLE_S })
      await app.call('power', { event: 'suspend' })
      return
    case 'wake':
      await app.call('power', { event: 'resume' })
      return
    case 'touch':
      await app.call('idle', { seconds: 0 })
      return desk.advance(POLL_MS)
    case 'switch-away':
    case 'switch-back':
      if (pose !== 'darwin') return
      await app.call('power', {
        event: move === 'switch-away' ? 'user-did-resign-active' : 'user-did-become-active',
      })
      return
    case 'ask-to-end':
      if (pose === 'win32') await app.call('querySessionEnd', { reasons: ['shutdown'] })
      return
    case 'end-session':
      if (pose === 'win32') await app.call('endSession', { askFirstMs: 10 })
      return
    case 'shut-down':
      if (pose !== 'win32') await app.call('shutdown')
      return
    case 'quit':
      await choose('quit')
      return
    case 'set':
      await choose('set:Busy/InACall')
      return
    case 'set-other':
      await choose('set:Available/Available')
      return
    case 'clear':
      await choose('clear')
      return
    case 'sign-out':
      await choose('sign-out')
      return
    default:
      throw new Error(`the kill driver does not play '${move}'`)
  }
}

async function locked(desk: Desk, now: boolean): Promise<void> {
  const app = desk.app()
  if (!now) await app.call('idle', { state: 'follow', seconds: 0 })
  if (desk.pose !== 'linux') {
    await app.call('power', { event: now ? 'lock-screen' : 'unlock-screen' })
    return
  }
  if (now) await app.call('idle', { state: 'locked' })
  await desk.advance(POLL_MS)
}

/** The user is in front of the machine again, whatever it was. */
export async function comesBack(desk: Desk): Promise<void> {
  const app = desk.app()
  await app.call('power', { event: 'resume' })
  if (desk.pose === 'darwin') await app.call('power', { event: 'user-did-become-active' })
  await locked(desk, false)
  // A session end that was announced and never came is forgotten after a minute with input.
  await desk.advance(desk.pose === 'win32' ? 90_000 : POLL_MS)
}

/** The other program ends its call. */
export function callEnds(simulator: Simulator, user: string): void {
  simulator.removeSession(user, DEMO_CLIENT_ID)
}
