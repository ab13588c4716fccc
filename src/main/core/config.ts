/** What the app runs with: each setting from policy, flag, environment or settings, in this order of precedence. */
import { own } from '../../shared/own.ts'
import { CLOUDS, DEPARTURES, type Cloud } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import { DEFAULT_ATTENDANCE, type SwitchableDeparture } from './attendance.ts'

/** The tenant of the demo (docs/architecture.md, "The demo tenant"): exists only in the simulator. */
export const DEMO_TENANT_ID = '5f0c1ea2-0000-4000-8000-c1ea2be5e000'

/** Microsoft's tenant of all personal accounts, which have no presence (Microsoft identity platform, token claims). */
export const PERSONAL_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** The departures that a person or an administrator may switch off, in the order of `DEPARTURES`. */
export const SWITCHABLE_DEPARTURES: readonly SwitchableDeparture[] = DEPARTURES.filter(
  (kind) => kind !== 'manual' && kind !== 'sign-out' && kind !== 'quit',
)

/** What the app runs with. */
export interface Config {
  /** The app registration, a lower-case GUID; null when missing or invalid. */
  readonly clientId: string | null
  /** A tenant's GUID or one of its domain names, lower case, or `organizations`: any work or school account. */
  readonly tenant: string
  readonly cloud: Cloud
  /** Whether the departure clears. */
  readonly departures: Readonly<Record<SwitchableDeparture, boolean>>
  /** Start without opening the window. */
  readonly hidden: boolean
  /** What an administrator has fixed about starting with the computer; null when it is the user's choice. */
  readonly startAtLogin: boolean | null
  /** The user has answered the offer to start with the computer. */
  readonly startAtLoginAnswered: boolean
  /** Whether newer versions are looked for, where this installation can replace itself. */
  readonly updates: boolean
  /** Why nothing can work: the face is `not-configured`. Null when it can. */
  readonly problem: Problem | null
  /** What an administrator has fixed: `clientId`, `tenant`, `cloud`, `hidden`, `departures.lock` and so on. */
  readonly fixed: readonly string[]
}

/** Where values come from, strongest first. */
export const SOURCES = ['policy', 'flag', 'environment', 'settings'] as const
/** One of them. */
export type Source = (typeof SOURCES)[number]

/** A value that was not used, for the log. The value itself is not repeated. */
export interface Ignored {
  readonly source: Source
  readonly key: string
  readonly why: 'unknown-key' | 'invalid-value'
}

/** Raw values by key as they were read: `clientId`, `tenant`, `cloud`, `hidden`, and `departures` by name. */
export type RawConfig = Readonly<Record<string, unknown>>

/** Everything that can say something. */
export interface ConfigSources {
  /** What an administrator has fixed for the machine. */
  readonly policy: RawConfig
  /** Parsed from the command line, by the same keys. */
  readonly flags: RawConfig
  /** `CLEAR_PRESENCE_CLIENT_ID`, `CLEAR_PRESENCE_TENANT`, `CLEAR_PRESENCE_CLOUD`; other variables are not looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What the user chose. */
  readonly settings: RawConfig
}

const ENVIRONMENT = {
  clientId: 'CLEAR_PRESENCE_CLIENT_ID',
  tenant: 'CLEAR_PRESENCE_TENANT',
  cloud: 'CLEAR_PRESENCE_CLOUD',
} as const

const KNOWN_KEYS = [
  'clientId',
  'tenant',
  'cloud',
  'departures',
  'hidden',
  'startAtLogin',
  'startAtLoginAnswered',
  'updates',
]

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** A domain name of two labels or more, 253 characters at most (RFC 1035); the last label isn't a number. */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/

/** Text without the white space of a careless paste; undefined when there is none, null when it isn't text. */
function readText(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return null
  const trimmed = value.trim()
  return trimmed === '' ? undefined : trimmed.toLowerCase()
}

/** A client id that Entra could know: a GUID. */
function isClientId(value: string): boolean {
  return GUID.test(value)
}

/**
 * A tenant that can hold work accounts. `common` and `consumers` would let a personal account sign in, which has no
 * presence to clear (Microsoft Graph, presence: personal accounts are not supported).
 */
function isTenant(value: string): boolean {
  return value === 'organizations' || (GUID.test(value) && value !== PERSONAL_TENANT_ID) || DOMAIN.test(value)
}

function isCloud(value: string): value is Cloud {
  return (CLOUDS as readonly string[]).includes(value)
}

/**
 * Works out the configuration.
 *
 * A client id, tenant or cloud that is set but can't be right stops the app from working (`config.problem`) instead
 * of giving way to a weaker source: signing in somewhere else than was asked for would be worse. A switch that is
 * neither true nor false gives way, and is told. Nothing that was read is changed.
 *
 * @returns `problems` for the user (with `config.problem` first when there is one) and `ignored` for the log.
 */
export function resolveConfig(sources: ConfigSources): {
  readonly config: Config
  readonly problems: readonly Problem[]
  readonly ignored: readonly Ignored[]
} {
  const ignored: Ignored[] = []
  const blocking: Problem[] = []
  const fixed: string[] = []
  const raw: readonly (readonly [Source, unknown])[] = [
    ['policy', sources.policy],
    ['flag', sources.flags],
    ['environment', fromEnvironment(sources.environment)],
    ['settings', sources.settings],
  ]

  /** The strongest source that says anything about a key; its name goes into `detail`, the value doesn't. */
  function identityValue(
    key: 'clientId' | 'tenant' | 'cloud',
    valid: (value: string) => boolean,
    code: Problem['code'],
  ): string | null {
    for (const [source, values] of raw) {
      const value = readText(own(values, key))
      if (value === undefined) continue
      if (source === 'policy') fixed.push(key)
      if (value !== null && valid(value)) return value
      ignored.push({ source, key, why: 'invalid-value' })
      blocking.push({ code, detail: `${key} from ${source}` })
      return null
    }
    return null
  }

  /** The strongest source that holds true or false under this key. */
  function flagValue(key: string, read: (values: unknown) => unknown, otherwise: boolean): boolean {
    for (const [source, values] of raw) {
      const value = read(values)
      if (value === undefined || value === null) continue
      if (typeof value === 'boolean') {
        if (source === 'policy') fixed.push(key)
        return value
      }
      ignored.push({ source, key, why: 'invalid-value' })
    }
    return otherwise
  }

  const clientId = identityValue('clientId', isClientId, 'client-id-invalid')
  if (clientId === null && blocking.length === 0) blocking.push({ code: 'client-id-missing' })
  const tenant = identityValue('tenant', isTenant, 'tenant-invalid') ?? 'organizations'
  const cloud = identityValue('cloud', isCloud, 'cloud-unknown')
  const departures = Object.fromEntries(
    SWITCHABLE_DEPARTURES.map((kind) => [
      kind,
      flagValue(
        `departures.${kind}`,
        (values) => own(own(values, 'departures'), kind),
        DEFAULT_ATTENDANCE.enabled[kind],
      ),
    ]),
    // The keys are the switchable departures, all of them: fromEntries can't say so.
  ) as Record<SwitchableDeparture, boolean>
  const hidden = flagValue('hidden', (values) => own(values, 'hidden'), false)
  // Whether it does is kept by the system, so nobody but a policy has a say here.
  const startAtLogin = own(sources.policy, 'startAtLogin') ?? null
  if (startAtLogin !== null && typeof startAtLogin !== 'boolean')
    ignored.push({ source: 'policy', key: 'startAtLogin', why: 'invalid-value' })
  const updates = flagValue('updates', (values) => own(values, 'updates'), true)
  const startAtLoginAnswered = own(sources.settings, 'startAtLoginAnswered') === true

  for (const [source, values] of raw) ignored.push(...unknownKeys(source, values))
  const badSettings = ignored.filter((one) => one.source === 'settings' && one.why === 'invalid-value')
  const others = badSettings.filter((one) => !['clientId', 'tenant', 'cloud'].includes(one.key))
  const problems: readonly Problem[] =
    others.length === 0
      ? blocking
      : [...blocking, { code: 'settings-corrupt', detail: others.map((one) => one.key).join(', ') }]

  return {
    config: {
      clientId,
      tenant,
      cloud: cloud !== null && isCloud(cloud) ? cloud : 'global',
      departures,
      hidden,
      startAtLogin: typeof startAtLogin === 'boolean' ? startAtLogin : null,
      startAtLoginAnswered,
      updates,
      problem: blocking[0] ?? null,
      fixed,
    },
    problems,
    ignored,
  }
}

function fromEnvironment(environment: ConfigSources['environment']): RawConfig {
  return Object.fromEntries(
    Object.entries(ENVIRONMENT).map(([key, variable]) => [key, own(environment, variable)]),
  )
}

/** Keys that nobody reads: misspelt, or of another version. Their names are cut, as they may be anything. */
function unknownKeys(source: Source, values: unknown): readonly Ignored[] {
  if (typeof values !== 'object' || values === null) return []
  const ignored = (key: string, why: Ignored['why']): Ignored => ({ source, key: key.slice(0, 64), why })
  const strangers = Object.keys(values)
    .filter((key) => !KNOWN_KEYS.includes(key))
    .map((key) => ignored(key, 'unknown-key'))
  const departures = own(values, 'departures') ?? {}
  if (typeof departures !== 'object' || Array.isArray(departures)) {
    return [...strangers, ignored('departures', 'invalid-value')]
  }
  const known: readonly string[] = SWITCHABLE_DEPARTURES
  return [
    ...strangers,
    ...Object.keys(departures)
      .filter((key) => !known.includes(key))
      .map((key) => ignored(`departures.${key}`, 'unknown-key')),
  ]
}

/** Whether the app runs against the demo tenant. */
export function isDemo(config: Config): boolean {
  return config.tenant === DEMO_TENANT_ID
}
