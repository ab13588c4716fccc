import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'

/** How to start a Chromium: the executable and what its environment needs. */
export interface ChromiumInstall {
  readonly executable: string
  readonly env: Readonly<Record<string, string>>
}

const require = createRequire(import.meta.url)
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/stand-in-chromium')
const INSTALLED = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Finds a Chromium: `CHROMIUM_PATH`, else the one inside the npm package `@sparticuz/chromium` (Linux x64; unpacked
 * once into `node_modules/.cache`, without root), else one that is installed.
 * @throws Error saying what to do when there is none.
 */
export async function locateChromium(): Promise<ChromiumInstall> {
  const named = process.env['CHROMIUM_PATH']
  if (named !== undefined && named !== '') return { executable: named, env: {} }
  if (process.arch === 'x64') {
    const packed = packageFolder()
    if (packed !== undefined) return unpacked(packed)
  }
  const found = findInstalled()
  if (found !== undefined) return { executable: found, env: {} }
  throw new Error('stand-in: no Chromium found. Install one, or set CHROMIUM_PATH to its executable.')
}

function packageFolder(): string | undefined {
  try {
    // The package exports no package.json; its entry lies two folders below its root.
    const root = join(dirname(require.resolve('@sparticuz/chromium')), '../..')
    return existsSync(join(root, 'bin/chromium.br')) ? root : undefined
  } catch {
    return undefined // not installed: the caller looks elsewhere
  }
}

function findInstalled(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of INSTALLED) {
      if (existsSync(join(folder, name))) return join(folder, name)
    }
  }
  return undefined
}

/** Unpacks into a folder of its own and renames it, so that parallel first starts don't see each other's halves. */
async function unpacked(packageRoot: string): Promise<ChromiumInstall> {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  const folder = join(CACHE, manifest.version)
  const install: ChromiumInstall = {
    executable: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') },
  }
  if (existsSync(install.executable)) return install
  await mkdir(CACHE, { recursive: true })
  const temporary = await mkdtemp(join(CACHE, 'unpacking-'))
  try {
    const bin = join(packageRoot, 'bin')
    const { extract } = await import('tar-fs')
    await Promise.all([
      pipeline(
        createReadStream(join(bin, 'chromium.br'), { highWaterMark: 2 ** 22 }),
        createBrotliDecompress({ chunkSize: 2 ** 21 }),
        createWriteStream(join(temporary, 'chromium'), { mode: 0o755 }),
      ),
      ...['al2023', 'fonts'].map((name) =>
        pipeline(
          createReadStream(join(bin, `${name}.tar.br`)),
          createBrotliDecompress(),
          extract(join(temporary, name)),
        ),
      ),
      writeFile(join(temporary, 'fonts.conf'), fontsConf(folder)),
    ])
    await rename(temporary, folder)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    if (!existsSync(install.executable)) throw error // else another start was faster
  }
  return install
}

/** Without it Chromium draws pages without any text and without an error. System fonts, if any, come first. */
function fontsConf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir>${join(folder, 'fontconfig-cache')}</cachedir>
</fontconfig>
`
}
