/** Runs electron-builder: with what it downloads, or around stand-ins where nothing can be downloaded. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { REPOSITORY } from './paths.ts'

/** One run of electron-builder. */
export interface Build {
  /** Its own arguments, such as `--linux deb`. */
  readonly args: readonly string[]
  /** Configuration on top of electron-builder.yml, by its dotted names. */
  readonly config: Readonly<Record<string, string | boolean>>
  /** Another configuration file than electron-builder.yml, from the repository's root. */
  readonly file?: string
  readonly env: Readonly<Record<string, string>>
  /** Nothing may be downloaded: where there is no network it would take minutes, and then fail. */
  readonly offline: boolean
}

const CLI = createRequire(import.meta.url).resolve('electron-builder/cli.js')

/** What it prints before it fetches something. */
const DOWNLOADS = /downloading/i

/**
 * Builds packages from what is in `out/`; resolves with everything that was printed.
 * @throws Error with that when the build fails, or downloads although it may not.
 */
export async function runBuilder({ args, config, file, env, offline }: Build): Promise<string> {
  const settings = Object.entries(config).map(([name, value]) => `-c.${name}=${String(value)}`)
  const child = spawn(
    process.execPath,
    [CLI, ...args, '--publish', 'never', ...(file === undefined ? [] : ['--config', file]), ...settings],
    { cwd: REPOSITORY, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let text = ''
  const downloads = (): boolean => offline && DOWNLOADS.test(text)
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (downloads()) child.kill()
    })
  }
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  if (downloads())
    throw new Error(`The build wants to download something, which no stand-in takes the place of:\n${text}`)
  if (code !== 0) throw new Error(`electron-builder failed (${String(code)}):\n${text}`)
  return text
}
