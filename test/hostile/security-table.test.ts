/** docs/security.md answers all twenty points of Electron's security list, and each with a test that exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { titlesIn } from '../support/titles.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs/security.md')
const page = readFileSync(PAGE, 'utf8')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Every source of the product, without its tests. */
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter(
    (entry) => entry.isFile() && /\.(ts|tsx|html)$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name),
  )
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
const windowSource = read('src/main/platform/shell/window.ts')

/** What is wrong with a page; empty when nothing is. */
function faultsOf(text: string): readonly string[] {
  const rows = text
    .split('\n')
    .filter((line) => /^\| \d+\. /.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  const missing = Array.from({ length: 20 }, (_, n) => n + 1).filter(
    (point) => rows.filter(([first = '']) => first.startsWith(`${point}. `)).length !== 1,
  )
  return [
    ...missing.map((point) => `point ${point} has no row, or two`),
    ...rows.flatMap((cells) => {
      const [point = '', state = '', , proof = ''] = cells
      const links = [...proof.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
      return [
        ...(cells.length === 4 && cells.every((cell) => cell !== '') ? [] : [`${point}: an empty cell`]),
        ...(['met', 'does not apply'].includes(state) ? [] : [`${point}: ${state}?`]),
        ...(links.length > 0 ? [] : [`${point}: no test`]),
        ...links
          .filter(([, title = '', path = '']) => !exists(title, path))
          .map(([, title = '']) => `${point}: no test '${title}'`),
      ]
    }),
  ]
}

const titles = new Map<string, readonly string[]>()

function exists(title: string, path: string): boolean {
  const file = resolve(dirname(PAGE), path)
  if (!/\.(test|spec)\.ts$/.test(file) || !existsSync(file)) return false
  const known = titles.get(file) ?? titlesIn(readFileSync(file, 'utf8'))
  titles.set(file, known)
  return known.includes(title)
}

it('the security table has twenty rows, no empty cell, and no test that does not exist', () => {
  expect(faultsOf(page)).toEqual([])
})

it('a row that is gone, an empty cell, a state without meaning and a test that nobody has are found', () => {
  const row = (point: number): string =>
    page.split('\n').find((line) => line.startsWith(`| ${point}. `)) ?? ''
  const planted: readonly (readonly [from: string, to: string, fault: RegExp])[] = [
    [row(7), '', /^point 7 has no row/],
    [row(8), row(8).replace(/`allowRunning[^|]*/, ' '), /^8.*an empty cell/],
    [row(9), row(9).replace('| met', '| nearly'), /^9.*nearly\?/],
    ['[point 6: ', '[point 66: ', /no test 'point 66/],
    ['(../test/hostile/hostile.spec.ts)', '(../test/hostile/gone.spec.ts)', /no test 'serves nothing/],
  ]
  for (const [from, to, fault] of planted) {
    expect(from).not.toBe('')
    expect(page).toContain(from)
    expect(faultsOf(page.replace(from, to)).join('\n')).toMatch(fault)
  }
})

it.each([
  { name: 'point 2: the one window is made without Node', line: 'nodeIntegration: false' },
  { name: 'point 3: the one window isolates its preload', line: 'contextIsolation: true' },
  { name: 'point 4: the one window is sandboxed', line: 'sandbox: true' },
  { name: 'point 6: the one window keeps web security', line: 'webSecurity: true' },
  { name: 'point 8: the one window runs no insecure content', line: 'allowRunningInsecureContent: false' },
  { name: 'point 9: the one window has no experimental features', line: 'experimentalFeatures: false' },
])('$name', ({ line }) => {
  expect(windowSource).toContain(`${line},`)
  // Nobody else makes a window with a page, and nobody sets the opposite.
  expect(
    sources.filter((source) => /new (BrowserWindow|WebContentsView|BrowserView)\(/.test(source)),
  ).toEqual([windowSource])
  const [option = '', value = ''] = line.split(': ')
  const opposite = `${option}: ${value === 'true' ? 'false' : 'true'}`
  expect(sources.filter((source) => source.includes(opposite))).toEqual([])
})

it('point 10: no source enables Blink features', () => {
  expect(sources.filter((source) => /enableBlinkFeatures|enable-blink-features/.test(source))).toEqual([])
})

it('point 11: no source has a webview', () => {
  expect(sources.filter((source) => /<webview|allowpopups|webviewTag: true/.test(source))).toEqual([])
  expect(windowSource).toContain('webviewTag: false,')
})

it('point 12: a webview that is attached all the same is refused', () => {
  expect(windowSource).toMatch(/'will-attach-webview', \(event\) => \{\s+event\.preventDefault\(\)/)
})

it('point 15: openExternal stands in one place, behind the list of hosts', () => {
  const opener = read('src/main/platform/services/opener.ts')
  expect(sources.filter((source) => source.includes('openExternal'))).toEqual([opener])
  expect(opener).toMatch(/if \(!isAllowedUrl\(url, hosts\)\) throw .*\n\s+await shell\.openExternal\(url\)/)
})

it('point 16: Electron is pinned to one exact version', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  expect(devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/)
})

it('point 19: the fuses of the package are set', () => {
  const [, rest = ''] = read('electron-builder.yml').split(/^electronFuses:$/m)
  const [fuses = ''] = rest.split(/^\w/m)
  const set = [...fuses.matchAll(/^ {2}(\w+): (\w+)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  )
  expect(Object.fromEntries(set)).toEqual({
    runAsNode: 'false',
    enableNodeOptionsEnvironmentVariable: 'false',
    enableNodeCliInspectArguments: 'false',
    enableEmbeddedAsarIntegrityValidation: 'true',
    onlyLoadAppFromAsar: 'true',
    loadBrowserProcessSpecificV8Snapshot: 'false',
    resetAdHocDarwinSignature: 'true',
    grantFileProtocolExtraPrivileges: 'false',
    enableCookieEncryption: 'true',
  })
})

it('point 20: the bridge hands over three functions and no API', () => {
  const preload = read('src/preload/index.ts')
  expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1)
  const [, bridge = ''] = /const bridge = \{([\s\S]*?)\n\} satisfies Bridge/.exec(preload) ?? []
  expect([...bridge.matchAll(/^ {2}(?:async )?(\w+)[(:]/gm)].map(([, name]) => name)).toEqual([
    'snapshot',
    'onSnapshot',
    'send',
  ])
})
