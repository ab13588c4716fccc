/** A disk that takes nothing more, played inside the running app: the calls by which it writes its files fail. */
import type { Desk } from '../../e2e/desk.ts'

interface Broken {
  brokenDisk?: () => void
}

/**
 * From now on the app's files can't be written: on a full disk a new file can be made and nothing be put into it, in a
 * read-only folder not even that. Played on every machine; a disk that is really full is in full-disk.spec.ts.
 */
export async function breakDisk(desk: Desk, code: 'ENOSPC' | 'EROFS'): Promise<void> {
  await desk.app.electron.evaluate(({ app }, reason) => {
    const fs = process.getBuiltinModule('node:fs')
    const { openSync, writeFileSync } = fs
    const folder = app.getPath('userData')
    const fail = (): never => {
      throw Object.assign(new Error(`${reason}: played`), { code: reason })
    }
    if (reason === 'ENOSPC') {
      fs.writeFileSync = (file, data, options) => {
        if (typeof file === 'number' && Buffer.byteLength(data) > 0) fail()
        writeFileSync(file, data, options)
      }
    } else {
      fs.openSync = (path, flags, mode) =>
        flags !== 'r' && String(path).startsWith(folder) ? fail() : openSync(path, flags, mode)
    }
    ;(globalThis as Broken).brokenDisk = () => Object.assign(fs, { openSync, writeFileSync })
  }, code)
}

/** The disk takes files again. Nothing to do in a process that was started since. */
export async function fixDisk(desk: Desk): Promise<void> {
  await desk.app.electron.evaluate(() => (globalThis as Broken).brokenDisk?.())
}
