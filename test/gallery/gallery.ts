/** Builds the renderer, serves it on loopback under the app's policy, and opens it in Chromium over a fake bridge. */
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { resolveConfig } from 'electron-vite'
import { chromium, type Browser, type Page } from 'playwright-core'
import { build } from 'vite'
import type { Command } from '../../src/shared/ipc.ts'
import type { Snapshot } from '../../src/shared/snapshot.ts'
import { locateChromium } from '../stand-in/chromium/locate.ts'
import { NOW } from './snapshots.ts'

/** The size that the app gives its window. */
export const WINDOW = { width: 400, height: 592 } as const

/** Where the pictures go; git ignores it. */
export const PICTURES = join(import.meta.dirname, '../../test-results/gallery')

/** What `probe.report()` answers. */
export interface Report {
  readonly sentence: string
  readonly sentenceWidth: number
  readonly scrollWidth: number
  readonly clipped: readonly string[]
  readonly violations: readonly string[]
  readonly faint: readonly string[]
  readonly landmarks: readonly string[]
}

/** One open window of the gallery. */
export interface Exhibit {
  readonly page: Page
  /** Console errors and warnings and uncaught exceptions since the last call. */
  takeErrors(): readonly string[]
  /** Opens the window anew on a snapshot. */
  load(snapshot: Snapshot): Promise<void>
  /** Pushes a snapshot, as the main process does. */
  show(snapshot: Snapshot): Promise<void>
  report(): Promise<Report>
  sent(): Promise<readonly Command[]>
  close(): Promise<void>
}

/** How a window is looked at. */
export interface Look {
  readonly colorScheme: 'light' | 'dark'
  readonly forcedColors?: 'active'
  readonly contrast?: 'more'
  readonly height?: number
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The built renderer and a browser to look at it with. */
export class Gallery {
  private readonly folder: string
  private readonly server: Server
  private readonly browser: Browser

  private constructor(folder: string, server: Server, browser: Browser) {
    this.folder = folder
    this.server = server
    this.browser = browser
  }

  /** Builds as `npm run build` does, into a folder of its own. */
  static async open(): Promise<Gallery> {
    await mkdir(PICTURES, { recursive: true })
    const folder = await mkdtemp(join(tmpdir(), 'gallery-'))
    await buildRenderer(folder)
    const server = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? '/', 'http://loopback').pathname).replace(
        /^\/$/,
        '/index.html',
      )
      readFile(join(folder, path)).then(
        (body) =>
          response
            .writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
            .end(body),
        () => response.writeHead(404).end(),
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { executable, env } = await locateChromium()
    const browser = await chromium.launch({
      executablePath: executable,
      env: { ...process.env, ...env },
      args: ['--no-sandbox', '--disable-gpu'],
    })
    return new Gallery(folder, server, browser)
  }

  /** Opens one window on a snapshot. */
  async exhibit(snapshot: Snapshot, look: Look): Promise<Exhibit> {
    const context = await this.browser.newContext({
      viewport: { width: WINDOW.width, height: look.height ?? WINDOW.height },
      colorScheme: look.colorScheme,
      forcedColors: look.forcedColors ?? 'none',
      contrast: look.contrast ?? 'no-preference',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
    })
    page.on('pageerror', (error) => errors.push(error.message))
    await page.clock.setFixedTime(NOW)
    await page.addInitScript({ path: join(import.meta.dirname, 'probe.js') })
    await page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`)
    const load = async (next: Snapshot): Promise<void> => {
      await page.evaluate(`window.name = ${JSON.stringify(JSON.stringify(next))}`)
      await page.reload()
      await page.getByRole('heading', { level: 1 }).waitFor()
    }
    await load(snapshot)
    return {
      page,
      takeErrors: () => errors.splice(0),
      load,
      show: (next) => page.evaluate(`probe.show(${JSON.stringify(next)})`),
      report: () => page.evaluate('probe.report()'),
      sent: () => page.evaluate('probe.sent'),
      close: () => context.close(),
    }
  }

  /** Leaves nothing behind but the pictures. */
  async close(): Promise<void> {
    await this.browser.close()
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
    await rm(this.folder, { recursive: true })
  }
}

async function buildRenderer(outDir: string): Promise<void> {
  const before = process.env['NODE_ENV']
  // React picks its build by this variable; vitest sets it to "test", which would bundle the development one.
  process.env['NODE_ENV'] = 'production'
  try {
    const { config } = await resolveConfig({}, 'build', 'production')
    const renderer = config?.renderer
    if (renderer === undefined) throw new Error('electron.vite.config.ts has no renderer section')
    await build({
      ...renderer,
      configFile: false,
      mode: 'production',
      logLevel: 'warn',
      build: { ...renderer.build, outDir, emptyOutDir: true },
    })
  } finally {
    process.env['NODE_ENV'] = before
  }
}
