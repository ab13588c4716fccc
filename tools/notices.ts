/** Makes one file of the notices of all that is bundled, from what Vite has written beside each bundle. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from './lib/paths.ts'

/** One bundled package, as Vite's `build.license` writes it. */
interface Notice {
  readonly name: string
  readonly version: string
  /** SPDX identifier, if its manifest has one. */
  readonly identifier?: string | null
  readonly text?: string | null
}

const OUT = join(REPOSITORY, 'out')
const LISTS = ['main', 'preload', 'renderer'].map((part) => join(OUT, part, 'licenses.json'))
LISTS.push(join(OUT, 'main', 'licenses.worker.json'))

const notices = LISTS.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Notice[])
const byPackage = new Map(notices.map((notice) => [`${notice.name} ${notice.version}`, notice]))
const sections = [...byPackage.keys()].sort().map((title) => {
  const notice = byPackage.get(title)
  const text = notice?.text?.trim() ?? 'The package carries no text of its license.'
  return `## ${title}\n\nLicense: ${notice?.identifier ?? 'see below'}\n\n${text.replaceAll(/^/gm, '    ')}\n`
})
writeFileSync(
  join(OUT, 'third-party-notices.md'),
  `# Notices of the libraries inside Clear Presence\n\n${sections.join('\n')}`,
)
for (const file of LISTS) rmSync(file)
