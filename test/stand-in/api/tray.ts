import { needsReady } from '../host.ts'
import { fire, Part } from '../part.ts'
import type { Menu } from './menu.ts'
import { NativeImage } from './native-image.ts'

/** Electron's `Tray`: keeps what a desktop would show. */
export class Tray extends Part {
  /** Not Electron's: every tray that is not destroyed. */
  static readonly _all = new Set<Tray>()
  private image: NativeImage
  private pressedImage: NativeImage | undefined
  private toolTip = ''
  private title = ''
  private menu: Menu | null = null
  private destroyed = false
  private ignoreDoubleClick = false
  private readonly guid: string | null

  constructor(image: NativeImage | string, guid?: string) {
    super()
    needsReady('Tray')
    this.image = toImage(image)
    this.guid = guid ?? null
    Tray._all.add(this)
  }

  setImage(image: NativeImage | string): void {
    this.alive()
    this.image = toImage(image)
  }

  setPressedImage(image: NativeImage | string): void {
    this.pressedImage = toImage(image)
  }

  setToolTip(toolTip: string): void {
    this.alive()
    this.toolTip = toolTip
  }

  setTitle(title: string): void {
    this.alive()
    this.title = title
  }

  getTitle(): string {
    return this.title
  }

  setContextMenu(menu: Menu | null): void {
    this.alive()
    this.menu = menu
  }

  popUpContextMenu(menu?: Menu): void {
    ;(menu ?? this.menu)?.popup()
  }

  closeContextMenu(): void {
    this.menu?.closePopup()
  }

  setIgnoreDoubleClickEvents(ignore: boolean): void {
    this.ignoreDoubleClick = ignore
  }

  getIgnoreDoubleClickEvents(): boolean {
    return this.ignoreDoubleClick
  }

  getBounds(): { x: number; y: number; width: number; height: number } {
    return { x: 1200, y: 876, width: 24, height: 24 }
  }

  getGUID(): string | null {
    return this.guid
  }

  focus(): void {
    // the notification area takes the focus; nobody is told
  }

  isDestroyed(): boolean {
    return this.destroyed
  }

  destroy(): void {
    this.destroyed = true
    Tray._all.delete(this)
  }

  /** Not Electron's: what a desktop would show. */
  _shown(): {
    toolTip: string
    title: string
    menu: Menu | null
    image: NativeImage
    pressed: NativeImage | undefined
  } {
    return {
      toolTip: this.toolTip,
      title: this.title,
      menu: this.menu,
      image: this.image,
      pressed: this.pressedImage,
    }
  }

  /** Not Electron's: the user clicks the icon. */
  _click(kind: 'click' | 'right-click' | 'double-click'): void {
    const modifiers = { altKey: false, shiftKey: false, ctrlKey: false, metaKey: false }
    fire(this, kind, modifiers, this.getBounds(), { x: 1212, y: 888 })
  }

  private alive(): void {
    if (this.destroyed) throw new Error('Tray is destroyed')
  }
}

function toImage(image: NativeImage | string): NativeImage {
  const made = typeof image === 'string' ? NativeImage.createFromPath(image) : image
  if (typeof image === 'string' && made.isEmpty())
    throw new Error(`Failed to load image from path '${image}'`)
  return made
}
