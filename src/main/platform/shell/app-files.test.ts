import { describe, expect, it } from 'vitest'
import { contentType, fileFor, isAppUrl, PAGE_URL, SECURITY_HEADERS, type AppFile } from './app-files.ts'

const file = (name: string): AppFile => ({ type: 'text/plain', bytes: new TextEncoder().encode(name) })
const index = file('index.html')
const script = file('assets/index-1a.js')
const files = new Map([
  ['index.html', index],
  ['assets/index-1a.js', script],
])
const get = (url: string, method = 'GET'): AppFile | null => fileFor({ method, url }, files)

describe('fileFor', () => {
  it('serves the page, by name and as the root', () => {
    expect(get(PAGE_URL)).toBe(index)
    expect(get('clear-presence://app/')).toBe(index)
    expect(get('clear-presence://app/index.html?x=1#y')).toBe(index)
  })

  it('serves what lies in folders', () => {
    expect(get('clear-presence://app/assets/index-1a.js')).toBe(script)
    expect(get('clear-presence://app/assets/../assets/./index-1a.js')).toBe(script)
  })

  it.each([
    'clear-presence://app/nothing.js',
    'clear-presence://app/assets/',
    'clear-presence://app/assets',
    'clear-presence://app/INDEX.HTML',
    'clear-presence://app/../../etc/passwd',
    'clear-presence://app/..%2f..%2fetc%2fpasswd',
    'clear-presence://app/%2e%2e/%2e%2e/etc/passwd',
    'clear-presence://app/assets%2findex-1a.js',
    'clear-presence://app/assets\\index-1a.js',
    'clear-presence://app//index.html',
    'clear-presence://app/index.html/',
    'clear-presence://app/index.html%00.js',
    'clear-presence://app/__proto__',
    'clear-presence://other/index.html',
    'clear-presence://app.evil/index.html',
    'clear-presence://user@app/index.html',
    'clear-presence://app:81/index.html',
    'https://app/index.html',
    'file:///index.html',
    'not a url',
    '',
  ])('answers nothing to %s', (url) => {
    expect(get(url)).toBeNull()
  })

  it.each(['HEAD', 'POST', 'OPTIONS', 'get'])('answers nothing to %s', (method) => {
    expect(get(PAGE_URL, method)).toBeNull()
  })
})

describe('contentType', () => {
  it.each([
    ['index.html', 'text/html; charset=utf-8'],
    ['assets/a.b.js', 'text/javascript; charset=utf-8'],
    ['a.css', 'text/css; charset=utf-8'],
    ['a.svg', 'image/svg+xml'],
    ['a.js.map', null],
    ['a', null],
    ['.htaccess', null],
    ['a.constructor', null],
  ])('%s is %s', (name, type) => {
    expect(contentType(name)).toBe(type)
  })
})

describe('isAppUrl', () => {
  it('knows our page and nothing like it', () => {
    expect(isAppUrl(PAGE_URL)).toBe(true)
    expect(isAppUrl('clear-presence-x://app/index.html')).toBe(false)
    expect(isAppUrl('https://evil.example/clear-presence://app/')).toBe(false)
  })
})

describe('the policy', () => {
  it('allows files of our own only', () => {
    const policy = SECURITY_HEADERS['Content-Security-Policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|data:|blob:|\*/)
  })
})
