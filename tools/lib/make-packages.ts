/** Makes packages for one system: around Electron's own binary, or around the stand-in where that can't be had. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DistPlatform, makeDist } from '../../test/stand-in/package/dist.ts'
import type { LauncherParts } from '../../test/stand-in/package/launcher.ts'
import { offlineTools } from '../../test/stand-in/package/tools.ts'
import { runBuilder } from './builder.ts'

/** What is wanted. */
export interface StandInPackages {
  readonly platform: DistPlatform
  /** Targets of electron-builder for this system; `dir` for the unpacked folder alone. */
  readonly targets: readonly string[]
  readonly version: string
  readonly output: string
  readonly parts: LauncherParts
  readonly file?: string
  /** More configuration, by its dotted names. */
  readonly config?: Readonly<Record<string, string | boolean>>
  /** More arguments of electron-builder, such as `--arm64`. */
  readonly args?: readonly string[]
}

const FLAG: Readonly<Record<DistPlatform, string>> = { linux: '--linux', win32: '--win', darwin: '--mac' }

/**
 * Builds packages around the stand-in, without any download; resolves with what electron-builder printed.
 * @throws Error with that when it fails.
 */
export async function makeStandInPackages(wanted: StandInPackages): Promise<string> {
  const { platform, targets, version, output, parts, file, config = {}, args = [] } = wanted
  const work = mkdtempSync(join(tmpdir(), 'stand-in-dist-'))
  try {
    const dist = join(work, 'dist')
    mkdirSync(dist)
    makeDist(platform, dist, parts)
    return await runBuilder({
      args: [FLAG[platform], ...targets, ...args],
      config: {
        electronDist: dist,
        'directories.output': output,
        'extraMetadata.version': version,
        // That needs macOS' own tool; the stand-in has no signature to lose.
        ...(platform === 'darwin' ? { 'electronFuses.resetAdHocDarwinSignature': false } : {}),
        ...config,
      },
      ...(file === undefined ? {} : { file }),
      env: offlineTools(join(work, 'tools'), process.execPath),
      offline: true,
    })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
