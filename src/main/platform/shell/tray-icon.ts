/** Which icon stands in the tray: a pure function of what there is to say and of the panel it stands on. */
import type { Face } from '../../../shared/snapshot.ts'

/** The drawings in assets/glyphs, told apart by shape and never by colour. */
export const TRAY_SHAPES = ['on', 'clearing', 'cleared', 'not-cleared', 'sign-in', 'off'] as const

/** One drawing. */
export type TrayShape = (typeof TRAY_SHAPES)[number]

/**
 * How it is coloured: `template` is black with alpha, which macOS recolours itself; `light` is dark ink for a light
 * panel, `dark` is white ink for a dark one.
 */
export const TRAY_TONES = ['template', 'light', 'dark'] as const

/** One colouring. */
export type TrayTone = (typeof TRAY_TONES)[number]

/** The name of one tray icon, as its files are named: `on-dark`. */
export type TrayIconName = `${TrayShape}-${TrayTone}`

const SHAPE: Record<Face['kind'], TrayShape> = {
  on: 'on',
  clearing: 'clearing',
  cleared: 'cleared',
  'nothing-to-clear': 'cleared',
  'not-cleared': 'not-cleared',
  'not-permitted': 'not-cleared',
  'needs-sign-in': 'sign-in',
  'signed-out': 'sign-in',
  'signing-in': 'clearing',
  'not-configured': 'off',
  'not-supported': 'off',
}

/** `dark` is whether the panel is dark; macOS doesn't need to know. */
export function trayIcon(kind: Face['kind'], platform: NodeJS.Platform, dark: boolean): TrayIconName {
  const tone = platform === 'darwin' ? 'template' : dark ? 'dark' : 'light'
  return `${SHAPE[kind]}-${tone}`
}
