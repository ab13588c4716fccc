/** Entra's device code flow: the codes, their answers, and the page where a person types one in. */
import { randomInt } from 'node:crypto'
import { html, json, type Answer, type ServiceRequest } from './answer.ts'
import type { User } from './directory.ts'
import { entraError, errorPage, faults, type EntraFault } from './entra-errors.ts'
import { accountPage, messagePage } from './entra-pages.ts'
import {
  appOf,
  isEntraFault,
  readScopes,
  realmOf,
  refuseUser,
  usersOf,
  type EntraParts,
  type Grant,
  type Realm,
  type RequestedScopes,
} from './entra-parts.ts'
import { opaque } from './tokens.ts'

/** Entra's own 15 minutes. */
const LIFETIME = 900_000
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

interface PendingDevice {
  readonly deviceCode: string
  readonly userCode: string
  readonly realm: Realm
  readonly clientId: string
  readonly cloud: Grant['cloud']
  readonly scopes: RequestedScopes
  readonly claims: string
  readonly expiresAt: number
  state: 'pending' | 'declined' | { readonly user: User } | 'redeemed'
}

/** The flow's endpoints and its remote control. */
export interface DeviceFlow {
  /** POST .../devicecode. */
  start: (segment: string, request: ServiceRequest) => Answer
  /** GET and POST of the page where the code is typed in. */
  page: (request: ServiceRequest) => Answer
  /** What a poll gets: the grant once (then the code is used up), or the error. */
  redeem: (deviceCode: string, clientId: string) => Grant | EntraFault
  /** Answers a code as the person would (`first`: the first user who may; undefined: declined). Throws for an unknown code. */
  decide: (userCode: string, user: User | 'first' | undefined) => void
  /** User codes that wait for an answer. */
  pending: () => string[]
}

/** The device code flow without any codes. */
export function createDeviceFlow(parts: EntraParts): DeviceFlow {
  const { clock, directory, tokens } = parts
  const devices: PendingDevice[] = []
  const byUserCode = (code: string): PendingDevice | undefined =>
    devices.find((d) => d.userCode === code.trim().toUpperCase() && d.expiresAt > clock.now())
  const isPending = (d: PendingDevice): boolean => d.state === 'pending' && d.expiresAt > clock.now()

  return {
    start: (segment, request) => {
      const form = new URLSearchParams(request.body)
      const realm = realmOf(segment, request, directory)
      if (isEntraFault(realm)) return entraError(realm, request, clock)
      const app = appOf(form.get('client_id') ?? '', realm, directory)
      if (isEntraFault(app)) return entraError(app, request, clock)
      const scopes = readScopes(form.get('scope') ?? '', request.role.cloud)
      if (isEntraFault(scopes)) return entraError(scopes, request, clock)
      const device: PendingDevice = {
        deviceCode: opaque('1.device'),
        userCode: Array.from({ length: 9 }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
        realm,
        clientId: app.clientId,
        cloud: request.role.cloud,
        scopes,
        claims: form.get('claims') ?? '',
        expiresAt: clock.now() + LIFETIME,
        state: 'pending',
      }
      devices.push(device)
      tokens.note('device-code', device.deviceCode)
      const verificationUri = `https://${request.host}/common/oauth2/deviceauth`
      const body = {
        user_code: device.userCode,
        device_code: device.deviceCode,
        verification_uri: verificationUri,
        expires_in: LIFETIME / 1000,
        interval: parts.deviceInterval,
        message: `To sign in, use a web browser to open the page ${verificationUri} and enter the code ${device.userCode} to authenticate.`,
      }
      return json(200, body, { tookEffect: true })
    },

    page: (request) => {
      if (request.method === 'GET') {
        const body = accountPage({
          action: '/common/oauth2/deviceauth',
          fields: {},
          appName: 'A device',
          users: usersOf({ segment: 'organizations', tenant: undefined }, request.role.cloud, directory),
          scopes: [],
          userCode: request.url.searchParams.get('user_code') ?? '',
        })
        return html(200, body)
      }
      const form = new URLSearchParams(request.body)
      const device = byUserCode(form.get('user_code') ?? '')
      const app = device === undefined ? undefined : directory.app(device.clientId)
      if (device?.state !== 'pending' || app === undefined) {
        return html(400, messagePage('That code didn’t work', 'Check the code and try again.'))
      }
      if (form.has('cancel')) {
        device.state = 'declined'
        return html(200, messagePage('Sign in', 'You declined. You can close this window.'), {
          tookEffect: true,
        })
      }
      const user = directory.user(form.get('user') ?? '')
      if (user === undefined) return html(400, messagePage('Sign in', 'This account does not exist.'))
      const refused = refuseUser(user, device.realm, app)
      if (refused !== undefined) return errorPage(refused, request, clock)
      device.state = { user }
      return html(200, messagePage('Sign in', 'You have signed in. You can close this window.'), {
        tookEffect: true,
      })
    },

    redeem: (deviceCode, clientId) => {
      const device = devices.find((d) => d.deviceCode === deviceCode)
      if (device?.clientId !== clientId || device.state === 'redeemed') return faults.deviceBadCode()
      if (directory.app(clientId)?.publicClient === false) return faults.publicClientOff()
      if (device.expiresAt <= clock.now()) return faults.deviceExpired()
      if (device.state === 'pending') return faults.devicePending()
      if (device.state === 'declined') return faults.deviceDeclined()
      const { user } = device.state
      device.state = 'redeemed'
      const { cloud, scopes, claims } = device
      return { user, clientId, tenantId: user.tenantId, cloud, scopes, claims: [claims] }
    },

    decide: (userCode, user) => {
      const device = byUserCode(userCode)
      if (device?.state !== 'pending') throw new Error(`No sign-in waits for the code ${userCode}`)
      const chosen = user === 'first' ? usersOf(device.realm, device.cloud, directory)[0] : user
      device.state = chosen === undefined ? 'declined' : { user: chosen }
    },
    pending: () => devices.filter(isPending).map((d) => d.userCode),
  }
}
