/** Debian's package manager on this machine, and rpm on a database of its own. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Manager, runManager } from './life.ts'

const NAME = 'clear-presence'

/** apt, on the machine's own database; disposing takes away what a failed check left installed. */
export function debian(): Manager & AsyncDisposable {
  const isThere = (): boolean => spawnSync('dpkg', ['-s', NAME], { stdio: 'ignore' }).status === 0
  return {
    artifact: 'deb',
    install: (file) =>
      runManager('apt-get', ['install', '-y', '-qq', '--no-install-recommends', '--allow-downgrades', file]),
    remove: () => runManager('apt-get', ['remove', '-y', '-qq', NAME]),
    purge: () => runManager('apt-get', ['purge', '-y', '-qq', NAME]),
    async [Symbol.asyncDispose]() {
      if (isThere()) await runManager('apt-get', ['purge', '-y', '-qq', NAME])
    },
  }
}

/** rpm on a private database, without its dependencies, which Debian has under other names. */
export function redHat(): Manager & AsyncDisposable {
  const database = mkdtempSync(join(tmpdir(), 'presence-rpm-'))
  const rpm = (...args: readonly string[]): Promise<string> =>
    runManager('rpm', ['--dbpath', database, ...args])
  return {
    artifact: 'rpm',
    install: (file) => rpm('-U', '--oldpackage', '--nodeps', file),
    remove: () => rpm('-e', NAME),
    async [Symbol.asyncDispose]() {
      const { status } = spawnSync('rpm', ['--dbpath', database, '-q', NAME], { stdio: 'ignore' })
      if (status === 0) await rpm('-e', NAME)
      rmSync(database, { recursive: true, force: true })
    },
  }
}
