/** The scripts of the Linux packages by themselves, where Electron's own binary behaves otherwise than the stand-in. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { locateChromium } from '../stand-in/chromium/locate.ts'
import { expect, FOLDER, PROGRAM, runManager } from './life.ts'
import type { Person, Running } from './person.ts'

const BEFORE_REMOVE = resolve(import.meta.dirname, '../../assets/linux/before-remove.sh')
/** Long enough for Chromium to start its helpers, ms. */
const HELPERS_MS = 2_000

/**
 * A real Chromium, as Electron is one, in the place of the program: it is known by the file that it was started from,
 * whatever name it was called by, also after an upgrade has put another file there; its helpers are left to it, so that it
 * ends in order. Call it while no package is installed.
 */
export async function endsChromiumInOrder(person: Person): Promise<string> {
  expect(!existsSync(FOLDER), `${FOLDER} is there already`)
  const { executable, env } = await locateChromium()
  try {
    cpSync(dirname(executable), FOLDER, { recursive: true })
    const copyIn = (): void => {
      rmSync(PROGRAM, { force: true })
      cpSync(executable, PROGRAM)
      chmodSync(PROGRAM, 0o755)
    }
    copyIn()
    const libraries = (env['LD_LIBRARY_PATH'] ?? '').replace(dirname(executable), FOLDER)
    const flags = '--headless --no-sandbox --disable-gpu --disable-software-rasterizer'
    const command = `exec -a clear-presence '${PROGRAM}' ${flags} --user-data-dir="$HOME/chromium" about:blank`
    const main = person.run('/bin/bash', ['-c', command], { LD_LIBRARY_PATH: libraries })
    const pid = main.child.pid ?? 0
    const other = person.run('/bin/sleep', ['60'])
    await person.until(() => helpersOf(pid).length >= 3, 'its helpers')
    await sleep(HELPERS_MS)
    const helpers = helpersOf(pid)
    copyIn()
    await runManager('/bin/sh', [BEFORE_REMOVE, 'upgrade', '2'])
    expect(runs(main) && helpersOf(pid).length === helpers.length, 'an upgrade ended something')
    // Held still, it can't end its helpers itself: those that die now were ended by the script.
    process.kill(pid, 'SIGSTOP')
    await runManager('/bin/sh', [BEFORE_REMOVE, 'remove'])
    const left = helpersOf(pid).length
    process.kill(pid, 'SIGCONT')
    await main.exit
    expect(
      left === helpers.length,
      `${String(helpers.length - left)} of ${String(helpers.length)} helpers were ended`,
    )
    expect(runs(other), 'another program was ended')
    other.child.kill()
    return `a Chromium, its binary replaced: the main process is ended, its ${String(helpers.length)} helpers are left to it`
  } finally {
    rmSync(FOLDER, { recursive: true, force: true })
  }
}

/**
 * What a hostile user can put into their own environment and files doesn't make root delete anything: another file of root's
 * stays, whatever folder the user names.
 */
export async function followsNobody(person: Person): Promise<string> {
  const treasure = join(person.home, '..', 'treasure')
  const [attack, own] = [join(person.home, 'attack'), join(person.home, 'own')]
  const never = '/tmp/presence-never'
  try {
    rmSync(never, { force: true })
    mkdirSync(FOLDER, { recursive: true })
    cpSync('/bin/sleep', PROGRAM)
    mkdirSync(treasure, { mode: 0o700 })
    const entry = ['autostart', 'clear-presence.desktop']
    const files = [join(treasure, 'tokens.bin'), join(treasure, 'clear-presence.desktop')]
    for (const file of files) writeFileSync(file, `TryExec=${PROGRAM}\n`)
    for (const folder of [attack, own]) mkdirSync(folder)
    for (const name of ['autostart', 'Clear Presence']) {
      symlinkSync(treasure, join(attack, name))
      mkdirSync(join(own, name))
    }
    const ours = [join(own, ...entry), join(own, 'Clear Presence', 'tokens.bin')]
    for (const file of ours) writeFileSync(file, `TryExec=${PROGRAM}\n`)
    await runManager('chown', ['-R', person.name, attack, own])
    const folders = [
      own,
      attack,
      `/x\\n99999999 root ${attack}`,
      `/x\n99999999 root ${attack}`,
      `$(touch ${never})`,
      `'; touch ${never}; '`,
    ]
    const copies = folders.map((folder) => person.run(PROGRAM, ['60'], { XDG_CONFIG_HOME: folder }))
    await sleep(300)
    expect(copies.every(runs), 'a copy did not start')
    await runManager('/bin/sh', [BEFORE_REMOVE, 'remove'])
    expect(!copies.some(runs), 'a copy still runs')
    expect(
      ours.every((file) => !existsSync(file)),
      "the person's own files are still there",
    )
    expect(
      files.every((file) => existsSync(file)),
      "root's files are gone",
    )
    expect(!existsSync(never), 'root ran what the user wrote')
    return "the person's own files go, root's behind their links stay"
  } finally {
    for (const path of [FOLDER, treasure]) rmSync(path, { recursive: true, force: true })
  }
}

/** Where the login entry names another program, such as an AppImage, entry and tokens stay: that one goes on with them. */
export async function leavesOthers(person: Person): Promise<string> {
  const [entry, tokens] = [person.autostartEntry, join(person.data, 'tokens.bin')]
  const write = async (program: string): Promise<void> => {
    for (const folder of [dirname(entry), person.data]) mkdirSync(folder, { recursive: true })
    writeFileSync(entry, `[Desktop Entry]\nTryExec=${program}\n`)
    writeFileSync(tokens, '')
    // The person's own: nobody else could delete them.
    await runManager('chown', ['-R', person.name, join(person.home, '.config')])
  }
  await write('/home/somebody/Clear-Presence.AppImage')
  await runManager('/bin/sh', [BEFORE_REMOVE, 'remove'])
  expect(existsSync(entry) && existsSync(tokens), 'they are gone')
  await write(PROGRAM)
  await runManager('/bin/sh', [BEFORE_REMOVE, 'remove'])
  expect(!existsSync(entry) && !existsSync(tokens), 'our own are still there')
  rmSync(join(person.home, '.config'), { recursive: true })
  return 'only what is ours goes'
}

/** The processes below this one that live. */
function helpersOf(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const entry of readProcesses()) parents.set(entry.pid, entry.parent)
  const below = (one: number): boolean => {
    const parent = parents.get(one)
    return parent === pid || (parent !== undefined && parent > 1 && below(parent))
  }
  return [...parents.keys()].filter(below)
}

function readProcesses(): readonly { readonly pid: number; readonly parent: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, state = '', parent = ''] =
          /\) (\w) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
        // One that has ended and waits to be asked about is gone.
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent) }]
      } catch {
        return [] // it has ended meanwhile
      }
    })
}

function runs({ child }: Running): boolean {
  return child.exitCode === null && child.signalCode === null
}
