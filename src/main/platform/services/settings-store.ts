/** What the user asked to keep, in electron-store; a file that can't be used is kept aside before it is touched. */
import Store from 'electron-store'
import type { SaveResult } from '../../core/model.ts'
import type { Problem } from '../../../shared/problem.ts'
import { openSettingsFile, SETTINGS_NAME, SETTINGS_VERSION } from './settings-file.ts'

/** The user's settings, by the keys of core/config, unchecked: `resolveConfig` checks each. */
export interface Settings {
  /** What the file held at start; empty when it could not be used. */
  readonly values: Readonly<Record<string, unknown>>
  /** What was wrong with the file. */
  readonly problems: readonly Problem[]
  /** Changes values; `undefined` removes one. Never throws. */
  save(changes: Readonly<Record<string, unknown>>): SaveResult
}

/** Opens the settings. Never throws. `now` is ms since the epoch, for the name of what is kept aside. */
export function openSettings({
  folder,
  now,
}: {
  readonly folder: string
  readonly now: () => number
}): Settings {
  const file = openSettingsFile(folder, now())
  let store: Store | null = null
  const problems = [...file.problems]
  if (file.usable) {
    try {
      store = new Store({
        cwd: folder,
        name: SETTINGS_NAME,
        configFileMode: 0o600,
        // With true one bad byte would overwrite everything with the defaults, without a copy.
        clearInvalidConfig: false,
        accessPropertiesByDotNotation: false,
      })
    } catch (error) {
      problems.push(unwritable(error))
    }
  }

  return {
    values: file.values,
    problems,
    save(changes) {
      if (store === null) {
        return { ok: false, problem: problems[0] ?? { code: 'settings-unwritable' } }
      }
      try {
        const next: Record<string, unknown> = { ...store.store, ...changes, version: SETTINGS_VERSION }
        store.store = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined))
        return { ok: true }
      } catch (error) {
        return { ok: false, problem: unwritable(error) }
      }
    },
  }
}

function unwritable(error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return { code: 'settings-unwritable', detail: `${SETTINGS_NAME}.json: ${code}` }
}
