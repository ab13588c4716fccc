import type { CdpSession } from '../chromium/cdp.ts'
import { notImplemented } from '../part.ts'

/** The input events that `sendInputEvent` and the control know. */
export interface InputEvent {
  type: string
  keyCode?: string
  x?: number
  y?: number
  deltaX?: number
  deltaY?: number
  button?: 'left' | 'middle' | 'right'
  clickCount?: number
  modifiers?: string[]
}

const MODIFIERS: Record<string, number> = {
  alt: 1,
  control: 2,
  ctrl: 2,
  meta: 4,
  command: 4,
  cmd: 4,
  shift: 8,
}
const KEYS: Record<string, { code: number; key: string; text?: string }> = {
  enter: { code: 13, key: 'Enter', text: '\r' },
  return: { code: 13, key: 'Enter', text: '\r' },
  tab: { code: 9, key: 'Tab' },
  escape: { code: 27, key: 'Escape' },
  space: { code: 32, key: ' ', text: ' ' },
  backspace: { code: 8, key: 'Backspace' },
  delete: { code: 46, key: 'Delete' },
  up: { code: 38, key: 'ArrowUp' },
  down: { code: 40, key: 'ArrowDown' },
  left: { code: 37, key: 'ArrowLeft' },
  right: { code: 39, key: 'ArrowRight' },
  home: { code: 36, key: 'Home' },
  end: { code: 35, key: 'End' },
}

/** Carries one of Electron's input events into Chromium. */
export async function sendInput(session: CdpSession, event: InputEvent): Promise<void> {
  const modifiers = (event.modifiers ?? []).reduce(
    (all, name) => all | (MODIFIERS[name.toLowerCase()] ?? 0),
    0,
  )
  const at = { x: event.x ?? 0, y: event.y ?? 0, modifiers }
  switch (event.type) {
    case 'mouseDown':
    case 'mouseUp':
      await session.send('Input.dispatchMouseEvent', {
        ...at,
        type: event.type === 'mouseDown' ? 'mousePressed' : 'mouseReleased',
        button: event.button ?? 'left',
        clickCount: event.clickCount ?? 1,
      })
      return
    case 'mouseMove':
      await session.send('Input.dispatchMouseEvent', { ...at, type: 'mouseMoved' })
      return
    case 'mouseWheel':
      await session.send('Input.dispatchMouseEvent', {
        ...at,
        type: 'mouseWheel',
        deltaX: -(event.deltaX ?? 0),
        deltaY: -(event.deltaY ?? 0),
      })
      return
    case 'keyDown':
    case 'rawKeyDown':
    case 'keyUp':
    case 'char':
      await sendKey(session, event, modifiers)
      return
    default:
      notImplemented(`sendInputEvent of ${event.type}`)
  }
}

async function sendKey(session: CdpSession, event: InputEvent, modifiers: number): Promise<void> {
  const name = event.keyCode ?? ''
  const named = KEYS[name.toLowerCase()]
  const code = named?.code ?? name.toUpperCase().charCodeAt(0)
  const text = named === undefined ? name : named.text
  const down = text === undefined || (modifiers & ~8) !== 0 ? 'rawKeyDown' : 'keyDown'
  await session.send('Input.dispatchKeyEvent', {
    type: event.type === 'keyUp' ? 'keyUp' : event.type === 'char' ? 'char' : down,
    modifiers,
    key: named?.key ?? name,
    windowsVirtualKeyCode: code,
    ...(text !== undefined && event.type !== 'keyUp' && { text }),
  })
}
