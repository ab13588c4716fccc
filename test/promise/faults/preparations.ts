/** What some faults do to the app's folder and its processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Desk } from '../../e2e/desk.ts'
import { NO_BUS } from '../../e2e/driver.ts'
import { demoEnv } from '../../simulator/index.ts'
import { findElectron } from '../../stand-in/locate.ts'

/** A file that was cut off. */
export const CORRUPT = '{"version": 1, "rec'
/** A file of a version that is not known yet. */
export const NEWER = '{"version": 99}'

const REPOSITORY = resolve(import.meta.dirname, '../../..')

/** Puts `content` in the place of one of the app's files. */
export function damage(file: string, content: string): (folder: string) => void {
  return (folder) => writeFileSync(join(folder, file), content)
}

/** Starts the app with nobody signed in, and signs in: the token is as old as can be. */
export async function signInAnew(desk: Desk): Promise<void> {
  process.kill(desk.app.pid, 'SIGKILL')
  await desk.app.exit
  rmSync(join(desk.app.userDataDir, 'tokens.bin'), { force: true })
  await desk.start()
  await desk.signIn()
  await desk.says(/^(On|Cleared|Checked)/)
}

/** A second copy on the same folder, while the first is still starting. Resolves when it has left. */
export async function startTwice(desk: Desk): Promise<void> {
  const copy = spawnCopy(desk)
  const [code] = (await once(copy, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the second copy ended with ${String(code)}`)
}

/** Starts a copy of the app on the desk's folder, without anybody who drives it. */
export function spawnCopy(desk: Desk): ReturnType<typeof spawn> {
  return spawn(
    findElectron('stand-in').executable,
    [`--user-data-dir=${desk.app.userDataDir}`, REPOSITORY, '--hidden'],
    {
      cwd: REPOSITORY,
      stdio: 'ignore',
      env: {
        ...process.env,
        ...demoEnv(desk.simulator),
        ...NO_BUS,
        NODE_OPTIONS: '',
        STAND_IN_PLATFORM: desk.app.platform,
      },
    },
  )
}
