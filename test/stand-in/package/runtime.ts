/** A copy of the stand-in that every user of this machine can read, for packages that are run by other users. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { locateChromium } from '../chromium/locate.ts'
import type { LauncherParts } from './launcher.ts'

const REPOSITORY = resolve(import.meta.dirname, '../../..')
const CHROMIUM = 'node_modules/.cache/stand-in-chromium'
const PACKED_CHROMIUM = 'node_modules/@sparticuz/chromium'

/** The copy; disposing removes it, and with it every package built around it loses its binary. */
export interface Runtime extends Disposable {
  readonly parts: LauncherParts
}

/** Copies Node, the stand-in and its Chromium. */
export async function copyRuntime(): Promise<Runtime> {
  await locateChromium() // unpacks it, if it comes from npm
  const folder = mkdtempSync(join(tmpdir(), 'stand-in-runtime-'))
  chmodSync(folder, 0o755)
  const copy = (path: string): void => cpSync(join(REPOSITORY, path), join(folder, path), { recursive: true })
  copy('test/stand-in')
  copy('test/package.json')
  cpSync(process.execPath, join(folder, 'node'))
  for (const path of [CHROMIUM, PACKED_CHROMIUM]) if (existsSync(join(REPOSITORY, path))) copy(path)
  // Its configuration of fonts names its folder; without fonts a page has no text.
  const { FONTCONFIG_FILE: fonts } = (await locateChromium()).env
  if (fonts !== undefined) {
    const copied = fonts.replace(REPOSITORY, folder)
    writeFileSync(copied, readFileSync(fonts, 'utf8').replaceAll(REPOSITORY, folder))
  }
  // Anybody's starts may keep what they have compiled.
  const compiled = join(folder, 'node_modules/.cache/stand-in-compile')
  mkdirSync(compiled, { recursive: true })
  chmodSync(compiled, 0o1777)
  return {
    parts: { node: join(folder, 'node'), boot: join(folder, 'test/stand-in/boot.ts') },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
