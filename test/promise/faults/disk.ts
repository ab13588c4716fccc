/** A disk that takes nothing more, played inside the running app: the calls by which it writes its files fail. */
import type { Desk } from '../../e2e/desk.ts'

interface Broken {
  brokenDisk?: () => void
}

/**
 * From now on no new file can be opened below the app's folder. It stands for a full disk and for a folder that may not
 * be written, on every machine; a disk that is really full is in full-disk.spec.ts.
 */
export async function breakDisk(desk: Desk, code: 'ENOSPC' | 'EROFS'): Promise<void> {
  await desk.app.electron.evaluate(({ app }, reason) => {
    const fs = process.getBuiltinModule('node:fs')
    const { openSync } = fs
    const folder = app.getPath('userData')
    fs.openSync = (...input: Parameters<typeof openSync>) => {
      const [path, flags] = input
      if (flags === 'r' || !String(path).startsWith(folder)) return openSync(...input)
      throw Object.assign(new Error(`${reason}: played`), { code: reason })
    }
    ;(globalThis as Broken).brokenDisk = () => {
      fs.openSync = openSync
    }
  }, code)
}

/** The disk takes files again. Nothing to do in a process that was started since. */
export async function fixDisk(desk: Desk): Promise<void> {
  await desk.app.electron.evaluate(() => (globalThis as Broken).brokenDisk?.())
}
