/** Takes the place of the tools that electron-builder downloads, by Debian's packages and our own stand-ins. */
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePlugins } from './nsis-plugins.ts'

/** A tool that is missing here, and the Debian package that brings it. */
const NEEDED: readonly (readonly [file: string, debian: string])[] = [
  ['/usr/bin/dpkg-deb', 'dpkg'],
  ['/usr/bin/rpmbuild', 'rpm'],
  ['/usr/bin/7za', 'p7zip-full'],
  ['/usr/bin/mksquashfs', 'squashfs-tools'],
  ['/usr/bin/desktop-file-validate', 'desktop-file-utils'],
  ['/usr/bin/makensis', 'nsis'],
]

/** The packages that are missing for `offlineTools`; empty when all is there. */
export function missingTools(): readonly string[] {
  return NEEDED.filter(([file]) => !existsSync(file)).map(([, name]) => name)
}

/** What is not electron-builder's own in a package that these tools make, for people. */
export const STAND_IN_TOOLS =
  "fpm (dpkg-deb and rpmbuild instead), the AppImage's runtime, NSIS' plug-ins and uninstaller"

/** Puts the tools into a folder; answers the environment that makes electron-builder 26 use them. */
export function offlineTools(folder: string, node: string): Record<string, string> {
  const script = (name: string, text: string): string => {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, 0o755)
    return path
  }
  const link = (name: string, target: string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    symlinkSync(target, join(folder, name))
  }
  const fpm = script('fpm', `#!/bin/sh\nexec '${node}' '${join(import.meta.dirname, 'tools/fpm.ts')}' "$@"\n`)
  link('appimage/mksquashfs', '/usr/bin/mksquashfs')
  link('appimage/desktop-file-validate', '/usr/bin/desktop-file-validate')
  for (const arch of ['x64', 'arm64']) {
    mkdirSync(join(folder, 'appimage/lib', arch), { recursive: true })
    script(`appimage/runtimes/runtime-${arch}`, APPIMAGE_RUNTIME)
  }
  link('nsis/linux/makensis', '/usr/bin/makensis')
  for (const name of ['Bin', 'Contrib', 'Include', 'Plugins', 'Stubs']) {
    if (existsSync(`/usr/share/nsis/${name}`)) link(`nsis/${name}`, `/usr/share/nsis/${name}`)
  }
  script('nsis/elevate.exe', 'A stand-in.')
  writePlugins(join(folder, 'nsis-resources/plugins/x86-unicode'))
  // The uninstaller is made by running the first installer; this leaves a file in its place.
  const wine = script('bin/wine', WINE)
  return {
    CUSTOM_FPM_PATH: fpm,
    ELECTRON_BUILDER_7ZIP_PATH: '/usr/bin/7za',
    APPIMAGE_TOOLS_PATH: join(folder, 'appimage'),
    ELECTRON_BUILDER_NSIS_DIR: join(folder, 'nsis'),
    ELECTRON_BUILDER_NSIS_RESOURCES_DIR: join(folder, 'nsis-resources'),
    PATH: `${join(wine, '..')}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
  }
}

/** Unpacks what it carries and runs it: the payload is real, the mount is not. Filled up to where the payload begins. */
const APPIMAGE_RUNTIME = `#!/bin/sh
# A stand-in for AppImage's runtime.
APPIMAGE=$(readlink -f "$0")
APPDIR=$(mktemp -d /tmp/stand-in-appimage-XXXXXX)
export APPIMAGE APPDIR
unsquashfs -q -n -f -o 4096 -d "$APPDIR" "$APPIMAGE" >/dev/null || exit 1
exec "$APPDIR/AppRun" "$@"
`
  .padEnd(4095, '#')
  .concat('\n')

const WINE = `#!/bin/sh
for argument in "$@"; do
  case $argument in *.exe) echo 'A stand-in for the uninstaller.' >"\${argument%exe}__uninstaller.exe" ;; esac
done
`
