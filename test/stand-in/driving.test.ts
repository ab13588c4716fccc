import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { launchApp, type App, type LaunchOptions } from '../e2e/driver.ts'
import { eventually } from './eventually.ts'
import { FIXTURE } from './fixture-app.ts'

/* The fixture app, driven by Playwright as the built app's specs are. */

const running: App[] = []

async function launch(options: LaunchOptions = {}): Promise<App> {
  const app = await launchApp({ appDir: FIXTURE, ...options })
  running.push(app)
  return app
}

afterEach(async () => {
  for (const app of running.splice(0)) await app.dispose()
})

test('a window shows a page of a custom scheme with its preload', async () => {
  const app = await launch()
  const page = await app.window()
  expect(await page.textContent('h1')).toBe('Hello')
  // The page's script may run a moment after its heading is there.
  await eventually(() => page.evaluate('window.early')).toBe('object')
  await page.click('#ask')
  await eventually(() =>
    page.evaluate('document.querySelector("#ask").textContent === "from the page"'),
  ).toBe(true)
  expect(await page.evaluate('window.fixture.echo(1)')).toMatchObject({
    value: 1,
    own: true,
    url: 'app://bundle/index.html',
  })
  expect(await page.evaluate('isSecureContext')).toBe(true)
  expect(await page.evaluate('[innerWidth, innerHeight]')).toEqual([400, 560])
  // Text has a width: without fonts Chromium draws none, silently.
  const width = await page.evaluate(
    '(() => { const r = document.createRange(); r.selectNodeContents(document.querySelector("h1")); return r.getBoundingClientRect().width })()',
  )
  expect(width).toBeGreaterThan(20)
  expect(await app.quit()).toBe(0)
  expect(app.out()).toMatch(/before-quit[\s\S]*closed[\s\S]*will-quit[\s\S]*quit/)
})

test('the bridge copies, freezes, proxies functions and promises, and carries errors', async () => {
  const app = await launch()
  const page = await app.window()
  expect(await page.evaluate('window.fixture.add(2, 3)')).toBe(5)
  expect(
    await page.evaluate('Object.isFrozen(window.fixture) && Object.isFrozen(window.fixture.nested)'),
  ).toBe(true)
  expect(await page.evaluate('window.fixture.nested.list[1].getTime()')).toBe(0)
  expect(await page.evaluate('window.fixture.nested.list[2].get("k") === 1n')).toBe(true)
  expect(await page.evaluate('window.fixture.nested.when')).toBe('later')
  expect(await page.evaluate('window.fixture.fail().catch((e) => e instanceof Error && e.message)')).toBe(
    "Error invoking remote method 'fail': TypeError: on purpose",
  )
  expect(await page.evaluate('window.fixture.echo(() => 1).catch((e) => e.message)')).toContain(
    'could not be cloned',
  )
  expect(await page.evaluate('typeof ipcRenderer + typeof require + typeof __standInSend')).toBe(
    'undefinedundefinedundefined',
  )
  await page.evaluate('window.seen = []; window.stop = window.fixture.onPower((name) => seen.push(name))')
  expect(await page.evaluate('window.fixture.subscribers()')).toBe(2)
  await app.power('suspend')
  await eventually(() => page.evaluate('seen.length === 1')).toBe(true)
  await page.evaluate('window.stop()')
  expect(await page.evaluate('window.fixture.subscribers()')).toBe(1)
})

test('CSP, popups and navigation are kept as the app wants them', async () => {
  const app = await launch()
  const page = await app.window()
  expect(
    await page.evaluate(
      '(() => { const s = document.createElement("script"); s.textContent = "window.bad = 1"; document.body.append(s); return typeof window.bad })()',
    ),
  ).toBe('undefined')
  await page.click('#popup')
  await eventually(() => app.out()).toContain('open https://example.invalid/popup')
  await page.click('#away')
  await eventually(() => app.out()).toContain('will-navigate https://example.invalid/away')
  expect(await page.textContent('h1')).toBe('Hello')
  // Reloading is the app's own navigation and asks nobody.
  await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.reload())
  await eventually(() =>
    page.evaluate('document.querySelector("#power")?.textContent === "no power event"'),
  ).toBe(true)
  expect(app.out().match(/will-navigate/g)).toHaveLength(1)
})

test('the tray is seen and used', async () => {
  const app = await launch({ args: ['--hidden'] })
  expect(await app.windows()).toEqual({ count: 0, visible: false })
  expect(await app.tray.exists()).toBe(true)
  expect(await app.tray.toolTip()).toBe('Fixture is on')
  expect((await app.tray.icon()).subarray(1, 4).toString()).toBe('PNG')
  expect((await app.tray.menu()).map(({ label, type }) => [label, type])).toEqual([
    ['Open', 'normal'],
    ['Set', 'submenu'],
    ['', 'separator'],
    ['Dark', 'checkbox'],
    ['Quit', 'normal'],
  ])
  await app.tray.choose(['Set', 'Busy'])
  expect(await app.tray.toolTip()).toBe('Busy')
  await app.tray.choose('open')
  const page = await app.window()
  await app.tray.choose('Dark')
  await eventually(() => page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches')).toBe(true)
  await expect(app.tray.choose('Nothing')).rejects.toThrow('no menu item')
  await app.tray.choose('Quit').catch(() => undefined) // the process may be gone before it answers
  expect(await app.exit).toBe(0)
})

test('each platform gets only the events that Electron has there', async () => {
  const mac = await launch({ platform: 'darwin', args: ['--hidden'] })
  await mac.power('lock-screen')
  await eventually(() => mac.out()).toContain('power lock-screen')
  expect(await mac.electron.evaluate(({ app }) => typeof app.dock)).toBe('object')
  const linux = await launch({ args: ['--hidden'] })
  await expect(linux.power('lock-screen')).rejects.toThrow('never sends')
  expect(await linux.electron.evaluate(({ app }) => typeof app.dock)).toBe('undefined')
  const windows = await launch({ platform: 'win32', args: ['--hidden'] })
  await expect(windows.power('shutdown')).rejects.toThrow('never sends')
  expect(await windows.electron.evaluate(() => process.platform)).toBe('win32')
})

test('a named pipe on "Windows" carries both ways and leaves no file', async () => {
  const app = await launch({ platform: 'win32', args: ['--hidden'] })
  const said = await app.electron.evaluate(async () => {
    const net = process.getBuiltinModule('node:net')
    const path = String.raw`\\.\pipe\stand-in-test-${process.pid}`
    const server = net.createServer((socket) => socket.end('hello through the pipe'))
    await new Promise<void>((done) => server.listen(path, done))
    return new Promise<string>((done, fail) => {
      let text = ''
      net
        .connect(path)
        .on('data', (chunk) => (text += chunk.toString()))
        .on('end', () => server.close(() => done(text)))
        .on('error', fail)
    })
  })
  expect(said).toBe('hello through the pipe')
})

test('net.fetch goes through the proxy of the environment, and resolveProxy names it', async () => {
  const asked: (string | undefined)[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(200, { 'x-from': 'proxy' }).end('proxied')
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port } = proxy.address() as AddressInfo
  const environment = { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: 'direct.example' }
  const app = await launch({
    args: ['--hidden'],
    env: { ...environment, http_proxy: undefined, no_proxy: undefined },
  })
  const seen = await app.electron.evaluate(async ({ net, session }) => {
    const response = await net.fetch('http://presence.example/x')
    const { defaultSession } = session
    return {
      text: await response.text(),
      from: response.headers.get('x-from'),
      proxied: await defaultSession.resolveProxy('http://presence.example/'),
      direct: await defaultSession.resolveProxy('http://direct.example/'),
    }
  })
  proxy.close()
  expect(asked).toEqual(['http://presence.example/x'])
  expect(seen).toEqual({
    text: 'proxied',
    from: 'proxy',
    proxied: `PROXY 127.0.0.1:${port}`,
    direct: 'DIRECT',
  })
})

test('what is missing says so', async () => {
  const app = await launch({ args: ['--hidden'] })
  const attempt = (code: string): Promise<string> =>
    app.electron.evaluate((electron, source) => {
      try {
        Object.assign(globalThis, { electron })
        return String(process.getBuiltinModule('node:vm').runInThisContext(source))
      } catch (error) {
        return String(error)
      }
    }, code)
  expect(await attempt('electron.app.showAboutPanel()')).toContain(
    'stand-in: App.showAboutPanel is not implemented',
  )
  expect(await attempt('electron.crashReporter.start({})')).toContain(
    'stand-in: crashReporter is not implemented',
  )
  expect(await attempt('electron.BrowserWindow.fromBrowserView()')).toContain('not implemented')
  expect(await attempt('electron.shell.trashItem("x")')).toContain('not implemented')
  expect(
    await attempt('new electron.BrowserWindow({ webPreferences: { nodeIntegration: true } })'),
  ).toContain('not implemented')
})

test('a second instance hands its arguments over and leaves', async () => {
  const first = await launch({ args: ['--hidden'] })
  const second = await launch({ args: ['--hello'], userDataDir: first.userDataDir }).then(
    (app) => app.exit,
    () => 0, // gone before Playwright was attached
  )
  expect(second).toBe(0)
  await eventually(() => first.out()).toContain('second-instance --hello')
  expect(await first.quit()).toBe(0)
})
