/** Looks for secrets in everything that an app leaves behind. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Texts by where they were found. */
export type Places = readonly (readonly [place: string, text: string])[]

/** All files below a folder, as texts byte for byte; what is no file is passed over. */
export function filesBelow(folder: string): Places {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'latin1')] as const)
}

/** The places that hold one of the secrets: as it is, in base64, or percent-encoded. */
export function leaksIn(places: Places, secrets: readonly string[]): readonly string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(secret),
  ])
  return places.filter(([, text]) => forms.some((form) => text.includes(form))).map(([place]) => place)
}
