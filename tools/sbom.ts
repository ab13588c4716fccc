/** Prints what is inside a package as CycloneDX: the libraries that are bundled, by npm's own list, and Electron around them. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { REPOSITORY } from './lib/paths.ts'

/** The parts of CycloneDX that are touched here. */
interface Bill {
  readonly components: object[]
}

const text = execFileSync(
  'npm',
  [
    'sbom',
    '--package-lock-only',
    '--omit',
    'dev',
    '--sbom-format',
    'cyclonedx',
    '--sbom-type',
    'application',
  ],
  { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 64 * 1_048_576, shell: process.platform === 'win32' },
)
const bill = JSON.parse(text) as Bill
const { version } = createRequire(import.meta.url)('electron/package.json') as { version: string }
// Its npm package only fetches it, and is a tool of the build: npm does not count it among what is shipped.
bill.components.push({
  'bom-ref': `electron@${version}`,
  type: 'framework',
  name: 'electron',
  version,
  scope: 'required',
  purl: `pkg:npm/electron@${version}`,
  licenses: [{ license: { id: 'MIT' } }],
})
console.log(JSON.stringify(bill, null, 2))
