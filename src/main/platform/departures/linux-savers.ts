/** What the desktops' screen savers tell on the session bus: `GetActive` and `ActiveChanged` under five names. */
import type { Clock, Log } from '../../core/model.ts'
import type { Bus } from '../dbus/bus.ts'
import type { BusLink } from '../dbus/link.ts'
import type { LockFact, Saver } from './linux-lock-rule.ts'

/** Each saver's name, which is its interface's, too, and where it lives. KDE exports its own twice. */
const SAVERS: Readonly<
  Record<Saver, { readonly name: string; readonly paths: readonly [string, ...string[]] }>
> = {
  gnome: { name: 'org.gnome.ScreenSaver', paths: ['/org/gnome/ScreenSaver'] },
  freedesktop: {
    name: 'org.freedesktop.ScreenSaver',
    paths: ['/org/freedesktop/ScreenSaver', '/ScreenSaver'],
  },
  cinnamon: { name: 'org.cinnamon.ScreenSaver', paths: ['/org/cinnamon/ScreenSaver'] },
  mate: { name: 'org.mate.ScreenSaver', paths: ['/org/mate/ScreenSaver'] },
  xfce: { name: 'org.xfce.ScreenSaver', paths: ['/org/xfce/ScreenSaver'] },
}

/** GNOME's shell draws the lock screen itself; where it also owns the saver, that saver is GNOME's. */
const GNOME_SHELL = 'org.gnome.Shell'

/** When a saver that gave no answer is asked again, ms: one that has just started may be busy. */
const ASK_AGAIN_MS = 5_000

/** Follows the savers on the session bus for as long as the bus is used. */
export function watchSavers({
  bus,
  clock,
  log,
  tell,
  present,
  shell,
}: {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly tell: (fact: LockFact) => void
  /** Which savers can be asked, at each change. */
  readonly present: (savers: readonly Saver[]) => void
  /** Whether GNOME's saver is GNOME Shell, at each change. */
  readonly shell: (isGnomeShell: boolean) => void
}): void {
  const answering = new Set<Saver>()
  const cancels = new Map<Saver, () => void>()

  bus.onLost(() => {
    for (const cancel of cancels.values()) cancel()
    answering.clear()
    present([])
  })
  bus.onLink(async (link) => {
    const owners = new Map<string, string | null>()
    await Promise.all((Object.keys(SAVERS) as Saver[]).map((saver) => watchSaver(link, saver, owned)))
    await link.watchName(GNOME_SHELL, (owner) => owned(GNOME_SHELL, owner))

    function owned(name: string, owner: string | null): void {
      owners.set(name, owner)
      const drawing = owners.get(GNOME_SHELL) ?? null
      shell(drawing !== null && drawing === owners.get(SAVERS.gnome.name))
    }
  })

  async function watchSaver(
    link: BusLink,
    saver: Saver,
    owned: (name: string, owner: string | null) => void,
  ): Promise<void> {
    const { name, paths } = SAVERS[saver]
    for (const path of paths) {
      await link.onSignal({ sender: name, interface: name, path, member: 'ActiveChanged' }, ({ body }) => {
        // One that can't be asked can't be read again after a lost bus either: it stays out altogether.
        if (answering.has(saver) && typeof body[0] === 'boolean') told(body[0])
      })
    }
    let owner: string | null = null
    await new Promise<void>((resolve, reject) => {
      link
        .watchName(name, (now) => {
          owner = now
          owned(name, now)
          cancels.get(saver)?.()
          if (now !== null) ask(now, 0, resolve)
          else {
            gone()
            resolve()
          }
        })
        .catch(reject)
    })

    /** Asks at one path after the other. */
    function ask(whom: string, at: number, done: () => void): void {
      const path = paths[at]
      if (path === undefined) {
        gone()
        done()
        return
      }
      link.request({ destination: whom, path, interface: name, member: 'GetActive' }, (reply) => {
        const active = reply.ok ? reply.body[0] : undefined
        if (owner !== whom) done()
        else if (typeof active === 'boolean') {
          if (!answering.has(saver)) {
            log.info('screen saver answers', { saver })
            answering.add(saver)
            present([...answering])
          }
          told(active)
          done()
        } else if (!reply.ok && (reply.error === 'timeout' || reply.error.endsWith('.NoReply'))) {
          cancels.set(
            saver,
            clock.after(ASK_AGAIN_MS, () => ask(whom, 0, () => undefined)),
          )
          done()
        } else ask(whom, at + 1, done) // GNOME's idle proxy under the common name: NotSupported.
      })
    }

    function told(active: boolean): void {
      tell({ type: 'state', source: saver, active })
    }

    function gone(): void {
      if (answering.delete(saver)) present([...answering])
      tell({ type: 'gone', source: saver })
    }
  }
}
