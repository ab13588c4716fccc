/** The end of a GNOME or MATE session, told in order by its session manager, which waits for our answer. */
import type { Log } from '../../core/model.ts'
import type { Bus } from '../dbus/bus.ts'
import type { BusLink } from '../dbus/link.ts'
import type { Lifecycle } from '../lifecycle.ts'

const MANAGER = 'org.gnome.SessionManager'
const MANAGER_PATH = '/org/gnome/SessionManager'
const CLIENT = 'org.gnome.SessionManager.ClientPrivate'
/** Our name to the session manager: the desktop file's. */
const APP_ID = 'clear-presence'
/** How long the answer may take to arrive, ms; the bus is closed after it, and the process ends. */
const ANSWER_MS = 300
/**
 * How long a registration may take, ms: it goes out at the log-in, when the manager starts everything else, and there is
 * no second one.
 */
const REGISTER_MS = 60_000

/**
 * Registers as a client of the session manager (gnome-session, mate-session, cinnamon-session). Xfce's is left out: it
 * was seen to crash at a registration, and its SIGTERM tells us as well.
 *
 * The query comes before the user's own confirmation and may end in CancelEndSession, so it is answered at once and
 * means nothing. EndSession is the end: the app quits, and the answer is held back until the clear has let go.
 */
export function watchSessionManager({
  bus,
  startupId,
  lifecycle,
  log,
}: {
  readonly bus: Bus
  /** `DESKTOP_AUTOSTART_ID`, by which the manager knows an app that it has started; else empty. */
  readonly startupId: string
  readonly lifecycle: Pick<Lifecycle, 'onQuit' | 'endSession'>
  readonly log: Log
}): void {
  /** Answers EndSession; null when nobody waits for it. */
  let answer: (() => Promise<void>) | null = null
  let letGo = false

  lifecycle.onQuit(() => {
    letGo = true
    return answerEnd()
  })

  async function answerEnd(): Promise<void> {
    const waiting = answer
    if (waiting === null || !letGo) return
    answer = null
    await waiting()
    log.info('session end answered')
  }

  bus.onLost(() => {
    answer = null
  })
  bus.onLink(async (link) => {
    let client: string | null = null

    // Before registering: the query may follow in the same millisecond as our path.
    await link.onSignal({ sender: MANAGER, interface: CLIENT }, ({ path, member, toUs }) => {
      // A manager that has us on its list waits for us, also when its answer hasn't told our path yet.
      if (path === client || (client === null && toUs)) heard(member, path)
    })
    await link.watchName(MANAGER, (owner) => {
      client = null
      answer = null
      if (owner !== null) register()
    })

    function register(): void {
      const call = {
        ...{ destination: MANAGER, path: MANAGER_PATH, interface: MANAGER, member: 'RegisterClient' },
        ...{ signature: 'ss', body: [APP_ID, startupId], timeoutMs: REGISTER_MS },
      }
      link.request(call, (reply) => {
        const path = reply.ok ? reply.body[0] : undefined
        if (typeof path !== 'string') {
          log.warn('session manager refused', { error: reply.ok ? 'no path' : reply.error })
          return
        }
        client = path
        log.info('session manager knows us', { client: path })
      })
    }

    function heard(member: string, path: string): void {
      log.info('session manager says', { member })
      switch (member) {
        case 'QueryEndSession':
          void respond(link, path)
          return
        case 'EndSession':
          answer = () => respond(link, path)
          void answerEnd() // Where the quit began earlier, and its clear has let go already.
          lifecycle.endSession('log-off')
          return
        case 'Stop':
          lifecycle.endSession('log-off')
          return
        default: // CancelEndSession: nothing was begun.
      }
    }
  })

  async function respond(link: BusLink, path: string): Promise<void> {
    const reply = await link.call({
      ...{ destination: MANAGER, path, interface: CLIENT, member: 'EndSessionResponse' },
      ...{ signature: 'bs', body: [true, ''], timeoutMs: ANSWER_MS },
    })
    if (!reply.ok) log.warn('session manager did not take the answer', { error: reply.error })
  }
}
