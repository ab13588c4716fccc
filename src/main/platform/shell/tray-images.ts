/** The tray icons as data URLs inside the bundle, so that main stays one file. Drawn by tools/make-icons.ts. */
import type { TrayIconName } from './tray-icon.ts'

/** One image for one scale, ready for `nativeImage.addRepresentation`. */
export interface TrayRepresentation {
  readonly scaleFactor: number
  readonly dataURL: string
}

const files = import.meta.glob<string>('../../../../assets/generated/tray/*.png', {
  query: '?inline',
  import: 'default',
  eager: true,
})

/**
 * Edge of the icon at scale 1, px, and the scales that get an image of their own. macOS and Windows draw 16 (Windows
 * also at 125 and 150 %), Linux panels 22 to 24.
 */
const SIZES = {
  darwin: { edge: 16, scales: [1, 2] },
  win32: { edge: 16, scales: [1, 1.25, 1.5, 2] },
  other: { edge: 24, scales: [1, 2] },
} as const

/**
 * The images of one icon, scale 1 first: `addRepresentation` each to an empty image, and on macOS call
 * `setTemplateImage(true)`.
 * @throws Error when a file is missing, which a test rules out.
 */
export function trayImages(name: TrayIconName, platform: NodeJS.Platform): readonly TrayRepresentation[] {
  const { edge, scales } = platform === 'darwin' || platform === 'win32' ? SIZES[platform] : SIZES.other
  return scales.map((scaleFactor) => {
    const dataURL = files[`../../../../assets/generated/tray/${name}-${edge * scaleFactor}.png`]
    if (dataURL === undefined) throw new Error(`No tray image ${name} of ${edge * scaleFactor} px`)
    return { scaleFactor, dataURL }
  })
}
