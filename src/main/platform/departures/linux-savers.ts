/** What the desktops' screen savers tell on the session bus: `GetActive` and `ActiveChanged` under five names. */
import type { Clock, Log } from '../../core/model.ts'
import type { Bus } from '../dbus/bus.ts'
import type { BusLink } from '../dbus/link.ts'
import { type LockFact, type Read, type Saver, SERVICE_RETURNS_MS } from './linux-lock-rule.ts'

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

/** GNOME's shell draws the lock screen itself, and tells login1; the saver's name belongs to a helper process. */
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
  /** Whether GNOME Shell is there, at each change. */
  readonly shell: (isThere: boolean) => void
}): void {
  const answering = new Set<Saver>()
  const cancels = new Map<Saver, () => void>()
  let links = 0

  bus.onLost(() => {
    for (const cancel of cancels.values()) cancel()
    answering.clear()
    present([])
  })
  bus.onLink(async (link) => {
    links += 1
    const again = links > 1
    const since = clock.now().mono
    // After a bus that was lost, services come back one after the other, with what stood before.
    const areReturning = (): boolean => again && clock.now().mono - since < SERVICE_RETURNS_MS
    await link.watchName(GNOME_SHELL, (owner) => shell(owner !== null))
    await Promise.all((Object.keys(SAVERS) as Saver[]).map((saver) => watchSaver(link, saver, areReturning)))
  })

  async function watchSaver(link: BusLink, saver: Saver, areReturning: () => boolean): Promise<void> {
    const { name, paths } = SAVERS[saver]
    for (const path of paths) {
      await link.onSignal({ sender: name, interface: name, path, member: 'ActiveChanged' }, ({ body }) => {
        // One that can't be asked can't be read again after a lost bus either: it stays out altogether.
        if (answering.has(saver) && typeof body[0] === 'boolean') told(body[0])
      })
    }
    // Undefined: not known yet on this connection.
    let owner: string | null | undefined
    await new Promise<void>((resolve, reject) => {
      link
        .watchName(name, (now) => {
          const read = owner === null && !areReturning() ? 'appeared' : 'asked'
          owner = now
          cancels.get(saver)?.()
          if (now !== null) ask(now, { at: 0, read, done: resolve })
          else {
            gone()
            resolve()
          }
        })
        .catch(reject)
    })

    /** Asks at one path after the other. */
    function ask(
      whom: string,
      { at, read, done }: { readonly at: number; readonly read: Read; readonly done: () => void },
    ): void {
      const path = paths[at]
      if (path === undefined) {
        gone()
        done()
        return
      }
      link.request({ destination: whom, path, interface: name, member: 'GetActive' }, (reply) => {
        const active = reply.ok ? reply.body[0] : undefined
        // A bus that was lost meanwhile says nothing about the saver.
        if (owner !== whom || (!reply.ok && reply.error === 'closed')) done()
        else if (typeof active === 'boolean') {
          if (!answering.has(saver)) {
            log.info('screen saver answers', { saver })
            answering.add(saver)
            present([...answering])
          }
          told(active, read)
          done()
        } else if (!reply.ok && (reply.error === 'timeout' || reply.error.endsWith('.NoReply'))) {
          cancels.set(
            saver,
            clock.after(ASK_AGAIN_MS, () => ask(whom, { at: 0, read, done: () => undefined })),
          )
          done()
        } else ask(whom, { at: at + 1, read, done }) // GNOME's idle proxy under the common name: NotSupported.
      })
    }

    function told(active: boolean, read?: Read): void {
      tell({ type: 'state', source: saver, active, ...(read === undefined ? {} : { read }) })
    }

    function gone(): void {
      if (answering.delete(saver)) present([...answering])
      tell({ type: 'gone', source: saver })
    }
  }
}
