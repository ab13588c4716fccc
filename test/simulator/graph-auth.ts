/** Who is asking Graph: the bearer token's checks, claims challenges included. */
import type { ServiceRequest } from './answer.ts'
import type { Clock } from './clock.ts'
import { LOGIN_HOST } from './hosts.ts'
import { bearerOf } from './journal.ts'
import { invalidToken, type GraphFault } from './graph-errors.ts'
import type { AccessToken, TokenStore } from './tokens.ts'

/**
 * Whether Graph challenges clients that declared CP1, and what Entra then wants:
 * `silent` gives a new token for the claims at once, `interactive` asks for the user first.
 */
export type ChallengeMode = 'off' | 'silent' | 'interactive'

/** The challenge in force; tokens that don't answer it are refused. */
export interface ChallengeState {
  mode: ChallengeMode
  /** When it was switched on, simulated ms cut to the second (as `nbf` carries it). */
  since: number
}

/** A token of the caller, or the refusal. */
export type Authentication = { readonly token: AccessToken } | { readonly refused: GraphFault }

function challenge(request: ServiceRequest, code: string, since: number): GraphFault {
  const claims = { access_token: { nbf: { essential: true, value: String(Math.floor(since / 1000)) } } }
  const encoded = Buffer.from(JSON.stringify(claims)).toString('base64')
  const loginHost = LOGIN_HOST[request.role.cloud]
  return {
    ...invalidToken(
      `Continuous access evaluation resulted in challenge with result: InteractionRequired and code: ${code}`,
    ),
    headers: {
      'WWW-Authenticate':
        `Bearer realm="", authorization_uri="https://${loginHost}/common/oauth2/authorize", ` +
        `client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="${encoded}"`,
    },
  }
}

/** Checks the bearer token of a request against store, clock, cloud and the challenge in force. */
export function authenticate(
  request: ServiceRequest,
  clock: Clock,
  tokens: TokenStore,
  state: ChallengeState,
): Authentication {
  const value = bearerOf(request.headers)
  // ASSUMPTION: the texts for a missing and a foreign token; the code is known.
  if (value === undefined) return { refused: invalidToken('Access token is empty.') }
  const token = tokens.access(value)
  if (token === undefined) {
    return { refused: invalidToken('CompactToken validation failed with reason code: 80049228.') }
  }
  const sameAudience = token.audience === undefined || token.audience === request.host
  if (token.cloud !== request.role.cloud || !sameAudience) {
    return { refused: invalidToken('Access token validation failure. Invalid audience.') }
  }
  if (token.expiresAt <= clock.now()) {
    return { refused: invalidToken('Lifetime validation failed, the token is expired.') }
  }
  if (token.issuedAt > clock.now() + 300_000) {
    return { refused: invalidToken('Access token has expired or is not yet valid.') }
  }
  if (token.revoked) {
    return {
      refused: token.handlesClaims
        ? challenge(request, 'TokenIssuedBeforeRevocationTimestamp', clock.now())
        : invalidToken('Access token validation failure.'),
    }
  }
  // Graph challenges only clients that declared they can answer.
  if (state.mode !== 'off' && token.handlesClaims && token.answersChallenge < state.since) {
    return { refused: challenge(request, 'TokenCreatedWithOutdatedPolicies', state.since) }
  }
  return { token }
}
