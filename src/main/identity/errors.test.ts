import { AuthError, ClientAuthError, InteractionRequiredAuthError, ServerError } from '@azure/msal-node'
import { describe, expect, it } from 'vitest'
import { claimsOf, EntraRefusal, needsPerson, NetworkTrouble, problemOf } from './errors.ts'

const refusal = (error: string, ...numbers: number[]): EntraRefusal =>
  new EntraRefusal({ error, suberror: '', numbers, claims: '' })

describe('problemOf', () => {
  it.each([
    [refusal('invalid_client', 7000218), 'public-client-not-allowed', 'AADSTS7000218'],
    [refusal('unauthorized_client', 700016), 'client-unknown', 'AADSTS700016'],
    [refusal('unauthorized_client'), 'client-unknown', 'unauthorized_client'],
    [refusal('invalid_request', 90002), 'tenant-unknown', 'AADSTS90002'],
    [refusal('invalid_request', 90038), 'wrong-cloud', 'AADSTS90038'],
    [refusal('invalid_request', 50011), 'redirect-not-registered', 'AADSTS50011'],
    [refusal('invalid_grant', 50105), 'user-not-assigned', 'AADSTS50105'],
    [refusal('invalid_grant', 50057), 'account-blocked', 'AADSTS50057'],
    [refusal('invalid_grant', 65001), 'admin-consent-needed', 'AADSTS65001'],
    [refusal('access_denied', 65004), 'consent-declined', 'AADSTS65004'],
    // Numbers that nothing is known of stay visible, and the first one that is known wins.
    [refusal('invalid_grant', 1234567), 'sign-in-failed', 'AADSTS1234567'],
    [refusal('invalid_grant', 50097, 53000), 'policy-blocked', 'AADSTS50097'],
    [new ServerError('access_denied', '', 'AADSTS65004: User declined'), 'consent-declined', 'AADSTS65004'],
    [new ServerError('access_denied', '', 'No number here'), 'consent-declined', 'access_denied'],
    [new NetworkTrouble({ code: 'captive-portal', detail: 'status 200' }), 'captive-portal', 'status 200'],
    [Object.assign(new Error('x'), { code: 'EACCES' }), 'sign-in-failed', 'EACCES'],
  ])('names what %s means', (error, code, detail) => {
    expect(problemOf(error, 'sign-in-failed')).toEqual({ code, detail })
  })

  it('never shows prose, which may name people', () => {
    const prose = new AuthError("The user 'alex@demo.example' is not here", '')
    expect(problemOf(prose, 'sign-in-failed')).toEqual({ code: 'sign-in-failed' })
    expect(problemOf(new Error('alex@demo.example'), 'sign-in-failed')).toEqual({ code: 'sign-in-failed' })
    expect(problemOf('alex@demo.example', 'sign-in-failed')).toEqual({ code: 'sign-in-failed' })
    expect(problemOf(refusal('constructor'), 'sign-in-failed')).toEqual({
      code: 'sign-in-failed',
      detail: 'constructor',
    })
  })
})

describe('needsPerson', () => {
  it.each([
    [true, refusal('invalid_grant')],
    [true, new ServerError('invalid_grant', '')],
    [true, new InteractionRequiredAuthError('no_tokens_found', '')],
    [true, new InteractionRequiredAuthError('anything_new', '')],
    [true, new ClientAuthError('no_account_in_silent_request', '')],
    [true, refusal('invalid_request', 90002)],
    [false, refusal('invalid_request', 900144)],
    [false, refusal('temporarily_unavailable', 90033)],
    [false, new ClientAuthError('network_error', '')],
    [false, new NetworkTrouble({ code: 'not-reached' })],
    [false, new Error('invalid_grant')],
  ])('is %s for %s', (expected, error) => {
    expect(needsPerson(error)).toBe(expected)
  })
})

it('keeps the claims challenge of a refusal and of an error of MSAL', () => {
  expect(claimsOf(new EntraRefusal({ error: 'x', suberror: '', numbers: [], claims: '{"a":1}' }))).toBe(
    '{"a":1}',
  )
  expect(claimsOf(new InteractionRequiredAuthError('x', '', '', '', '', '', '{"b":2}'))).toBe('{"b":2}')
  expect(claimsOf(new NetworkTrouble({ code: 'not-reached' }))).toBe('')
})
