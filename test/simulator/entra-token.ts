/** Entra's token endpoint: authorization codes, refresh tokens and device codes become tokens. */
import { createHash } from 'node:crypto'
import { json, type Answer, type ServiceRequest } from './answer.ts'
import type { AuthorizeEndpoint } from './entra-authorize.ts'
import type { DeviceFlow } from './entra-device.ts'
import { entraError, faults, type EntraFault } from './entra-errors.ts'
import {
  appOf,
  claimedNbf,
  declaresCp1,
  isEntraFault,
  readScopes,
  realmOf,
  type EntraParts,
  type Grant,
} from './entra-parts.ts'
import { LOGIN_HOST } from './hosts.ts'

/** How the token endpoint is answered. */
export type TokenEndpoint = (segment: string, request: ServiceRequest) => Answer

const s256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

/** The token endpoint on top of the two flows that lead to it. */
export function createTokenEndpoint(
  parts: EntraParts,
  authorize: AuthorizeEndpoint,
  device: DeviceFlow,
): TokenEndpoint {
  const { clock, directory, tokens, challenge } = parts

  const byCode = (form: URLSearchParams, clientId: string): Grant | EntraFault => {
    const pending = authorize.codes.get(form.get('code') ?? '')
    if (pending?.clientId !== clientId || pending.expiresAt <= clock.now()) return faults.codeInvalid()
    if (pending.redeemed) return faults.codeRedeemed()
    if (form.get('redirect_uri') !== pending.redirectUri) {
      return faults.redirectMismatch(form.get('redirect_uri') ?? '', clientId)
    }
    if (s256(form.get('code_verifier') ?? '') !== pending.codeChallenge) return faults.verifierMismatch()
    pending.redeemed = true
    // MSAL sends the capabilities again with the code; what the code was asked with counts as well.
    return { ...pending, claims: [...pending.claims, form.get('claims') ?? ''] }
  }

  const byRefresh = (
    form: URLSearchParams,
    clientId: string,
    request: ServiceRequest,
  ): Grant | EntraFault => {
    const token = tokens.refresh(form.get('refresh_token') ?? '')
    if (token?.clientId !== clientId) return faults.refreshMalformed()
    if (token.revoked) {
      return faults.revoked(new Date(token.issuedAt).toISOString(), parts.assumptions.revokedSuberror)
    }
    if (token.expiresAt <= clock.now()) return faults.refreshIdle()
    const user = directory.user(token.userId)
    if (user === undefined || user.disabled === true) return faults.userDisabled()
    const scopes = readScopes(form.get('scope') ?? '', request.role.cloud)
    if (isEntraFault(scopes)) return scopes
    // A refresh can't widen what the user agreed to.
    if ([...scopes.names].some((name) => !token.consented.has(name))) {
      return faults.notConsented(clientId, directory.app(clientId)?.name ?? '')
    }
    const claims = [form.get('claims') ?? '']
    if (challenge.mode === 'interactive' && claimedNbf(claims) > 0) {
      // Entra names what the interactive request has to ask for: the same moment, or its token would be refused, too.
      const value = String(Math.floor(claimedNbf(claims) / 1000))
      return faults.interaction(JSON.stringify({ access_token: { nbf: { essential: true, value } } }))
    }
    return { user, clientId, tenantId: token.tenantId, cloud: token.cloud, scopes, claims }
  }

  const answerWith = (grant: Grant): Answer => {
    const { user, clientId, tenantId, cloud, scopes } = grant
    const handlesClaims = declaresCp1(grant.claims)
    const access = tokens.issueAccess({
      userId: user.id,
      tenantId,
      clientId,
      cloud,
      audience: scopes.audience,
      scopes: scopes.names,
      handlesClaims,
      answersChallenge: claimedNbf(grant.claims),
    })
    const seconds = tokens.lifetime(handlesClaims)
    const clientInfo = Buffer.from(JSON.stringify({ uid: user.id, utid: tenantId })).toString('base64url')
    const body = {
      token_type: 'Bearer',
      // MSAL looks its scopes up literally, so the names go back as they were asked for.
      scope: scopes.asked.filter((s) => s !== 'offline_access').join(' '),
      expires_in: seconds,
      ext_expires_in: seconds,
      access_token: access.value,
      client_info: clientInfo,
      ...(scopes.openId
        ? { id_token: tokens.issueId(user, tenantId, clientId, LOGIN_HOST[cloud], seconds) }
        : {}),
      ...(scopes.offline
        ? // Entra gives a new one each time and doesn't revoke the one that was used.
          {
            refresh_token: tokens.issueRefresh({
              userId: user.id,
              tenantId,
              clientId,
              cloud,
              consented: scopes.names,
            }).value,
          }
        : {}),
    }
    return json(200, body, {
      tookEffect: true,
      headers: { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' },
    })
  }

  const redeem = (segment: string, request: ServiceRequest): Grant | EntraFault => {
    const form = new URLSearchParams(request.body)
    const realm = realmOf(segment, request, directory)
    if (isEntraFault(realm)) return realm
    const app = appOf(form.get('client_id') ?? '', realm, directory)
    if (isEntraFault(app)) return app
    const grantType = form.get('grant_type') ?? ''
    switch (grantType) {
      case 'authorization_code':
        return byCode(form, app.clientId)
      case 'refresh_token':
        return byRefresh(form, app.clientId, request)
      case 'device_code':
      case 'urn:ietf:params:oauth:grant-type:device_code':
        return device.redeem(form.get('device_code') ?? form.get('code') ?? '', app.clientId)
      default:
        return faults.grantUnsupported(grantType)
    }
  }

  return (segment, request) => {
    const grant = redeem(segment, request)
    return isEntraFault(grant) ? entraError(grant, request, clock) : answerWith(grant)
  }
}
