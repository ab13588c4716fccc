/**
 * Draws assets/generated/ from the SVG sources in assets/ with a headless Chromium.
 *
 *   npm exec -- node tools/make-icons.ts           writes the files
 *   npm exec -- node tools/make-icons.ts --check   fails when a file differs from what its source draws
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { locateChromium } from '../test/stand-in/chromium/locate.ts'

const ASSETS = join(import.meta.dirname, '../assets')
const TRAY_SIZES = { template: [16, 32], light: [16, 20, 24, 32, 48], dark: [16, 20, 24, 32, 48] } as const
const TRAY_INK = { template: '#000000', light: '#242424', dark: '#ffffff' } as const
const APP_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024]

/** One PNG to draw: where it goes and how large it is. */
interface Drawing {
  readonly file: string
  readonly edge: number
  readonly svg: string
}

async function drawings(): Promise<Drawing[]> {
  const list: Drawing[] = []
  for (const source of (await readdir(join(ASSETS, 'glyphs'))).sort()) {
    const svg = await readFile(join(ASSETS, 'glyphs', source), 'utf8')
    for (const tone of ['template', 'light', 'dark'] as const) {
      const inked = svg.replaceAll('#000', TRAY_INK[tone]).replace('<svg ', `<svg fill="${TRAY_INK[tone]}" `)
      for (const edge of TRAY_SIZES[tone]) {
        list.push({ file: `tray/${source.replace('.svg', '')}-${tone}-${edge}.png`, edge, svg: inked })
      }
    }
  }
  const app = await readFile(join(ASSETS, 'app-icon.svg'), 'utf8')
  for (const edge of APP_SIZES) list.push({ file: `app/${edge}x${edge}.png`, edge, svg: app })
  return list
}

async function draw(page: Page, { edge, svg }: Drawing): Promise<Buffer> {
  await page.setViewportSize({ width: edge, height: edge })
  const sized = svg.replace(/ width="\d+" height="\d+"/, ` width="${edge}" height="${edge}"`)
  await page.setContent(`<style>*{margin:0}svg{display:block}</style>${sized}`)
  return page.screenshot({ omitBackground: true, clip: { x: 0, y: 0, width: edge, height: edge } })
}

/** Sizes in a Windows icon, and the kinds of a macOS icon with their size (Apple, `iconutil`); all hold PNGs. */
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256]
const ICNS_KINDS = [
  ...[
    ['icp4', 16],
    ['icp5', 32],
    ['icp6', 64],
    ['ic07', 128],
    ['ic08', 256],
    ['ic09', 512],
    ['ic10', 1024],
  ],
  ...[
    ['ic11', 32],
    ['ic12', 64],
    ['ic13', 256],
    ['ic14', 512],
  ],
] as const satisfies readonly (readonly [string, number])[]

/** Packs PNGs by their edge into a Windows icon. */
function windowsIcon(pngs: ReadonlyMap<number, Buffer>): Buffer {
  const images = ICO_SIZES.map((edge) => ({ edge, png: pngs.get(edge) ?? Buffer.alloc(0) }))
  const head = Buffer.alloc(6 + images.length * 16)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(images.length, 4)
  let at = head.length
  for (const [index, { edge, png }] of images.entries()) {
    const entry = 6 + index * 16
    head.writeUInt8(edge % 256, entry) // 0 means 256
    head.writeUInt8(edge % 256, entry + 1)
    head.writeUInt16LE(1, entry + 4) // planes
    head.writeUInt16LE(32, entry + 6) // bits of a pixel
    head.writeUInt32LE(png.length, entry + 8)
    head.writeUInt32LE(at, entry + 12)
    at += png.length
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)])
}

/** Packs PNGs by their edge into a macOS icon. */
function macIcon(pngs: ReadonlyMap<number, Buffer>): Buffer {
  const chunk = (kind: string, content: Buffer): Buffer => {
    const head = Buffer.from(`${kind}0000`, 'latin1')
    head.writeUInt32BE(content.length + 8, 4)
    return Buffer.concat([head, content])
  }
  const chunks = ICNS_KINDS.map(([kind, edge]) => chunk(kind, pngs.get(edge) ?? Buffer.alloc(0)))
  return chunk('icns', Buffer.concat(chunks))
}

const check = process.argv.includes('--check')
const generated = join(ASSETS, 'generated')
const { executable, env } = await locateChromium()
const browser = await chromium.launch({
  executablePath: executable,
  env: { ...process.env, ...env },
  args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
})
try {
  const page = await browser.newPage({ deviceScaleFactor: 1 })
  if (!check) {
    await rm(generated, { recursive: true, force: true })
    await mkdir(join(generated, 'tray'), { recursive: true })
    await mkdir(join(generated, 'app'), { recursive: true })
  }
  const list = await drawings()
  const stale: string[] = []
  const put = async (file: string, content: Buffer): Promise<void> => {
    const path = join(generated, file)
    if (!check) await writeFile(path, content)
    else if (!content.equals(await readFile(path))) stale.push(file)
  }
  const app = new Map<number, Buffer>()
  for (const drawing of list) {
    const png = await draw(page, drawing)
    if (drawing.file.startsWith('app/')) app.set(drawing.edge, png)
    await put(drawing.file, png)
  }
  await put('app.ico', windowsIcon(app))
  await put('app.icns', macIcon(app))
  if (stale.length > 0) {
    console.error(`Out of date, run tools/make-icons.ts: ${stale.join(', ')}`)
    process.exitCode = 1
  } else {
    console.log(`${list.length} icons ${check ? 'are up to date' : 'drawn'}`)
  }
} finally {
  await browser.close()
}
