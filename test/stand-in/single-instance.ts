import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
  type FSWatcher,
} from 'node:fs'
import { join } from 'node:path'
import { isAlive } from './chromium/browser.ts'
import { host } from './host.ts'

/** What a second instance leaves for the first. */
export interface InstanceMessage {
  argv: string[]
  cwd: string
  data: unknown
}

/**
 * The lock of one user-data folder: a file with the holder's process id, and a mailbox folder that the holder
 * watches. Everything that `requestSingleInstanceLock` answers is decided synchronously, as in Electron.
 */
export class SingleInstance {
  held = false
  private folder = ''
  private watcher: FSWatcher | undefined

  /** Takes the lock, or leaves a message for its holder. @returns whether this process holds it. */
  request(userData: string, data: unknown, onMessage: (message: InstanceMessage) => void): boolean {
    if (this.held) return true
    this.folder = join(userData, 'stand-in-instance')
    mkdirSync(join(this.folder, 'mail'), { recursive: true })
    if (!this.take()) {
      this.post({ argv: process.argv, cwd: process.cwd(), data: data ?? null })
      return false
    }
    this.held = true
    const collect = (): void => {
      for (const name of readdirSync(join(this.folder, 'mail'))) {
        if (!name.endsWith('.json')) continue
        const file = join(this.folder, 'mail', name)
        const message = JSON.parse(readFileSync(file, 'utf8')) as InstanceMessage
        rmSync(file)
        onMessage(message)
      }
    }
    this.watcher = watch(join(this.folder, 'mail'), collect)
    this.watcher.unref()
    collect()
    return true
  }

  /** Gives the lock back. */
  release(): void {
    if (!this.held) return
    this.held = false
    this.watcher?.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private take(): boolean {
    const file = join(this.folder, 'holder')
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(file, String(process.pid), { flag: 'wx' })
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = Number(readFileSync(file, 'utf8'))
      // An empty file is one that is being written this moment.
      if (holder === 0 || isAlive(holder)) return false
      rmSync(file, { force: true })
    }
    return false
  }

  private post(message: InstanceMessage): void {
    const name = `${process.pid}-${process.hrtime.bigint()}`
    const draft = join(this.folder, 'mail', `${name}.draft`)
    writeFileSync(draft, JSON.stringify({ ...message, argv: [host.executable, ...host.args] }))
    renameSync(draft, join(this.folder, 'mail', `${name}.json`))
  }
}
