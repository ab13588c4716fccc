/** The one list of what may lie in a package, for every system. What isn't here, or is missing, fails the build. */

/** Files inside the archive: the app itself. All of them are needed. */
export const IN_ARCHIVE: readonly RegExp[] = [
  /^package\.json$/,
  /^out\/main\/index\.js$/,
  /^out\/main\/sender\.worker\.js$/,
  /^out\/preload\/index\.js$/,
  /^out\/renderer\/index\.html$/,
  /^out\/renderer\/assets\/index-[\w-]{8}\.js$/,
  /^out\/renderer\/assets\/index-[\w-]{8}\.css$/,
  /^out\/renderer\/assets\/(?:on|off|cleared|clearing|not-cleared|sign-in)-[\w-]{8}\.svg$/,
]

/** The main file of the package for end-to-end tests, and of no other. */
export const IN_TEST_ARCHIVE = /^packaged-main\.cjs$/

/** Ours beside the archive. */
const RESOURCES = [
  /^resources\/app\.asar$/,
  /^resources\/LICENSE\.txt$/,
  /^resources\/third-party-notices\.md$/,
]

/** Electron's own, on Linux and Windows (its release archives). */
const ELECTRON = [
  /^LICENSE\.electron\.txt$/,
  /^LICENSES\.chromium\.html$/,
  /^(?:resources|chrome_100_percent|chrome_200_percent)\.pak$/,
  /^locales\/[\w-]+\.pak$/,
  /^icudtl\.dat$/,
  /^(?:snapshot_blob|v8_context_snapshot)\.bin$/,
  /^vk_swiftshader_icd\.json$/,
]

const FRAMEWORKS = 'Clear Presence\\.app/Contents/Frameworks/'

/** Files of the installed folder by system; a Mac's bundle with its name. */
export const ON_DISK: Readonly<Record<'linux' | 'win32' | 'darwin', readonly RegExp[]>> = {
  linux: [
    ...RESOURCES,
    ...ELECTRON,
    /^clear-presence$/,
    /^chrome-sandbox$/,
    /^chrome_crashpad_handler$/,
    /^lib(?:EGL|GLESv2|ffmpeg|vk_swiftshader)\.so$/,
    /^libvulkan\.so\.1$/,
  ],
  win32: [
    ...RESOURCES,
    ...ELECTRON,
    /^Clear Presence\.exe$/,
    /^(?:libEGL|libGLESv2|ffmpeg|vk_swiftshader|vulkan-1|d3dcompiler_47|dxcompiler|dxil)\.dll$/,
  ],
  darwin: [
    ...RESOURCES.map(
      ({ source }) => new RegExp(source.replace('^resources', '^Clear Presence\\.app/Contents/Resources')),
    ),
    /^Clear Presence\.app\/Contents\/(?:Info\.plist|PkgInfo)$/,
    /^Clear Presence\.app\/Contents\/MacOS\/Clear Presence$/,
    /^Clear Presence\.app\/Contents\/Resources\/(?:icon|electron)\.icns$/,
    new RegExp(`^${FRAMEWORKS}Electron Framework\\.framework/`),
    new RegExp(`^${FRAMEWORKS}Clear Presence Helper(?: \\((?:GPU|Plugin|Renderer)\\))?\\.app/`),
  ],
}

/** What only some packages of a system bring along: AppArmor's profile, how to elevate, how to update, empty language folders. */
export const OPTIONAL: readonly RegExp[] = [
  /^resources\/(?:apparmor-profile|elevate\.exe|app-update\.yml|package-type)$/,
  /^Clear Presence\.app\/Contents\/(?:_CodeSignature\/)?CodeResources$/,
  /^Clear Presence\.app\/Contents\/Resources\/(?:app-update\.yml|[\w-]+\.lproj\/.*)$/,
  new RegExp(`^${FRAMEWORKS}(?:Mantle|ReactiveObjC|Squirrel)\\.framework/`),
]

/** What an AppImage has around the app's folder: its starter, its entry for menus, and its icons. */
export const IN_IMAGE: readonly RegExp[] = [
  /^AppRun$/,
  /^clear-presence\.desktop$/,
  /^\.DirIcon$/,
  /^clear-presence\.png$/,
  /^usr\/share\/icons\/hicolor\/\d+x\d+\/apps\/clear-presence\.png$/,
]

/** Says what a list of files has too many, and what it lacks; empty when it is as it should be. */
export function compare(
  files: readonly string[],
  needed: readonly RegExp[],
  optional: readonly RegExp[] = [],
): readonly string[] {
  const surplus = files.filter((file) => ![...needed, ...optional].some((pattern) => pattern.test(file)))
  const missing = needed.filter((pattern) => !files.some((file) => pattern.test(file)))
  return [...surplus.map((file) => `too many: ${file}`), ...missing.map(({ source }) => `missing: ${source}`)]
}
