/**
 * `npm run package`: builds the packages for the system it runs on, into `dist/`: around Electron's own binary where it is
 * installed or can be had, else around the stand-in, and then marked in the version. Arguments go to electron-builder,
 * such as `-- deb` or `-- nsis --arm64`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launcherHere } from '../test/stand-in/package/launcher.ts'
import { missingTools, STAND_IN_TOOLS } from '../test/stand-in/package/tools.ts'
import { runBuilder } from './lib/builder.ts'
import { chooseRunner } from './lib/electron.ts'
import { makeStandInPackages } from './lib/make-packages.ts'
import { REPOSITORY } from './lib/paths.ts'

const FLAGS: Partial<Readonly<Record<NodeJS.Platform, string>>> = {
  linux: '--linux',
  win32: '--win',
  darwin: '--mac',
}

const say = (line: string): void => console.log(line)
const wanted = process.argv.slice(2)
const runner = await chooseRunner({ wanted: 'either', pose: undefined }, say)
const flag = FLAGS[process.platform]
if (flag === undefined) throw new Error(`There are no packages for ${process.platform}.`)

if (runner.kind === 'real') {
  say(`Building around ${runner.reason}.`)
  say(await runBuilder({ args: [flag, ...wanted], config: {}, env: {}, offline: false }))
} else {
  const missing = missingTools()
  if (process.platform !== 'linux' || missing.length > 0) {
    throw new Error(
      process.platform === 'linux'
        ? `Electron's binary can't be had here, and for packages around a stand-in these are missing: apt-get install ${missing.join(' ')}`
        : `Electron's binary can't be had here (${runner.reason}), and packages around a stand-in are made on Linux only.`,
    )
  }
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string
  }
  const marked = `${version}-standin.1`
  say(`Building ${marked} around ${runner.reason}. Stand-ins, too: ${STAND_IN_TOOLS}.`)
  say('These packages run on this machine only, while this folder is there. Give them to nobody.')
  const targets = wanted.length > 0 ? wanted : ['deb', 'rpm', 'AppImage']
  say(
    await makeStandInPackages({
      ...{ platform: 'linux', targets, version: marked, output: join(REPOSITORY, 'dist') },
      parts: launcherHere(),
    }),
  )
}
