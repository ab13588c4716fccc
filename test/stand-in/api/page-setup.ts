import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CdpSession } from '../chromium/cdp.ts'
import type { Protocol } from '../chromium/protocol.ts'
import { BINDING, pageScript, preloadScript, WORLD } from '../chromium/worlds.ts'
import { host } from '../host.ts'
import { notImplemented } from '../part.ts'
import { parts } from './parts.ts'

/** The preferences of a window that the stand-in looks at. */
export interface WebPreferences {
  preload?: string
  additionalArguments?: string[]
  sandbox?: boolean
  contextIsolation?: boolean
  nodeIntegration?: boolean
  session?: unknown
  [other: string]: unknown
}

/** Makes an empty, paused page ready for an app: worlds, preload, interception, size and colours; then lets it run. */
export async function preparePage(
  session: CdpSession,
  preferences: WebPreferences,
  size: { width: number; height: number },
  background: string,
): Promise<void> {
  const secret = `stand-in-${randomBytes(12).toString('hex')}`
  const preload = preferences.preload === undefined ? undefined : readFileSync(preferences.preload, 'utf8')
  const facts = {
    platform: host.platform,
    arch: process.arch,
    versions: { ...process.versions },
    argv: [process.execPath, ...(preferences.additionalArguments ?? [])],
    env: {},
  }
  await Promise.all([
    session.send('Page.enable'),
    session.send('Page.setLifecycleEventsEnabled', { enabled: true }),
    session.send('Runtime.enable'),
    session.send('Inspector.enable'),
    session.send('Runtime.addBinding', { name: BINDING, executionContextName: WORLD }),
    session.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript(secret) }),
    session.send('Page.addScriptToEvaluateOnNewDocument', {
      source: preloadScript(secret, facts, preload),
      worldName: WORLD,
    }),
    session.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
    session.send('Emulation.setDeviceMetricsOverride', metrics(size)),
    session.send('Emulation.setEmulatedMedia', mediaFeatures()),
    session.send('Emulation.setDefaultBackgroundColorOverride', { color: parseColor(background) }),
    session.send('Emulation.setFocusEmulationEnabled', { enabled: true }),
    session.send('Runtime.runIfWaitingForDebugger'),
  ])
}

/** Refuses what would give a page Node's powers: the stand-in could only pretend. */
export function refuseUnsafe(preferences: WebPreferences): void {
  if (preferences.nodeIntegration === true) notImplemented('webPreferences.nodeIntegration')
  if (preferences.contextIsolation === false) notImplemented('webPreferences.contextIsolation: false')
  if (preferences.sandbox === false) notImplemented('webPreferences.sandbox: false')
}

/** A page as large as its window. */
export function metrics(size: {
  width: number
  height: number
}): Protocol.Emulation.setDeviceMetricsOverrideParameters {
  return { ...size, deviceScaleFactor: 1, mobile: false }
}

/** Dark or light, as `nativeTheme` says. */
export function mediaFeatures(): Protocol.Emulation.setEmulatedMediaParameters {
  return {
    features: [
      { name: 'prefers-color-scheme', value: parts.nativeTheme.shouldUseDarkColors ? 'dark' : 'light' },
    ],
  }
}

/** `#rgb`, `#rrggbb`, `#aarrggbb` (Electron's order) or white. */
function parseColor(text: string): { r: number; g: number; b: number; a: number } {
  const hex = /^#([0-9a-f]+)$/i.exec(text)?.[1] ?? 'ffffff'
  const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex
  const rgb = full.length === 8 ? full.slice(2) + full.slice(0, 2) : `${full}ff`
  const channel = (at: number): number => Number.parseInt(rgb.slice(at, at + 2), 16)
  return { r: channel(0), g: channel(2), b: channel(4), a: channel(6) / 255 }
}
