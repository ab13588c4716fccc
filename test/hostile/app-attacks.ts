/**
 * The attacks that run inside the built app's main process and inside its page. Each is one function that stands alone,
 * because its text is sent there; it answers with plain data.
 */
import type { App } from '../e2e/driver.ts'

/** What became of the messages. */
export interface Hammered {
  readonly tried: number
  readonly refused: number
  readonly survived: number
  readonly failures: readonly string[]
}

/** The parts of the stand-in that play Chromium's side of the message pipe. */
interface Pipe {
  _invoke(channel: string, sender: unknown, frame: unknown, args: unknown[]): unknown
}

/**
 * Sends `count` random and malicious messages to every channel of main, from our page, its frames, other windows, gone
 * frames and a destroyed window. Stand-in only: it plays the pipe between the processes.
 */
export function hammerIpc(app: App, seed: number, count: number): Promise<Hammered> {
  return app.electron.evaluate(
    async ({ ipcMain, BrowserWindow }, { seed, count }) => {
      let state = seed >>> 0
      const below = (limit: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        return Math.floor((state / 2 ** 32) * limit)
      }
      const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
      const pipe = ipcMain as unknown as Pipe
      const ours = BrowserWindow.getAllWindows()[0]
      if (ours === undefined) throw new Error('no window')
      const other = new BrowserWindow({ show: false, webPreferences: { sandbox: true } })
      await other.loadURL('data:text/html,<iframe srcdoc="x"></iframe>')
      const gone = new BrowserWindow({ show: false })
      await gone.loadURL('data:text/html,x')
      const goneContents = gone.webContents
      const goneFrame = goneContents.mainFrame
      gone.destroy()

      const page = ours.webContents
      const frame = (url: unknown, parent: unknown = null): object => ({ url, parent, detached: false })
      const throwing = {
        get parent(): never {
          throw new Error('Render frame was disposed before WebFrameMain could be accessed')
        },
        url: 'clear-presence://app/index.html',
      }
      const app = 'clear-presence://app/index.html'
      const senders: readonly (readonly [name: string, sender: unknown, frame: unknown])[] = [
        ['another window', other.webContents, other.webContents.mainFrame],
        ['another window with our address', other.webContents, frame(app)],
        ['a frame of another window', other.webContents, other.webContents.mainFrame.frames[0] ?? null],
        ['a destroyed window', goneContents, goneFrame],
        ['nobody', null, null],
        ['an object', {}, frame(app)],
        ['a frame that is gone', page, null],
        ['a frame that was disposed', page, throwing],
        ['a frame inside our page', page, frame(app, page.mainFrame)],
        ...[
          'https://evil.example/',
          'file:///etc/passwd',
          'about:blank',
          'about:srcdoc',
          '',
          'data:text/html,x',
          'clear-presence://app.evil.example/',
          'clear-presence://user@app/',
          'clear-presence://APP:1/',
          'clear-presence-x://app/',
          'https://app/index.html',
          'javascript:clear-presence://app/',
        ].map((url) => [`our window at ${url}`, page, frame(url)] as const),
      ]
      const cyclic: Record<string, unknown> = { type: 'clear' }
      cyclic['self'] = cyclic
      let deep: unknown = 1
      for (let n = 0; n < 10_000; n += 1) deep = { type: deep }
      const getters = {
        get type(): never {
          throw new Error('a getter')
        },
      }
      const texts = [
        '',
        'clear',
        'CLEAR',
        ' clear',
        'clear\0',
        '__proto__',
        'constructor',
        'toString',
        'quit;',
        '\uD800',
        'x'.repeat(100_000),
      ]
      const leaves: readonly unknown[] = [
        null,
        undefined,
        true,
        0,
        -0,
        NaN,
        Infinity,
        2 ** 53,
        10n,
        Symbol('x'),
        new Date(NaN),
        /x/,
        new Map([['type', 'clear']]),
        new Set(['clear']),
        new Uint8Array(1_000_000),
        new Error('x'),
        () => 'clear',
        Promise.resolve(1),
        cyclic,
        deep,
        getters,
        [],
        Array(100_000).fill('clear'),
        JSON.parse('{"__proto__":{"type":"quit"}}'),
        Object.create({ type: 'quit' }),
        new Proxy({}, { get: () => 'quit', getOwnPropertyDescriptor: () => undefined, has: () => true }),
      ]
      const value = (depth: number): unknown => {
        const kind = below(depth === 0 ? 3 : 6)
        if (kind === 0) return pick(texts)
        if (kind <= 2) return pick(leaves)
        if (kind === 3) return Array.from({ length: below(4) }, () => value(depth - 1))
        return Object.fromEntries(
          Array.from({ length: below(4) }, () => [
            pick(['type', 'pair', 'method', 'link', 'a', '__proto__', 'constructor']),
            value(depth - 1),
          ]),
        )
      }
      // Near misses of real commands: right in all but one member.
      const nearly = (): unknown =>
        pick<unknown>([
          { type: 'set', pair: pick(texts) },
          { type: 'set', pair: ['Busy/InACall'] },
          { type: 'set' },
          { type: 'sign-in', method: pick(texts) },
          { type: 'sign-in', method: { toString: () => 'browser' } },
          {
            type: 'open-link',
            link: pick([...texts, 'https://evil.example/', 'file:///etc/passwd', 'javascript:1']),
          },
          { type: ['quit'] },
          { type: new String('quit') },
          { type: 'quit\n' },
          { TYPE: 'quit' },
          [{ type: 'quit' }],
          'quit',
          JSON.stringify({ type: 'quit' }),
          { type: pick(texts.filter((text) => text !== 'clear')) },
          pick(leaves.filter((leaf) => leaf !== cyclic && leaf !== getters)),
        ])
      const REAL = [
        { type: 'quit' },
        { type: 'sign-out' },
        { type: 'clear' },
        { type: 'forget-now' },
        { type: 'open-logs' },
        { type: 'set', pair: 'Busy/InACall' },
        { type: 'open-link', link: 'help' },
      ]
      const channels = ['clear-presence:command', 'clear-presence:snapshot', 'clear-presence:changed']
      const unknown = [
        '',
        'ELECTRON_BROWSER_REQUIRE',
        'ELECTRON_BROWSER_GET_BUILTIN',
        'clear-presence:',
        'clear-presence:command ',
        '__proto__',
        'constructor',
        'toString',
        'x'.repeat(10_000),
      ]
      // A name of its own for the command that this page may give: it clears, which is harmless, and must not count as refused.
      const isReal = (message: unknown): boolean => {
        try {
          const own = (name: string): unknown =>
            typeof message === 'object' && message !== null && Object.hasOwn(message, name)
              ? (message as Record<string, unknown>)[name]
              : undefined
          return own('type') === 'clear'
        } catch {
          return false
        }
      }

      let [tried, refused, survived] = [0, 0, 0]
      const failures: string[] = []
      const known = [
        'RefusedMessageError',
        'clear-presence:command',
        'No handler registered',
        'a getter',
        'Render frame was disposed',
      ]
      for (let n = 0; n < count; n += 1) {
        const own = below(2) === 0
        const [name, sender, senderFrame] = own
          ? (['our page', page, page.mainFrame] as const)
          : pick(senders)
        const channel = below(8) === 0 ? pick(unknown) : pick(channels)
        const first = own ? (below(2) === 0 ? nearly() : value(3)) : pick<unknown>([...REAL, value(2)])
        const args =
          below(5) === 0
            ? [first, ...Array.from({ length: below(5) }, () => value(2))]
            : below(30) === 0
              ? []
              : [first]
        const mayPass =
          own &&
          (channel === 'clear-presence:snapshot' || (channel === 'clear-presence:command' && isReal(args[0])))
        tried += 1
        try {
          await pipe._invoke(channel, sender, senderFrame, args)
          if (mayPass) survived += 1
          else
            failures.push(
              `${name} to ${channel.slice(0, 40)}: accepted ${Object.prototype.toString.call(first)}`,
            )
        } catch (error) {
          const text = String(error)
          if (mayPass && !text.includes('getter')) failures.push(`${name} to ${channel}: ${text}`)
          else if (known.some((each) => text.includes(each))) refused += 1
          else
            failures.push(
              `${name} to ${channel.slice(0, 40)}: an error without a name: ${text.slice(0, 200)}`,
            )
        }
        // Sends that nobody waits for, to the same channels.
        if (n % 10 === 0) ipcMain.emit(channel, { sender, senderFrame, reply: () => undefined }, ...args)
      }
      other.destroy()
      return { tried, refused, survived, failures: failures.slice(0, 50) }
    },
    { seed, count },
  )
}

/** What one address of our scheme was answered with. */
export interface Served {
  readonly url: string
  readonly method: string
  readonly status: number
  /** The body, base64. */
  readonly body: string
}

/** Asks the built app's protocol handler. Stand-in only: `_handlerOf` is its. */
export function askProtocol(
  app: App,
  requests: readonly (readonly [method: string, url: string])[],
): Promise<readonly (Served | string)[]> {
  return app.electron.evaluate(async ({ protocol }, list) => {
    const handler = (
      protocol as unknown as { _handlerOf(scheme: string): (request: unknown) => Promise<Response> }
    )._handlerOf('clear-presence')
    const answers: (Served | string)[] = []
    for (const [method, url] of list) {
      try {
        // A plain object, because `Request` would tidy the address up before the handler sees it.
        const response = await handler({ method, url, headers: new Headers() })
        answers.push({
          url,
          method,
          status: response.status,
          body: Buffer.from(await response.arrayBuffer()).toString('base64'),
        })
      } catch (error) {
        answers.push(`${method} ${url.slice(0, 80)}: ${String(error)}`)
      }
    }
    return answers
  }, requests)
}

/** Opens addresses of our scheme in a hidden window of the real Chromium and reads what it shows. */
export function openInChromium(
  app: App,
  urls: readonly string[],
): Promise<readonly { readonly url: string; readonly shown: string }[]> {
  return app.electron.evaluate(async ({ BrowserWindow }, list) => {
    const shown: { url: string; shown: string }[] = []
    const window = new BrowserWindow({ show: false, webPreferences: { sandbox: true } })
    for (const url of list) {
      const loaded = await window.loadURL(url).then(
        () => true,
        () => false,
      )
      const text: unknown = loaded
        ? await window.webContents.executeJavaScript('document.documentElement.outerHTML').catch(() => '')
        : ''
      shown.push({ url, shown: String(text) })
    }
    window.destroy()
    return shown
  }, urls)
}

/** Hands command lines to the running app as later starts would. */
export function hammerSecond(
  app: App,
  vectors: readonly (readonly [argv: unknown, data: unknown])[],
): Promise<readonly string[]> {
  return app.electron.evaluate(({ app: electronApp }, list) => {
    const failures: string[] = []
    for (const [argv, data] of list) {
      try {
        electronApp.emit('second-instance', { preventDefault: () => undefined }, argv, '/', data)
      } catch (error) {
        failures.push(`${JSON.stringify([argv]).slice(0, 100)}: ${String(error)}`)
      }
    }
    return failures
  }, vectors)
}
