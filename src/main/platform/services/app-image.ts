/** Whether this process runs from an AppImage of ours. */
import { realpathSync } from 'node:fs'
import { posix } from 'node:path'

/**
 * The file that this process was started from; null when it isn't one. Its runtime says so in `APPIMAGE` and `APPDIR`, which
 * every program inherits that an AppImage starts: an editor's terminal would make an installed app take itself for the editor.
 */
export function appImageOf(
  env: Readonly<Record<string, string | undefined>>,
  execPath: string,
): string | null {
  const { APPIMAGE: file, APPDIR: folder } = env
  if (file === undefined || folder === undefined || !posix.isAbsolute(file)) return null
  // The system names a program by its real path; the folder may lie behind a link.
  return real(execPath).startsWith(`${real(posix.resolve(folder))}/`) ? file : null
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
