/** Inspects an unpacked package as test:packages does: `node test/packages/inspect.ts linux|win32|darwin FOLDER`. */
import { checkFiles, checkFuses, checkIntegrity, checkNames, checkSize, type Unpacked } from './contents.ts'
import { createReport } from './table.ts'

const [platform, folder] = process.argv.slice(2)
if ((platform !== 'linux' && platform !== 'win32' && platform !== 'darwin') || folder === undefined) {
  throw new Error('Say linux, win32 or darwin, and the folder.')
}
const unpacked: Unpacked = { platform, folder, forTests: false }
const report = createReport((line) => console.log(line))
await report.check(folder, 'files', () => checkFiles(unpacked))
await report.check(folder, 'size of the archive', () => checkSize(unpacked))
await report.check(folder, 'fuses', () => checkFuses(unpacked))
if (platform !== 'linux') {
  await report.check(folder, 'integrity of the archive', () => checkIntegrity(unpacked))
  await report.check(folder, 'names', () => checkNames(unpacked))
}
process.exitCode = report.outcomes.every(({ ok }) => ok) ? 0 : 1
