import type { MenuItem as ElectronMenuItem } from 'electron'
import { fire, Part, QuietPart } from '../part.ts'
import { parts } from './parts.ts'
import { roleLabel, roleSubmenu, runRole } from './menu-roles.ts'

type Role = NonNullable<ElectronMenuItem['role']>
type Click = (item: MenuItem, window: unknown, event: object) => void

/** The template members that the stand-in looks at. */
export interface MenuItemOptions {
  id?: string
  label?: string
  type?: MenuItem['type']
  role?: Role
  accelerator?: string
  enabled?: boolean
  visible?: boolean
  checked?: boolean
  click?: Click
  submenu?: (MenuItemOptions | MenuItem)[] | Menu
  icon?: unknown
  sublabel?: string
  toolTip?: string
  registerAccelerator?: boolean
}

let lastCommandId = 0

/** Electron's `MenuItem`. */
export class MenuItem extends QuietPart {
  readonly id: string
  label: string
  type: 'normal' | 'separator' | 'submenu' | 'checkbox' | 'radio' | 'header' | 'palette'
  readonly role?: Role
  accelerator: string | null
  enabled: boolean
  visible: boolean
  checked: boolean
  click: (event?: object, window?: unknown, contents?: unknown) => void
  readonly submenu?: Menu
  icon: unknown
  sublabel: string
  toolTip: string
  accessibilityLabel = ''
  readonly registerAccelerator: boolean
  readonly commandId = ++lastCommandId
  readonly userAccelerator: string | null = null
  menu!: Menu

  constructor(options: MenuItemOptions) {
    super()
    if (options.submenu !== undefined && options.type !== undefined && options.type !== 'submenu') {
      throw new TypeError('Invalid submenu')
    }
    const submenu = options.submenu ?? (options.role === undefined ? undefined : roleSubmenu(options.role))
    if (submenu !== undefined)
      this.submenu = submenu instanceof Menu ? submenu : Menu.buildFromTemplate(submenu)
    if (options.role !== undefined) this.role = options.role
    this.type = options.type ?? (this.submenu === undefined ? 'normal' : 'submenu')
    if (this.type === 'submenu' && this.submenu === undefined) throw new TypeError('Submenu is required')
    this.id = options.id ?? ''
    this.label = options.label ?? (options.role === undefined ? '' : roleLabel(options.role))
    this.accelerator = options.accelerator ?? null
    this.enabled = options.enabled ?? true
    this.visible = options.visible ?? true
    this.checked = options.checked ?? false
    this.icon = options.icon
    this.sublabel = options.sublabel ?? ''
    this.toolTip = options.toolTip ?? ''
    this.registerAccelerator = options.registerAccelerator ?? true
    const handler = options.click
    this.click = (event = {}, window = parts.focused) => {
      if (this.type === 'checkbox') this.checked = !this.checked
      else if (this.type === 'radio') this.chooseRadio()
      if (this.role !== undefined && this.type !== 'submenu') {
        if (runRole(this.role)) return
      }
      handler?.(this, window, event)
    }
  }

  /** Of neighbouring radio items exactly one is checked. */
  private chooseRadio(): void {
    const items = this.menu.items
    const at = items.indexOf(this)
    for (const step of [-1, 1]) {
      for (let i = at + step, item = items[i]; item?.type === 'radio'; i += step, item = items[i]) {
        item.checked = false
      }
    }
    this.checked = true
  }
}

let applicationMenu: Menu | null = null

/** Electron's `Menu`; nothing is drawn, items are clicked by tests and by the control. */
export class Menu extends Part {
  readonly items: MenuItem[] = []

  static buildFromTemplate(template: (MenuItemOptions | MenuItem)[]): Menu {
    if (!Array.isArray(template))
      throw new TypeError('Invalid template for Menu: Menu template must be an array')
    const menu = new Menu()
    for (const entry of template) menu.append(entry instanceof MenuItem ? entry : new MenuItem(entry))
    return menu
  }

  static setApplicationMenu(menu: Menu | null): void {
    applicationMenu = menu
  }

  static getApplicationMenu(): Menu | null {
    return applicationMenu
  }

  append(item: MenuItem): void {
    this.insert(this.items.length, item)
  }

  insert(position: number, item: MenuItem): void {
    item.menu = this
    this.items.splice(position, 0, item)
    if (item.type !== 'radio') return
    const at = this.items.indexOf(item)
    const alone = this.items[at - 1]?.type !== 'radio'
    if (alone && !item.checked) item.checked = true
    else if (item.checked && !alone) {
      for (let i = at - 1, other = this.items[i]; other?.type === 'radio'; i--, other = this.items[i]) {
        other.checked = false
      }
    }
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      if (item.id === id) return item
      const inner = item.submenu?.getMenuItemById(id)
      if (inner !== null && inner !== undefined) return inner
    }
    return null
  }

  popup(): void {
    fire(this, 'menu-will-show', {})
  }

  closePopup(): void {
    fire(this, 'menu-will-close', {})
  }
}
