import { describe, expect, it, vi } from 'vitest'
import { rootCertificates } from 'node:tls'
import { clouds, createRoutes, trustedCertificates, type RoutePorts } from './route.ts'

const LOG = { info: () => undefined, warn: vi.fn(), error: () => undefined }
const CA = ['-----BEGIN CERTIFICATE-----']

const routes = (changes: Partial<RoutePorts>) =>
  createRoutes({
    hosts: clouds.global,
    env: {},
    systemProxy: () => Promise.resolve('DIRECT'),
    log: LOG,
    certificates: () => CA,
    ...changes,
  })

describe('routes', () => {
  it('go by the environment from the start, and never ask the system then', async () => {
    const systemProxy = vi.fn(() => Promise.resolve('PROXY other:1'))
    const made = routes({
      env: { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: 'login.microsoftonline.com' },
      systemProxy,
    })
    expect(made.current()).toEqual({ proxyUrl: 'http://proxy:1', ca: CA })
    expect(made.current('https://login.microsoftonline.com/tenant/oauth2/v2.0/token').proxyUrl).toBeNull()
    await made.refresh()
    expect(systemProxy).not.toHaveBeenCalled()
  })

  it('ask the system for each host, ahead of need', async () => {
    const made = routes({
      systemProxy: (url) => Promise.resolve(url.includes('graph') ? 'PROXY a:1' : 'PROXY b:2'),
    })
    const changed = vi.fn()
    made.onChange(changed)
    expect(made.current().proxyUrl).toBeNull()
    expect((await made.refresh()).proxyUrl).toBe('http://a:1')
    expect(made.current(`${clouds.global.authority}/x`).proxyUrl).toBe('http://b:2')
    expect(changed).toHaveBeenCalledTimes(1)
    await made.refresh()
    expect(changed).toHaveBeenCalledTimes(1)
  })

  it('keep the last decision when the system has none', async () => {
    let answer = (): Promise<string> => Promise.resolve('PROXY a:1')
    const made = routes({ systemProxy: () => answer() })
    await made.refresh()
    answer = () => Promise.reject(new Error('no PAC file'))
    expect((await made.refresh()).proxyUrl).toBe('http://a:1')
    expect(LOG.warn).toHaveBeenCalledWith(
      'system-proxy-unknown',
      expect.objectContaining({ error: 'no PAC file' }),
    )
  })

  it('ignore an older decision that comes late', async () => {
    const answers: ((answer: string) => void)[] = []
    const made = routes({ systemProxy: () => new Promise((resolve) => answers.push(resolve)) })
    const [older, newer] = [made.refresh(), made.refresh()]
    for (const resolve of answers.slice(2)) resolve('PROXY new:1')
    await newer
    for (const resolve of answers.slice(0, 2)) resolve('PROXY old:1')
    expect((await older).proxyUrl).toBe('http://new:1')
    expect(made.current().proxyUrl).toBe('http://new:1')
  })
})

describe('trusted certificates', () => {
  it("hold Node's list once each, and are read once", () => {
    const all = trustedCertificates(LOG)
    expect(all.length).toBeGreaterThan(50)
    expect(new Set(all).size).toBe(all.length)
    expect(all).toContain(rootCertificates[0]?.trim())
    expect(trustedCertificates(LOG)).toBe(all)
  })
})
