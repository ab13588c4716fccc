/** The computer around the app, as the demo's page plays it on the stand-in: lock, sleep, network, window, tray. */
import { createHash } from 'node:crypto'
import { ControlClient } from '../../test/stand-in/control-client.ts'
import type { ControlInput, MenuEntry } from '../../test/stand-in/control-types.ts'
import type { Simulator } from '../../test/simulator/index.ts'
import type { Platform } from './electron.ts'

/** What the page shows of the computer. */
export interface MachineState {
  readonly locked: boolean
  readonly asleep: boolean
  readonly offline: boolean
  /** Null while the app's window is closed. */
  readonly window: { readonly title: string; readonly width: number; readonly height: number } | null
  readonly tray: {
    readonly toolTip: string
    readonly image: string
    readonly menu: readonly MenuEntry[]
  } | null
}

/** A picture of the window; `tag` changes with it. */
export interface Picture {
  readonly tag: string
  readonly png: Buffer
}

/** The computer. Every call rejects when the app is gone. */
export interface Machine {
  state(): Promise<MachineState>
  /** Undefined while the window is closed. */
  picture(): Promise<Picture | undefined>
  lock(locked: boolean): Promise<void>
  sleep(asleep: boolean): Promise<void>
  offline(offline: boolean): Promise<void>
  /** The system's dark mode. */
  dark(dark: boolean): Promise<void>
  openWindow(): Promise<void>
  closeWindow(): Promise<void>
  chooseInTray(path: readonly string[]): Promise<void>
  input(events: readonly ControlInput[]): Promise<void>
  quit(): Promise<void>
}

/** Connects to a stand-in that was started with `STAND_IN_CONTROL=controlFile`. Rejects when it doesn't come up. */
export async function connectMachine(
  controlFile: string,
  platform: Platform,
  simulator: Simulator,
): Promise<Machine> {
  const control = await ControlClient.connect(controlFile, 30_000)
  let locked = false
  let asleep = false
  let drawing: Promise<Picture | undefined> | undefined

  const pageWindow = async () => (await control.call('windows')).findLast(({ hasPage }) => hasPage)

  async function draw(): Promise<Picture | undefined> {
    if ((await pageWindow()) === undefined) return undefined
    const png = await control.screenshot()
    return { png, tag: createHash('sha256').update(png).digest('hex').slice(0, 16) }
  }

  return {
    state: async () => {
      const [window, tray] = await Promise.all([pageWindow(), control.call('tray')])
      return {
        locked,
        asleep,
        offline: simulator.isOffline(),
        window:
          window === undefined
            ? null
            : { title: window.title, width: window.bounds.width, height: window.bounds.height },
        tray: tray.exists ? { toolTip: tray.toolTip, image: tray.image, menu: tray.menu } : null,
      }
    },
    picture: () =>
      (drawing ??= draw().finally(() => {
        drawing = undefined
      })),
    lock: async (wanted) => {
      // Linux has no such event: the app looks every 15 s.
      if (platform === 'linux') await control.call('idle', { state: wanted ? 'locked' : 'follow' })
      else await control.call('power', { event: wanted ? 'lock-screen' : 'unlock-screen' })
      locked = wanted
    },
    sleep: async (wanted) => {
      await control.call('power', { event: wanted ? 'suspend' : 'resume' })
      asleep = wanted
    },
    offline: async (wanted) => {
      simulator.offline(wanted)
      await control.call('online', { online: wanted ? false : null })
    },
    dark: (dark) => control.call('dark', { dark }),
    openWindow: () => control.call('trayChoose', { item: 'open' }),
    closeWindow: () => control.call('closeWindow'),
    chooseInTray: (path) => control.call('trayChoose', { item: [...path] }),
    input: async (events) => {
      for (const event of events) await control.call('input', event)
    },
    quit: () => control.call('quit'),
  }
}
