/** The tray icon: drawn from the snapshot, and touched only where the snapshot changed something. */
import { Menu, nativeImage, nativeTheme, Tray, type NativeImage } from 'electron'
import type { Log } from '../../core/model.ts'
import type { Face, Snapshot } from '../../../shared/snapshot.ts'
import { snapshotSentence, type Reading } from '../../../shared/strings.ts'
import { panelIsDark } from './panel.ts'
import type { TrayIconName } from './tray-icon.ts'
import type { TrayRepresentation } from './tray-images.ts'
import { trayMenu, type TrayActions } from './tray-menu.ts'

/** The tray icon. */
export interface TrayIcon {
  /** Shows this state. */
  render(snapshot: Snapshot): void
  /** Whether the desktop took it; without one the app is used through its window. */
  readonly available: boolean
  destroy(): void
}

/** Creates the icon; call it after ready. A desktop without a tray costs a log line, not the app. */
export function createTray({
  images,
  icon,
  platform,
  reading,
  log,
  onUsed,
  ...actions
}: TrayActions & {
  readonly images: (name: TrayIconName, platform: NodeJS.Platform) => readonly TrayRepresentation[]
  readonly icon: (kind: Face['kind'], platform: NodeJS.Platform, dark: boolean) => TrayIconName
  readonly platform: NodeJS.Platform
  /** Locale and time, read at each rendering. */
  readonly reading: () => Reading
  readonly log: Log
  /** The user clicked the icon or its menu. */
  readonly onUsed?: () => void
}): TrayIcon {
  const drawn = new Map<TrayIconName, NativeImage>()
  let tray: Tray | null = null
  let failed = false
  let last: Snapshot | null = null
  const shown = { icon: '', toolTip: '', menu: '' }

  const used = (): void => onUsed?.()
  const wrapped: TrayActions = {
    onCommand(command) {
      used()
      actions.onCommand(command)
    },
    onOpen() {
      used()
      actions.onOpen()
    },
  }

  function image(name: TrayIconName): NativeImage {
    const known = drawn.get(name)
    if (known !== undefined) return known
    const made = nativeImage.createEmpty()
    for (const { scaleFactor, dataURL } of images(name, platform))
      made.addRepresentation({ scaleFactor, dataURL })
    if (platform === 'darwin') made.setTemplateImage(true)
    drawn.set(name, made)
    return made
  }

  function create(name: TrayIconName): Tray {
    const made = new Tray(image(name))
    // macOS opens the menu itself; a handler of ours on top would toggle twice.
    if (platform !== 'darwin') made.on('click', () => wrapped.onOpen())
    return made
  }

  function draw(snapshot: Snapshot): void {
    const dark = panelIsDark({
      platform,
      desktop: process.env['XDG_CURRENT_DESKTOP'],
      appsDark: nativeTheme.shouldUseDarkColors,
      systemDark: platform === 'win32' && nativeTheme.shouldUseDarkColorsForSystemIntegratedUI,
    })
    const name = icon(snapshot.face.kind, platform, dark)
    if (tray === null) tray = create(name)
    else if (name !== shown.icon) tray.setImage(image(name))
    shown.icon = name

    const now = reading()
    const toolTip = snapshotSentence(snapshot, now)
    if (toolTip !== shown.toolTip) tray.setToolTip(toolTip)
    shown.toolTip = toolTip

    // Linux shows changed items only when the whole menu is set again; the others don't mind.
    const template = trayMenu(snapshot, now, platform, wrapped)
    const menu = JSON.stringify(template)
    if (menu !== shown.menu) tray.setContextMenu(Menu.buildFromTemplate(template))
    shown.menu = menu
  }

  function render(snapshot: Snapshot): void {
    last = snapshot
    if (failed) return
    try {
      draw(snapshot)
    } catch (error) {
      // Without an icon there is nothing to try again; one that stands may well take the next state.
      failed = tray === null
      log.error(failed ? 'no tray icon' : 'tray icon not updated', { error: String(error) })
    }
  }

  const redraw = (): void => {
    if (last !== null) render(last)
  }
  nativeTheme.on('updated', redraw)

  return {
    render,
    get available() {
      return tray !== null && !failed
    },
    destroy() {
      nativeTheme.off('updated', redraw)
      failed = true
      tray?.destroy()
      tray = null
    },
  }
}
