import { describe, expect, it } from 'vitest'
import { isAllowedUrl } from './allowed-url.ts'

const HOSTS = ['login.microsoftonline.com', 'microsoft.com']

describe('isAllowedUrl', () => {
  it.each([
    'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?client_id=x#y',
    'https://microsoft.com/devicelogin',
    'https://MICROSOFT.com:443/devicelogin',
  ])('lets %s through', (url) => {
    expect(isAllowedUrl(url, HOSTS)).toBe(true)
  })

  it.each([
    'http://microsoft.com/devicelogin',
    'https://microsoft.com:444/',
    'https://user:password@microsoft.com/',
    'https://microsoft.com@evil.example/',
    'https://evil.example/?microsoft.com',
    'https://microsoft.com.evil.example/',
    'https://sub.microsoft.com/',
    'https://microsoft.com./',
    'file:///etc/passwd',
    'file://microsoft.com/share/run.exe',
    'ms-msdt:/id PCWDiagnostic',
    'javascript:alert(1)',
    'microsoft.com/devicelogin',
    '',
  ])('stops %s', (url) => {
    expect(isAllowedUrl(url, HOSTS)).toBe(false)
  })
})
