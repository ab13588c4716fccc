/** Whether the app starts when its user logs in to the computer, by each system's own means. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { app } from 'electron'
import type { AutostartPort } from '../../core/autostart.ts'
import type { Log, SaveResult } from '../../core/model.ts'
import { words } from '../../../shared/strings.ts'
import { appImageOf } from './app-image.ts'
import { isSwitchedOn, programOf, writeEntry } from './autostart-entry.ts'

const HIDDEN = ['--hidden'] as const

/** What the machine-wide entry has for its TryExec (assets/linux/autostart.desktop). */
const MACHINE_WIDE = '/etc/clear-presence/start-at-login'

/** What this process was started from and where. */
export interface AutostartOptions {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/** Chooses the means of this system; null where the app isn't installed and would start bare Electron. */
export function createAutostart({ platform, env, log }: AutostartOptions): AutostartPort | null {
  if (!app.isPackaged) return null
  const port = platform === 'linux' ? linuxAutostart(env) : loginItem(platform)
  return {
    ...port,
    set(on) {
      const result = port.set(on)
      log.info('start at login', { on, ...(result.ok ? {} : { detail: result.problem.detail }) })
      return result
    },
  }
}

/** Whether macOS started the app at login: there a login item carries no arguments. */
export function openedAtLogin(platform: NodeJS.Platform): boolean {
  return platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
}

/** Windows: a value under the user's Run key. macOS 13 and later: the app itself as a login item (SMAppService). */
function loginItem(platform: NodeJS.Platform): AutostartPort {
  const isOn = (): boolean => {
    if (platform !== 'win32') return app.getLoginItemSettings().openAtLogin
    const { openAtLogin, executableWillLaunchAtLogin } = app.getLoginItemSettings({ args: [...HIDDEN] })
    // Switched off in Task Manager, the value stays and starts nothing.
    return openAtLogin && executableWillLaunchAtLogin
  }
  return {
    isOn,
    set(on) {
      app.setLoginItemSettings(
        platform === 'win32' ? { openAtLogin: on, args: [...HIDDEN] } : { openAtLogin: on },
      )
      // macOS may want the user's word in its own settings first, and tells nobody why.
      return isOn() === on ? { ok: true } : failed('not accepted by the system')
    },
    refresh: () => undefined,
  }
}

/**
 * Linux: an XDG autostart entry of the user's own. It goes before the machine-wide entry of the same name, which packages
 * bring along and an administrator wakes up with this file (docs/admin.md).
 */
function linuxAutostart(env: AutostartOptions['env']): AutostartPort {
  const config = env['XDG_CONFIG_HOME']
  const folder = config?.startsWith('/') === true ? config : join(homedir(), '.config')
  const file = join(folder, 'autostart', 'clear-presence.desktop')
  // Inside an AppImage the program lies in a mount that is gone tomorrow; its runtime names the file itself.
  const program = appImageOf(env, process.execPath) ?? process.execPath
  const read = (): string | null => {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return null
    }
  }
  const write = (hidden: boolean): SaveResult =>
    attempt(() => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      const { title, comment } = words.autostart
      writeFileSync(file, writeEntry({ name: title, comment, program, args: HIDDEN, hidden }))
    })
  const isForAll = (): boolean => existsSync(MACHINE_WIDE)
  return {
    isOn() {
      const text = read()
      return text === null ? isForAll() : isSwitchedOn(text)
    },
    set(on) {
      if (on || isForAll()) return write(!on)
      return attempt(() => rmSync(file, { force: true }))
    },
    refresh() {
      const text = read()
      if (text !== null && isSwitchedOn(text) && programOf(text) !== program) write(false)
    },
  }
}

function attempt(work: () => void): SaveResult {
  try {
    work()
    return { ok: true }
  } catch (error) {
    return failed(error instanceof Error && 'code' in error ? String(error.code) : String(error))
  }
}

function failed(detail: string): SaveResult {
  return { ok: false, problem: { code: 'autostart-unwritable', detail } }
}
