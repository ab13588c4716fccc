/** Serves the built page under our own scheme instead of file:, with a strict policy and nothing but its own files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { protocol } from 'electron'
import type { Log } from '../../core/model.ts'
import { APP_SCHEME, contentType, fileFor, SECURITY_HEADERS, type AppFile } from './app-files.ts'

/** Tells Chromium that the scheme behaves as https does. Must be called before ready, once. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges: { standard: true, secure: true } }])
}

/** Reads the folder of the built page and starts to serve it; call it after ready. */
export function serveApp({ folder, log }: { readonly folder: string; readonly log: Log }): void {
  const files = readFiles(folder, log)
  protocol.handle(APP_SCHEME, (request) => {
    const file = fileFor(request, files)
    if (file === null) {
      log.warn('page asked for an unknown file', { method: request.method, url: request.url })
      return new Response(null, { status: 404, headers: SECURITY_HEADERS })
    }
    return new Response(file.bytes, { headers: { ...SECURITY_HEADERS, 'Content-Type': file.type } })
  })
}

/** A page that can't be read must not stop the app: clearing works without a window. */
function readFiles(folder: string, log: Log): ReadonlyMap<string, AppFile> {
  const files = new Map<string, AppFile>()
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = entry.isFile() ? contentType(entry.name) : null
      if (type === null) continue
      const path = join(entry.parentPath, entry.name)
      const name = path.slice(folder.length + 1).replaceAll(sep, '/')
      files.set(name, { type, bytes: new Uint8Array(readFileSync(path)) })
    }
  } catch (error) {
    log.error('page not readable', { error: String(error) })
  }
  return files
}
