/** What can be known of the Windows installers without Windows. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from './life.ts'

/** Unpacks an NSIS installer's payload. @throws Error when it has none, or is packed in a way that NSIS can't unpack. */
export function unpackInstaller(file: string, folder: string): void {
  const sevenZip = (...args: readonly string[]): string => execFileSync('7za', args, { encoding: 'utf8' })
  sevenZip('x', '-y', `-o${folder}`, file)
  // Newer 7-Zip chooses filters that NSIS' plug-in passes over in silence: the installer would install nothing.
  const methods = sevenZip('l', '-slt', file)
    .split('\n')
    .filter((line) => line.startsWith('Method = '))
  expect(!methods.some((line) => /BCJ2|ARM64/.test(line)), `packed with ${methods.join()}`)
}

/** @throws Error unless the MSI's project is whole: names, upgrade code, program and shortcut. */
export function checkMsiProject(file: string): string {
  const text = readFileSync(file, 'utf8')
  execFileSync('xmllint', ['--noout', file])
  expect(/UpgradeCode="\{?[0-9A-F-]{36}\}?"/i.test(text), 'no upgrade code')
  for (const part of ['Clear Presence.exe', 'app.asar', 'ClearPresence.ClearPresence', 'Shortcut']) {
    expect(text.includes(part), `${part} is missing`)
  }
  return 'well-formed, with upgrade code, program, archive and shortcut; not compiled'
}

/** @throws Error unless our own part of the installer asks the app to quit before anything is killed. */
export function checkInstallerScript(repository: string): string {
  const text = readFileSync(join(repository, 'assets/windows/installer.nsh'), 'utf8')
  const [asks, kills] = [text.indexOf('--quit`'), text.indexOf('!insertmacro _CHECK_APP_RUNNING')]
  expect(asks > 0 && kills > asks, 'it kills before it asks')
  expect(/customUnInstall\s+\$\{ifNot\} \$\{isUpdated\}/.test(text), 'an update would remove tokens')
  return 'by its text: --quit first, and an update keeps tokens'
}
