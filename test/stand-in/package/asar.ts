/** Unpacks an app's archive, because Node can't read inside one as Electron does. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder or a file of the archive's directory. */
type Entry =
  | { readonly files: Readonly<Record<string, Entry>> }
  | { readonly offset: string; readonly size: number; readonly unpacked?: true }

/** The names of the folders that archives are unpacked to, for whoever tidies up. */
export const UNPACKED = 'stand-in-app-'

/**
 * Unpacks an archive, once for each content and user, and answers the folder.
 * @throws Error when it is no archive.
 */
export function unpackAsar(archive: string): string {
  const bytes = readFileSync(archive)
  const { root, dataAt } = readDirectory(bytes, archive)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  const folder = join(tmpdir(), `${UNPACKED}${String(process.getuid?.() ?? 0)}-${digest}`)
  if (existsSync(folder)) return folder
  const draft = mkdtempSync(`${folder}-`)
  const write = (entry: Entry, path: string): void => {
    if ('files' in entry) {
      mkdirSync(path, { recursive: true })
      for (const [name, inner] of Object.entries(entry.files)) write(inner, join(path, name))
    } else if (entry.unpacked === undefined) {
      const from = dataAt + Number(entry.offset)
      writeFileSync(path, bytes.subarray(from, from + entry.size))
    }
  }
  write(root, draft)
  try {
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // else another start was faster
  }
  return folder
}

/** Two nested records of Chromium's Pickle: a length, then the directory as JSON, filled up to four bytes. */
function readDirectory(bytes: Buffer, archive: string): { root: Entry; dataAt: number } {
  try {
    const length = bytes.readUInt32LE(12)
    const root = JSON.parse(bytes.toString('utf8', 16, 16 + length)) as Entry
    return { root, dataAt: 8 + bytes.readUInt32LE(4) }
  } catch (error) {
    throw new Error(`${archive} is no asar archive`, { cause: error })
  }
}
