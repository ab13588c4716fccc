import { expect, test } from 'vitest'
import { cspToWire, fromWire, toWire, wireScheme } from './wire.ts'

test.each([
  ['app://bundle/index.html?a=1#b', 'https://app--bundle.stand-in.invalid/index.html?a=1#b'],
  ['app:///index.html', 'https://app--none.stand-in.invalid/index.html'],
  ['APP://a.b', 'https://app--a.b.stand-in.invalid'],
])('%s travels as %s', (url, wire) => {
  expect(toWire(url)).toBe(wire)
  expect(wireScheme(wire)).toBe('app')
  expect(fromWire(wire)).toBe(url.replace('APP', 'app'))
})

test.each(['https://graph.example/v1.0', 'file:///a/b.html', 'data:text/html,x', 'about:blank'])(
  '%s stays',
  (url) => {
    expect(toWire(url)).toBe(url)
    expect(fromWire(url)).toBe(url)
    expect(wireScheme(url)).toBeUndefined()
  },
)

test("a name that only looks like the wire's is nobody's scheme", () => {
  expect(wireScheme('https://app--bundle.stand-in.invalid.example/')).toBeUndefined()
  expect(wireScheme('https://example/https://app--bundle.stand-in.invalid/')).toBeUndefined()
})

test('a policy that names the scheme is carried over', () => {
  expect(cspToWire("default-src 'none'; img-src app: data:; connect-src app://bundle", ['app'])).toBe(
    "default-src 'none'; img-src https://*.stand-in.invalid data:; connect-src https://app--bundle.stand-in.invalid",
  )
  expect(cspToWire("script-src 'self' https://myapp:1", ['app'])).toBe("script-src 'self' https://myapp:1")
})
