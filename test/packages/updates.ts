/** Updates of an AppImage, the one Linux package that replaces itself, from a server on loopback. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { answers, covers, expect } from './life.ts'
import type { Person } from './person.ts'
import type { Report } from './table.ts'

/** Longer than the app waits before its first look, and than between two looks, ms (core/updates). */
const FIRST_LOOK_MS = 2.5 * 60_000
const LOOK_AGAIN_MS = 12.1 * 3_600_000

/** Long enough for a start that must not be made, ms. */
const QUIET_MS = 1_500

/** A place that versions are published at. */
export interface Shop extends AsyncDisposable {
  readonly url: string
  /** Paths that were asked for. */
  readonly asked: readonly string[]
  /** Offers the files of a folder; with `spoiled` its list names another checksum. Null: nobody answers. */
  offer(folder: string | null, spoiled?: boolean): void
}

/** Opens the shop; it answers nobody yet. */
export async function openShop(): Promise<Shop> {
  let folder: string | null = null
  let spoiled = false
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://shop').pathname)
    asked.push(name)
    if (folder === null) {
      request.socket.destroy()
      return
    }
    try {
      const content = readFileSync(join(folder, name))
      const list = name.endsWith('.yml') && spoiled
      response.end(list ? content.toString('utf8').replaceAll(/sha512: ..../g, 'sha512: AAAA') : content)
    } catch {
      response.writeHead(404).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    offer(from, isSpoiled = false) {
      folder = from
      spoiled = isSpoiled
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** '' for a moment: electron-updater deletes the old file before it moves the new one there. */
function digest(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return ''
  }
}

/** Runs the older AppImage as a person does, and lets it find the newer one. */
export async function update(
  report: Report,
  person: Person,
  shop: Shop,
  { older, newer, version }: { readonly older: string; readonly newer: string; readonly version: string },
): Promise<void> {
  const check = (name: string, work: () => string | Promise<string>): Promise<boolean> =>
    report.check('AppImage', name, work)
  const image = join(person.home, 'Apps', 'Clear-Presence.AppImage')
  const { uid, gid } = statSync(person.home)
  mkdirSync(join(image, '..'))
  const place = (file: string): void => {
    copyFileSync(file, image)
    chmodSync(image, 0o755)
    for (const path of [image, join(image, '..')]) chownSync(path, uid, gid)
  }
  place(older)
  const [before, after] = [digest(image), digest(newer)]
  const log = (): string => person.reads(join(person.data, 'logs/clear-presence.log'))
  const count = (text: string): number => log().split(text).length - 1
  const ready = `Version ${version} is ready`

  /** Lets time pass until the app looks, and waits for what it finds. */
  async function look(ms: number, found: 'no update' | 'update ready'): Promise<void> {
    const known = count(`"${found}"`)
    await (await person.screen()).call('advanceTime', { ms })
    await person.until(() => count(`"${found}"`) > known, `"${found}"`)
  }

  await check('runs, and starts at login from where it lies', async () => {
    person.start([], {}, image)
    await answers(person, ['signed-out'], image)
    await person.signIn(image)
    const screen = await person.screen()
    await screen.waitForText('Start with the computer?')
    await screen.call('click', { role: 'button', name: 'Start with the computer' })
    await person.until(
      () => person.reads(person.autostartEntry).includes(`TryExec=${image}`),
      'the entry with its path',
    )
    return `TryExec=${basename(image)}, not the folder it is mounted at`
  })

  await check('nothing when offline', async () => {
    shop.offer(null)
    await look(FIRST_LOOK_MS, 'no update')
    expect(shop.asked.length > 0, 'it did not even try')
    expect(!(await (await person.screen()).call('text')).text.includes('is ready'), 'it offers something')
    return 'nothing offered'
  })

  await check('refuses a wrong checksum', async () => {
    shop.offer(join(newer, '..'), true)
    await look(LOOK_AGAIN_MS, 'no update')
    expect(count('ERR_CHECKSUM_MISMATCH') === 1, 'it failed by something else')
    expect(!(await (await person.screen()).call('text')).text.includes('is ready'), 'it offers it')
    return 'ERR_CHECKSUM_MISMATCH, nothing offered'
  })

  await check('found and downloaded', async () => {
    shop.offer(join(newer, '..'))
    await look(LOOK_AGAIN_MS, 'update ready')
    await (await person.screen()).waitForText(ready)
    expect(digest(image) === before, 'it was installed without being asked')
    return ready
  })

  /** Starts the older one anew, until it has found the newer one again; answers its process id. */
  async function startReady(): Promise<number> {
    person.start([], {}, image)
    await covers(person, image)
    await look(FIRST_LOOK_MS, 'update ready')
    await (await person.screen()).waitForText(ready)
    return person.copies()[0] ?? 0
  }
  const ended = (): Promise<void> => person.until(() => person.copies().length === 0, 'the end')

  await check('not installed when system or program end the app', async () => {
    for (const pid of person.copies()) process.kill(pid, 'SIGTERM')
    await ended()
    expect(digest(image) === before, 'it was installed after SIGTERM')
    await startReady()
    await person.command('--quit', image)
    await ended()
    expect(digest(image) === before, 'it was installed after --quit, as an uninstaller asks for it')
    return 'after SIGTERM and --quit the file is as before'
  })

  await check('installed by a quit that the user wants', async () => {
    await startReady()
    person.otherProgramCalls()
    await (await person.screen()).call('trayChoose', { item: 'quit' }).catch(() => undefined) // it ends before it answers
    await ended()
    expect(digest(image) === after, 'it was not installed')
    expect(person.held().length === 0, 'the session stands')
    await sleep(QUIET_MS)
    expect(person.copies().length === 0, 'it was started again without being asked')
    return 'cleared, installed, not started again'
  })

  await check('restarted when asked, by a quit that clears', async () => {
    place(older)
    const old = await startReady()
    person.otherProgramCalls()
    const writes = person.writes().length
    await (await person.screen()).call('click', { role: 'button', name: 'Restart now' })
    await person.until(() => digest(image) === after && !person.copies().includes(old), 'the new file')
    expect(person.held().length === 0 && person.writes().length === writes + 1, 'it was not one clear')
    await person.until(() => log().includes(`"version":"${version}"`), 'the start of the new version')
    await covers(person, image)
    return `${version} runs, the session was cleared`
  })

  await check('off by policy', async () => {
    await person.command('--quit', image)
    mkdirSync('/etc/clear-presence', { recursive: true })
    writeFileSync('/etc/clear-presence/policy.json', '{"updates":false}')
    try {
      const asked = shop.asked.length
      person.start(['--hidden'], {}, image)
      await covers(person, image)
      await (await person.screen()).call('advanceTime', { ms: LOOK_AGAIN_MS })
      await person.command('--quit', image)
      expect(shop.asked.length === asked, 'it asked all the same')
      return 'nobody was asked'
    } finally {
      rmSync('/etc/clear-presence', { recursive: true, force: true })
    }
  })
}
