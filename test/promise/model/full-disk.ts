/** A disk without room for one more file, for this whole thread: what is there can be read, renamed and removed. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { openSync } = fs

/** Has the disk refuse every new file, or take them again. A quota can't be had in a test that runs 50,000 times. */
export function fillDisk(isFull: boolean): void {
  fs.openSync = isFull ? refuseNew : openSync
  syncBuiltinESMExports()
}

function refuseNew(...[path, flags, mode]: Parameters<typeof openSync>): number {
  if (flags === 'wx') throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  return openSync(path, flags, mode)
}
