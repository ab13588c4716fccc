/** Builds the app when what is in `out/` is missing or older than its sources. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from './paths.ts'

const OUTPUTS = ['main/index.js', 'main/sender.worker.js', 'preload/index.js', 'renderer/index.html']
const SOURCES = ['src', 'electron.vite.config.ts', 'worker.vite.config.mts', 'package-lock.json']
/** Files in `src` that no bundle contains. */
const NOT_BUNDLED = /\.(test|testing)\.tsx?$/

/** Whether the app in `folder` must be built: an output is missing, or a source is newer than the oldest output. */
export function needsBuild(folder: string = REPOSITORY): boolean {
  const outputs = OUTPUTS.map((name) => join(folder, 'out', name))
  if (!outputs.every((path) => existsSync(path))) return true
  const oldest = Math.min(...outputs.map((path) => statSync(path).mtimeMs))
  return SOURCES.some((name) => newest(join(folder, name)) > oldest)
}

function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || NOT_BUNDLED.test(path)) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/**
 * Builds with the project's own build script if needed. `say` is told before it starts.
 * @throws Error with everything the build printed when it fails.
 */
export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  if (!needsBuild()) return
  say('Building the app (out/ is missing or older than src/) ...')
  const { code, text } = await runNpm(['run', '--silent', 'build'])
  if (code !== 0) throw new Error(`The build failed:\n${text}`)
}

/** npm tells its scripts where it lies; started without it (`node tools/demo.ts`), the one on the PATH is taken. */
function runNpm(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const cli = process.env['npm_execpath']
  const [command, first, shell] =
    cli !== undefined && /\.c?js$/.test(cli)
      ? [process.execPath, [cli], false]
      : ['npm', [], process.platform === 'win32']
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: REPOSITORY, shell })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    }
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, text })
    })
  })
}
