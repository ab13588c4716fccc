/** The demo's page: what it shows, and what its buttons do. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ControlInput } from '../../test/stand-in/control-types.ts'
import type { Simulator } from '../../test/simulator/index.ts'
import { anotherProgramSetsCall, demoPerson, demoSessions } from './demo-tenant.ts'
import type { Call, LocalServer, Reply, Routes } from './local-server.ts'
import type { Machine } from './machine.ts'
import type { Relay } from './relay.ts'
import type { Story } from './story.ts'

const FOLDER = join(import.meta.dirname, '../page')
const STORY_LINES = 60

/** What the page is about. It changes while the demo runs. */
export interface DemoState {
  /** The computer around the app; null on the real Electron, where it is the person's own. */
  machine: Machine | null
  /** How the app ended; null while it runs. */
  ended: number | string | null
  readonly runner: string
  readonly system: string
}

/** What the page can ask of the demo. */
export interface DemoActions {
  /** The app opened a page; true when the person's browser shows it already. */
  opened(url: string, address: string): void
  /** Starts the app again after it has ended. */
  again(): Promise<void>
  /** Ends the demo. */
  end(): void
}

/** Everything the page needs. */
export interface DemoPage {
  readonly server: LocalServer
  readonly simulator: Simulator
  readonly relay: Relay
  readonly story: Story
  readonly state: DemoState
  readonly actions: DemoActions
}

/** The address at which the person sees a page that the app has opened. */
export function addressOf(page: {
  readonly number: number
  readonly url: string
  readonly simulated: boolean
}): {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
} | null {
  return page.simulated ? { path: '/opened', query: { n: String(page.number) } } : null
}

/** The routes of the page. */
export function demoRoutes(parts: DemoPage): Routes {
  const { server, relay, story, state, actions } = parts
  const file = (name: string, type: string) => (): Reply => ({
    headers: { 'content-type': `${type}; charset=utf-8` },
    // The page's own links carry the key too.
    body: readFileSync(join(FOLDER, name), 'utf8').replaceAll('%KEY%', server.link('').slice('?key='.length)),
  })
  return {
    'GET /': file('index.html', 'text/html'),
    'GET /page.css': file('page.css', 'text/css'),
    'GET /page.js': file('page.js', 'text/javascript'),
    'GET /state': async () => json(await view(parts)),
    'GET /picture': ({ headers }) => picture(state.machine, headers['if-none-match']),
    'POST /do': async (call) => {
      await act(parts, call)
      return { status: 204 }
    },
    // The app's openExternal (lib/opener.cjs): answers what to open in the person's browser.
    'POST /opened': (call) => {
      if (call.query.has('n')) return relayed(relay, call)
      const page = relay.open(call.body)
      const at = addressOf(page)
      const address = at === null ? page.url : server.address(at.path, at.query)
      story.tell('app', page.simulated ? 'The app opens the sign-in page' : `The app opens ${page.url}`)
      actions.opened(page.url, address)
      return { headers: { 'content-type': 'text/plain' }, body: address }
    },
    'GET /opened': (call) => relayed(relay, call),
  }
}

function relayed(relay: Relay, { query, body }: Call): Promise<Reply> {
  const to = query.get('to')
  return relay.show(Number(query.get('n')), to === null ? undefined : { to, body })
}

/** All that the page shows but the picture. */
async function view({ simulator, relay, story, state, server }: DemoPage): Promise<unknown> {
  const person = demoPerson(simulator)
  const { availability, activity } = simulator.presence(person)
  const waiting = relay.pages.findLast(({ done }) => !done)
  const at = waiting === undefined ? null : addressOf(waiting)
  return {
    system: state.system,
    runner: state.runner,
    ended: state.ended,
    canAct: state.machine !== null,
    machine: state.ended === null ? await state.machine?.state().catch(() => null) : null,
    offline: simulator.isOffline(),
    opened:
      waiting === undefined
        ? null
        : { simulated: waiting.simulated, href: at === null ? waiting.url : server.link(at.path, at.query) },
    graph: {
      person: simulator.directory.user(person)?.name ?? person,
      availability,
      activity,
      sessions: demoSessions(simulator).map((session) => ({
        pair: `${session.availability}/${session.activity}`,
        by: session.setBy === 'graph' ? 'Clear Presence' : 'another program',
        setAt: session.setAt,
        expiresAt: session.expiresAt,
      })),
    },
    story: story.lines(STORY_LINES),
  }
}

async function picture(machine: Machine | null, known: string | undefined): Promise<Reply> {
  const drawn = await machine?.picture().catch(() => undefined)
  if (drawn === undefined) return { status: 204 }
  const etag = `"${drawn.tag}"`
  if (known === etag) return { status: 304, headers: { etag } }
  return { headers: { 'content-type': 'image/png', etag }, body: drawn.png }
}

/** What the buttons send. Anything else is an error. */
interface Wish {
  readonly act: string
  readonly on?: boolean
  readonly path?: readonly string[]
  readonly events?: readonly ControlInput[]
}

async function act({ simulator, story, state, actions }: DemoPage, { body }: Call): Promise<void> {
  const wish = JSON.parse(body) as Wish
  const on = wish.on === true
  switch (wish.act) {
    case 'other-program':
      story.tell('act', 'Another program, under the same registration, sets a call')
      anotherProgramSetsCall(simulator)
      return
    case 'again':
      await actions.again()
      return
    case 'end':
      actions.end()
      return
    case 'network':
      story.tell('act', on ? 'The network is back' : 'The network is gone')
      if (state.machine === null) simulator.offline(!on)
      else await state.machine.offline(!on)
      return
    default:
  }
  const { machine } = state
  if (machine === null) throw new Error(`'${wish.act}' is up to your own computer`)
  switch (wish.act) {
    case 'lock':
      story.tell('act', on ? 'You lock the screen' : 'You unlock')
      await machine.lock(on)
      return
    case 'sleep':
      story.tell(
        'act',
        on ? 'The computer goes to sleep (in the demo the app runs on)' : 'The computer wakes',
      )
      await machine.sleep(on)
      return
    case 'window':
      await (on ? machine.openWindow() : machine.closeWindow())
      return
    case 'tray':
      await machine.chooseInTray(wish.path ?? [])
      return
    case 'input':
      await machine.input(wish.events ?? [])
      return
    case 'dark':
      await machine.dark(on)
      return
    case 'quit':
      story.tell('act', 'You quit the app')
      await machine.quit()
      return
    default:
      throw new Error(`No such act: ${wish.act}`)
  }
}

function json(value: unknown): Reply {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}
