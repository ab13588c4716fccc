/** What electron-builder takes for a download of Electron: its files by name, with a stand-in's content. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NtExecutable, NtExecutableResource, Resource } from 'resedit'
import { fuseWire } from './fuse-wire.ts'
import { launcher, type LauncherParts } from './launcher.ts'

/** The systems that packages are for. */
export type DistPlatform = 'linux' | 'win32' | 'darwin'

const NOTE = 'A stand-in for a file of Electron.\n'

/** Files beside the executable, as Electron 45 ships them (its release archives). */
const BESIDE = [
  'LICENSE',
  'LICENSES.chromium.html',
  'resources.pak',
  'icudtl.dat',
  'snapshot_blob.bin',
  'v8_context_snapshot.bin',
]
const BOTH = [
  'chrome_100_percent.pak',
  'chrome_200_percent.pak',
  'locales/de.pak',
  'locales/en-US.pak',
  'vk_swiftshader_icd.json',
]
const FILES: Readonly<Record<DistPlatform, readonly string[]>> = {
  linux: [
    ...BESIDE,
    ...BOTH,
    ...['libEGL.so', 'libGLESv2.so', 'libffmpeg.so', 'libvk_swiftshader.so', 'libvulkan.so.1'],
    ...['chrome-sandbox', 'chrome_crashpad_handler'],
  ],
  win32: [
    ...BESIDE,
    ...BOTH,
    ...[
      'libEGL.dll',
      'libGLESv2.dll',
      'ffmpeg.dll',
      'vk_swiftshader.dll',
      'vulkan-1.dll',
      'd3dcompiler_47.dll',
    ],
    ...['dxcompiler.dll', 'dxil.dll'],
  ],
  darwin: ['LICENSE', 'LICENSES.chromium.html'],
}
const EXECUTABLE = /^chrome[-_](sandbox|crashpad_handler)$/

/** Writes the files of one system into a new folder. On Linux the executable runs; elsewhere it only looks like one. */
export function makeDist(platform: DistPlatform, folder: string, parts: LauncherParts): void {
  for (const name of FILES[platform]) {
    const runs = EXECUTABLE.test(name)
    write(join(folder, name), runs ? `#!/bin/sh\n# ${NOTE}exit 1\n` : NOTE, runs)
  }
  if (platform === 'linux') write(join(folder, 'electron'), launcher(parts), true)
  else if (platform === 'win32') write(join(folder, 'electron.exe'), windowsProgram(), true)
  else makeMacBundle(folder)
}

function write(path: string, content: string | Buffer, executable = false): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, executable ? 0o755 : 0o644)
}

/** The smallest program that has a version to be edited, and a fuse wire among its resources. */
function windowsProgram(): Buffer {
  const program = NtExecutable.createEmpty(false, false)
  const resources = NtExecutableResource.from(program)
  const version = Resource.VersionInfo.createEmpty()
  version.lang = 1033
  version.setFileVersion(45, 0, 0, 0, 1033)
  version.setStringValues(
    { lang: 1033, codepage: 1200 },
    { ProductName: 'Electron', FileDescription: 'Electron' },
  )
  version.outputToResourceEntries(resources.entries)
  const wire = fuseWire()
  resources.entries.push({
    ...{ type: 'STANDIN', id: 1, lang: 1033, codepage: 1200 },
    bin: Uint8Array.from(wire).buffer,
  })
  resources.outputResource(program)
  return Buffer.from(program.generate())
}

function makeMacBundle(folder: string): void {
  const contents = join(folder, 'Electron.app/Contents')
  write(join(contents, 'MacOS/Electron'), NOTE, true)
  write(join(contents, 'Info.plist'), plist('Electron', 'com.github.Electron'))
  write(join(contents, 'Resources/electron.icns'), NOTE)
  const frameworks = join(contents, 'Frameworks')
  const framework = join(frameworks, 'Electron Framework.framework')
  write(join(framework, 'Versions/A/Electron Framework'), fuseWire(), true)
  write(
    join(framework, 'Versions/A/Resources/Info.plist'),
    plist('Electron Framework', 'com.github.Electron.framework'),
  )
  symlinkSync('A', join(framework, 'Versions/Current'))
  for (const name of ['Electron Framework', 'Resources']) {
    symlinkSync(`Versions/Current/${name}`, join(framework, name))
  }
  for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${kind}`
    write(join(frameworks, `${name}.app/Contents/MacOS/${name}`), NOTE, true)
    write(join(frameworks, `${name}.app/Contents/Info.plist`), plist(name, 'com.github.Electron.helper'))
  }
}

function plist(name: string, id: string): string {
  const keys: Readonly<Record<string, string>> = {
    CFBundleName: name,
    CFBundleDisplayName: name,
    CFBundleExecutable: name,
    CFBundleIdentifier: id,
    CFBundlePackageType: 'APPL',
    CFBundleVersion: '45.0.0',
  }
  const pairs = Object.entries(keys).map(([key, value]) => `<key>${key}</key><string>${value}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${pairs.join('')}</dict></plist>\n`
}
