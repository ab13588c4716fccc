import { describe, expect, it } from 'vitest'
import type { Face } from '../../../shared/snapshot.ts'
import { TRAY_SHAPES, TRAY_TONES, trayIcon } from './tray-icon.ts'
import { trayImages } from './tray-images.ts'

const KINDS: Record<Face['kind'], string> = {
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
const kinds = Object.keys(KINDS) as Face['kind'][]

describe('trayIcon', () => {
  it.each(kinds)('%s has its shape on every platform and panel', (kind) => {
    for (const dark of [true, false]) {
      expect(trayIcon(kind, 'darwin', dark)).toBe(`${KINDS[kind]}-template`)
      expect(trayIcon(kind, 'win32', dark)).toBe(`${KINDS[kind]}-${dark ? 'dark' : 'light'}`)
      expect(trayIcon(kind, 'linux', dark)).toBe(`${KINDS[kind]}-${dark ? 'dark' : 'light'}`)
    }
  })

  it('tells covered, working, done, failed, signed out and off apart', () => {
    const shown = (['on', 'clearing', 'cleared', 'not-cleared', 'signed-out', 'not-configured'] as const).map(
      (kind) => trayIcon(kind, 'linux', true),
    )
    expect(new Set(shown).size).toBe(TRAY_SHAPES.length)
  })
})

describe('trayImages', () => {
  const sizeOf = (dataURL: string): [number, number] => {
    expect(dataURL).toMatch(/^data:image\/png;base64,/)
    const bytes = Buffer.from(dataURL.slice(dataURL.indexOf(',') + 1), 'base64')
    expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG')
    return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  }

  it.each([
    ['darwin', 16, [1, 2]],
    ['win32', 16, [1, 1.25, 1.5, 2]],
    ['linux', 24, [1, 2]],
  ] as const)('has every icon for %s in the promised sizes', (platform, edge, scales) => {
    for (const kind of kinds) {
      for (const dark of [true, false]) {
        const images = trayImages(trayIcon(kind, platform, dark), platform)
        expect(images.map((image) => image.scaleFactor)).toEqual(scales)
        for (const { scaleFactor, dataURL } of images) {
          expect(sizeOf(dataURL)).toEqual([edge * scaleFactor, edge * scaleFactor])
        }
      }
    }
  })

  it('draws every shape and tone differently', () => {
    const urls = TRAY_SHAPES.flatMap((shape) =>
      TRAY_TONES.map((tone) =>
        trayImages(`${shape}-${tone}`, 'darwin')
          .map((image) => image.dataURL)
          .join(),
      ),
    )
    // Template and light differ in ink (#000 and #242424), so that all are different.
    expect(new Set(urls).size).toBe(TRAY_SHAPES.length * TRAY_TONES.length)
  })
})
