/** Makes the app's folder, for its owner alone, and never takes longer than the path has levels. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder with mode 0700, and the missing ones above it; does nothing when it is there.
 *
 * Not `mkdirSync(..., { recursive: true })`: where a folder exists that answers ENOENT to mkdir (/proc, an automounter's
 * root), Node goes up and down between the two for ever. storage/folder.ts is the same for storage, which may not import
 * from here.
 * @param folder absolute. @throws Error with the file system's `code`, e.g. `ENOENT`, `EACCES`, `ENOTDIR`.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let at = folder; !isFolder(at) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const each of missing.reverse()) {
    try {
      mkdirSync(each, { mode: 0o700 })
    } catch (error) {
      // Another process made it meanwhile: so much the better.
      if (!isFolder(each)) throw error
    }
  }
}

/** Links are followed: a folder may well be a link to one. Unreadable counts as none, and making it says why. */
function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}
