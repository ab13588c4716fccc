/*
 * What the control understands. Shared by the process that is controlled and by those who control it, so it imports
 * nothing that runs.
 */

/** One item of a menu. */
export interface MenuEntry {
  id: string
  label: string
  type: string
  enabled: boolean
  visible: boolean
  checked: boolean
  accelerator?: string
  role?: string
  submenu?: MenuEntry[]
}

/** What a desktop would show of the app's tray icon. */
export interface TrayState {
  exists: boolean
  toolTip: string
  title: string
  menu: MenuEntry[]
  /** The icon as PNG, base64. */
  image: string
  template: boolean
}

/** One window. */
export interface WindowState {
  id: number
  title: string
  visible: boolean
  focused: boolean
  bounds: { x: number; y: number; width: number; height: number }
  url: string
  /** False for a `BaseWindow`. */
  hasPage: boolean
}

/** An element of a page: by CSS selector, or by accessible name (and role), as a screen reader knows it. */
export interface ElementTarget {
  selector?: string
  name?: string
  role?: string
  /** How long to wait for it (real time, ms; default 10 000). */
  timeoutMs?: number
}

/** One input event, in Electron's words. */
export interface ControlInput {
  type: 'keyDown' | 'keyUp' | 'char' | 'mouseDown' | 'mouseUp' | 'mouseMove' | 'mouseWheel'
  keyCode?: string
  x?: number
  y?: number
  deltaY?: number
  clickCount?: number
  modifiers?: string[]
}

interface OfWindow {
  id?: number
}
type Answer<T> = T | Promise<T>

/** The operations of the control. A page's operations take the newest window unless `id` names one. */
export interface Operations {
  /** The process at a glance. */
  state: (input: object) => Answer<Record<string, unknown>>
  /** A powerMonitor event. Refused when the posed platform never sends it. */
  power: (input: { event: string }) => Answer<{ prevented: boolean }>
  /** What the idle polls answer: a state (`follow` undoes it: locked after `lock-screen`, else by time), and seconds. */
  idle: (input: {
    state?: 'active' | 'idle' | 'locked' | 'unknown' | 'follow'
    seconds?: number
  }) => Answer<void>
  /** The machine shuts down (macOS, Linux): event, then the system ends the process. */
  shutdown: (input: object) => Answer<{ prevented: boolean }>
  /** Windows asks every window. */
  querySessionEnd: (input: { reasons?: string[] }) => Answer<{ agreed: boolean }>
  /**
   * Windows ends the session; the process dies when the last handler has returned. With `askFirstMs` Windows asks every
   * window first, and ends that many ms later.
   */
  endSession: (input: { reasons?: string[]; askFirstMs?: number }) => Answer<void>
  /** A click on the dock icon (macOS). */
  activate: (input: object) => Answer<void>
  windows: (input: object) => Answer<WindowState[]>
  /** The user closes a window. */
  closeWindow: (input: OfWindow) => Answer<void>
  /** The page's picture, base64 PNG. */
  screenshot: (input: OfWindow) => Answer<{ png: string }>
  /** The page's visible text. */
  text: (input: OfWindow) => Answer<{ text: string }>
  /** A real mouse click in the middle of an element, once it is there and enabled. */
  click: (input: OfWindow & ElementTarget) => Answer<void>
  /** Runs code in the page's world. */
  script: (input: OfWindow & { code: string }) => Answer<{ value: unknown }>
  input: (input: OfWindow & ControlInput) => Answer<void>
  /** Types text where the focus is. */
  type: (input: OfWindow & { text: string }) => Answer<void>
  tray: (input: object) => Answer<TrayState>
  /** Chooses by id, label, or labels from the outside in. */
  trayChoose: (input: { item: string | string[] }) => Answer<void>
  trayClick: (input: { kind?: 'click' | 'right-click' | 'double-click' }) => Answer<void>
  /** The application menu. */
  menu: (input: object) => Answer<MenuEntry[]>
  menuChoose: (input: { item: string | string[] }) => Answer<void>
  /** Presses a shortcut of the application menu, for example `Ctrl+Q`. */
  accelerator: (input: { keys: string }) => Answer<void>
  /** URLs handed to the system, oldest first. */
  opened: (input: object) => Answer<string[]>
  notifications: (input: object) => Answer<{ title: string; body: string }[]>
  clickNotification: (input: { index: number }) => Answer<void>
  dialogs: (input: object) => Answer<{ kind: string; title: string; message: string; buttons: string[] }[]>
  /** The answer to the next dialog: number of a button, or paths. */
  answerDialog: (input: { answer: number | string | string[] }) => Answer<void>
  /** The system's dark mode. */
  dark: (input: { dark: boolean }) => Answer<void>
  /** What `net.isOnline` answers; `null` follows the machine. */
  online: (input: { online: boolean | null }) => Answer<void>
  /** Moves `Date`, timers and monotonic clocks of main and workers; `wallOnly` moves `Date` alone. */
  advanceTime: (input: { ms: number; wallOnly?: boolean }) => Answer<void>
  quit: (input: object) => Answer<void>
}
