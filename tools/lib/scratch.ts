/** One folder for everything temporary of this process, removed when the process ends, however it ends. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Makes the folder and lets this process and what it starts keep their temporary files in it. Removed on exit; only a
 * SIGKILL leaves it behind.
 */
export function makeScratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'clear-presence-'))
  for (const name of ['TMPDIR', 'TMP', 'TEMP']) process.env[name] = folder
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  })
  return folder
}
