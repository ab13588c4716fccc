import { describe, expect, it } from 'vitest'
import { proxyFromEnvironment, proxyFromPac } from './proxy.ts'

const GRAPH = 'https://graph.microsoft.com'

describe('proxy from the environment', () => {
  it.each<[Record<string, string>, string | null | undefined]>([
    [{}, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ HTTP_PROXY: 'http://other:1' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy:8080' }, 'http://proxy:8080'],
    [{ https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:2' }, 'http://lower:1'],
    [{ HTTPS_PROXY: 'proxy:8080' }, 'http://proxy:8080'],
    [{ HTTPS_PROXY: 'https://proxy:8443' }, 'https://proxy:8443'],
    [{ HTTPS_PROXY: 'http://user:p%40ss@proxy:8080' }, 'http://user:p%40ss@proxy:8080'],
    [{ HTTPS_PROXY: 'socks5://proxy:1080' }, null],
    [{ HTTPS_PROXY: 'http://' }, null],
  ])('%j', (env, proxy) => {
    expect(proxyFromEnvironment(GRAPH, env)).toBe(proxy)
  })

  it.each<[string, boolean]>([
    ['*', true],
    ['graph.microsoft.com', true],
    ['GRAPH.microsoft.com', true],
    ['microsoft.com', true],
    ['.microsoft.com', true],
    ['*.microsoft.com', true],
    ['localhost, graph.microsoft.com', true],
    ['localhost graph.microsoft.com', true],
    ['graph.microsoft.com:443', true],
    ['graph.microsoft.com:8443', false],
    ['soft.com', false],
    ['microsoft.com.evil', false],
    ['localhost,127.0.0.1', false],
    ['', false],
    [' , ', false],
    ['.', false],
  ])('NO_PROXY=%s', (list, direct) => {
    const proxy = proxyFromEnvironment(GRAPH, { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: list })
    expect(proxy).toBe(direct ? null : 'http://proxy:1')
  })

  it('knows addresses', () => {
    const env = { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: '10.0.0.1,::1' }
    expect(proxyFromEnvironment('https://10.0.0.1', env)).toBeNull()
    expect(proxyFromEnvironment('https://[::1]:444', env)).toBeNull()
    expect(proxyFromEnvironment('https://10.0.0.2', env)).toBe('http://proxy:1')
  })
})

describe('proxy from a PAC answer', () => {
  it.each<[string, string | null]>([
    ['DIRECT', null],
    ['', null],
    ['PROXY a:8080; DIRECT', 'http://a:8080'],
    ['proxy a:8080', 'http://a:8080'],
    ['HTTPS a:443;PROXY b:80', 'https://a:443'],
    ['SOCKS5 s:1080; PROXY a:8080', 'http://a:8080'],
    ['SOCKS5 s:1080', null],
    ['DIRECT; PROXY a:8080', null],
    ['PROXY [::1]:8080', 'http://[::1]:8080'],
    ['PROXY', null],
  ])('%s', (answer, proxy) => {
    expect(proxyFromPac(answer)).toBe(proxy)
  })
})
