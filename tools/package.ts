/**
 * `npm run package`: builds the packages for the system it runs on, into `dist/`: around Electron's own binary, which
 * electron-builder downloads and checks; where that can't be had around the stand-in, and then marked in the version.
 * `--real` or `--stand-in` demands one of them; all other arguments go to electron-builder, such as `-- deb` or `-- nsis --arm64`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launcherHere } from '../test/stand-in/package/launcher.ts'
import { missingTools, STAND_IN_TOOLS } from '../test/stand-in/package/tools.ts'
import { runBuilder } from './lib/builder.ts'
import { canDownload } from './lib/electron.ts'
import { makeStandInPackages } from './lib/make-packages.ts'
import { REPOSITORY } from './lib/paths.ts'

const FLAGS: Partial<Readonly<Record<NodeJS.Platform, string>>> = {
  linux: '--linux',
  win32: '--win',
  darwin: '--mac',
}
const say = (line: string): void => console.log(line)

const given = process.argv.slice(2)
const wanted = given.filter((argument) => argument !== '--real' && argument !== '--stand-in')
const real = given.includes('--real') || (!given.includes('--stand-in') && (await canDownload()))
try {
  if (real) await aroundElectron()
  else await aroundStandIn()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function aroundElectron(): Promise<void> {
  const flag = FLAGS[process.platform]
  if (flag === undefined) throw new Error(`There are no packages for ${process.platform}.`)
  say("Building around Electron's own binary.")
  say(await runBuilder({ args: [flag, ...wanted], config: {}, env: {}, offline: false }))
}

async function aroundStandIn(): Promise<void> {
  const why = "Electron's binary can't be downloaded now"
  if (process.platform !== 'linux')
    throw new Error(`${why}, and packages around a stand-in are made on Linux only.`)
  const missing = missingTools()
  if (missing.length > 0) {
    throw new Error(
      `${why}. Packages around a stand-in need these first: apt-get install ${missing.join(' ')}`,
    )
  }
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string
  }
  const marked = `${version}-standin.1`
  say(`Building ${marked} around a stand-in for Electron's binary. Stand-ins, too: ${STAND_IN_TOOLS}.`)
  say('These packages run on this machine only, while this folder is there. Give them to nobody.')
  const targets = wanted.length > 0 ? wanted : ['deb', 'rpm', 'AppImage']
  say(
    await makeStandInPackages({
      ...{ platform: 'linux', targets, version: marked, output: join(REPOSITORY, 'dist') },
      parts: launcherHere(),
    }),
  )
}
