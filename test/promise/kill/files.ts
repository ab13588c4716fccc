/** What the product's own loaders make of the files of a killed process, on a copy: nothing is repaired behind its back. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SessionRecord } from '../../../src/main/core/model.ts'
import { createHistoryStore, HISTORY_LIMIT } from '../../../src/main/storage/history.ts'
import { createRegistryStore } from '../../../src/main/storage/registry.ts'

/** What a folder of user data holds. */
export interface Found {
  /** The record of the one user; null when there is none. */
  readonly record: SessionRecord | null
  /** What is wrong with the files. */
  readonly wrong: readonly string[]
}

/** Loads registry and history as the next start would. */
export function loadFiles(userDataDir: string): Found {
  const copy = `${userDataDir}-copy`
  mkdirSync(copy, { recursive: true })
  for (const name of ['registry.json', 'history.json']) {
    if (existsSync(join(userDataDir, name))) copyFileSync(join(userDataDir, name), join(copy, name))
  }
  try {
    const registry = createRegistryStore({ folder: copy, machineId: machineIdIn(copy) }).load()
    const history = createHistoryStore({ folder: copy }).load()
    const kept = readdirSync(userDataDir).filter((name) => /\.(corrupt|newer|bad)/.test(name))
    const wrong = [...registry.problems, ...history.problems].map(
      ({ code, detail = '' }) => `${code} ${detail}`,
    )
    if (history.data.length > HISTORY_LIMIT) wrong.push(`the history has ${history.data.length} entries`)
    if (registry.data.records.length > 1)
      wrong.push(`the registry has ${registry.data.records.length} records`)
    return { record: registry.data.records[0] ?? null, wrong: [...wrong, ...kept] }
  } catch (error) {
    return { record: null, wrong: [`not loaded: ${String(error)}`] }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Temporary files that are still there. */
export function temporaryFiles(userDataDir: string): readonly string[] {
  return readdirSync(userDataDir).filter((name) => name.endsWith('.tmp'))
}

/** @throws Error when the registry isn't whole JSON with the section of one machine. */
function machineIdIn(folder: string): string {
  const path = join(folder, 'registry.json')
  if (!existsSync(path)) return ''
  const { machines } = JSON.parse(readFileSync(path, 'utf8')) as {
    machines: readonly { machineId: string }[]
  }
  return machines[0]?.machineId ?? ''
}
