import { describe, expect, it } from 'vitest'
import { DEPARTURES } from '../../shared/presence.ts'
import { DEMO_TENANT_ID, isDemo, resolveConfig, SWITCHABLE_DEPARTURES, type ConfigSources } from './config.ts'

const CLIENT = '22553876-f5ab-4529-bffb-cfe50aa89f87'
const OTHER = '11111111-2222-4333-8444-555555555555'
const TENANT = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'

function resolve(sources: Partial<ConfigSources>) {
  return resolveConfig({ policy: {}, flags: {}, environment: {}, settings: {}, ...sources })
}

describe('defaults', () => {
  it('say that no app registration is known, and nothing else is wrong', () => {
    const { config, problems, ignored } = resolve({})
    expect(config).toMatchObject({
      clientId: null,
      tenant: 'organizations',
      cloud: 'global',
      hidden: false,
      fixed: [],
    })
    expect(config.problem).toEqual({ code: 'client-id-missing' })
    expect(problems).toEqual([{ code: 'client-id-missing' }])
    expect(ignored).toEqual([])
  })

  it('clear at every departure but idle, which is opt-in; quitting, signing out and asking by hand have no switch', () => {
    const { departures } = resolve({}).config
    expect(Object.keys(departures)).toEqual(
      DEPARTURES.filter((kind) => !['quit', 'manual', 'sign-out'].includes(kind)),
    )
    expect(Object.keys(departures)).toEqual(SWITCHABLE_DEPARTURES)
    const off = SWITCHABLE_DEPARTURES.filter((kind) => !departures[kind])
    expect(off).toEqual(['idle'])
  })
})

describe('precedence', () => {
  const layers: ConfigSources = {
    policy: { tenant: 'policy.example', departures: { lock: false }, hidden: true },
    flags: { tenant: 'flag.example', hidden: false },
    environment: { CLEAR_PRESENCE_TENANT: 'environment.example' },
    settings: {
      tenant: 'settings.example',
      clientId: CLIENT,
      departures: { lock: true, sleep: false },
      hidden: false,
    },
  }

  it.each([
    ['policy', {}, 'policy.example'],
    ['flag', { policy: {} }, 'flag.example'],
    ['environment', { policy: {}, flags: {} }, 'environment.example'],
    ['settings', { policy: {}, flags: {}, environment: {} }, 'settings.example'],
  ])('%s wins over what comes after it', (_name, without, expected) => {
    expect(resolveConfig({ ...layers, ...without }).config.tenant).toBe(expected)
  })

  it('goes key by key, also within the departures, and tells what policy fixed', () => {
    const { config } = resolveConfig(layers)
    expect(config.clientId).toBe(CLIENT)
    expect(config.departures).toMatchObject({ lock: false, sleep: false, shutdown: true })
    expect(config.hidden).toBe(true)
    expect([...config.fixed].sort()).toEqual(['departures.lock', 'hidden', 'tenant'])
  })

  it('reads the three variables of the environment and no others', () => {
    const { config } = resolve({
      environment: {
        CLEAR_PRESENCE_CLIENT_ID: ` ${CLIENT.toUpperCase()}\n`,
        CLEAR_PRESENCE_TENANT: TENANT,
        CLEAR_PRESENCE_CLOUD: 'us-gov',
        CLEAR_PRESENCE_HIDDEN: 'true',
        clientId: OTHER,
      },
    })
    expect(config).toMatchObject({
      clientId: CLIENT,
      tenant: TENANT,
      cloud: 'us-gov',
      hidden: false,
      problem: null,
    })
  })

  it('takes an empty value for no value', () => {
    const { config } = resolve({
      environment: { CLEAR_PRESENCE_CLIENT_ID: '  ', CLEAR_PRESENCE_TENANT: '' },
      settings: { clientId: CLIENT, tenant: TENANT },
    })
    expect(config).toMatchObject({ clientId: CLIENT, tenant: TENANT, problem: null })
  })
})

describe('values that can not be right', () => {
  it.each([
    ['clientId', 'my-app', 'client-id-invalid'],
    ['clientId', `${CLIENT}0`, 'client-id-invalid'],
    ['clientId', 42, 'client-id-invalid'],
    ['tenant', 'common', 'tenant-invalid'],
    ['tenant', 'Consumers', 'tenant-invalid'],
    ['tenant', '9188040d-6c67-4c5b-b112-36a304b66dad', 'tenant-invalid'],
    ['tenant', 'contoso', 'tenant-invalid'],
    ['tenant', 'contoso.com/../x', 'tenant-invalid'],
    ['tenant', 'https://contoso.com', 'tenant-invalid'],
    ['tenant', '10.0.0.1', 'tenant-invalid'],
    ['tenant', `${'a'.repeat(64)}.com`, 'tenant-invalid'],
    ['tenant', ['contoso.com'], 'tenant-invalid'],
    ['cloud', 'mars', 'cloud-unknown'],
    ['cloud', 'toString', 'cloud-unknown'],
  ])('%s = %j stops the app with %s and never gives way to a weaker source', (key, value, code) => {
    const settings = { clientId: CLIENT, tenant: TENANT, cloud: 'global' }
    const { config, problems, ignored } = resolve({ policy: { [key]: value }, settings })
    expect(config.problem).toEqual({ code, detail: `${key} from policy` })
    expect(problems).toEqual([config.problem])
    expect(ignored).toEqual([{ source: 'policy', key, why: 'invalid-value' }])
    expect(JSON.stringify([problems, ignored])).not.toContain(`"${String(value)}"`)
    if (key === 'clientId') expect(config.clientId).toBeNull()
    if (key === 'tenant') expect(config.tenant).toBe('organizations')
  })

  it.each([
    'contoso.com',
    'CONTOSO.onmicrosoft.com',
    'xn--bcher-kva.example',
    'a-b.c.de',
    'organizations',
    TENANT,
  ])('accepts the tenant %s', (tenant) => {
    const { config } = resolve({ settings: { clientId: CLIENT, tenant } })
    expect(config.problem).toBeNull()
    expect(config.tenant).toBe(tenant.toLowerCase())
  })

  it('tells every one of several mistakes', () => {
    const { problems } = resolve({ settings: { clientId: 'x', tenant: 'common', cloud: 'mars' } })
    expect(problems.map((one) => one.code)).toEqual(['client-id-invalid', 'tenant-invalid', 'cloud-unknown'])
  })

  it('lets a mistyped switch give way, and tells', () => {
    const { config, problems, ignored } = resolve({
      policy: { hidden: 'yes', departures: { lock: 0 } },
      settings: { clientId: CLIENT, hidden: true, departures: { lock: false, shutdown: 'no' } },
    })
    expect(config).toMatchObject({ hidden: true, problem: null, fixed: [] })
    expect(config.departures).toMatchObject({ lock: false, shutdown: true })
    expect(problems).toEqual([{ code: 'settings-corrupt', detail: 'departures.shutdown' }])
    expect(ignored).toHaveLength(3)
  })

  it.each([[['lock']], ['lock'], [7], [null]])('survives departures = %j', (departures) => {
    const { config, ignored } = resolve({ settings: { clientId: CLIENT, departures } })
    expect(config.departures.lock).toBe(true)
    expect(ignored).toEqual(
      departures === null ? [] : [{ source: 'settings', key: 'departures', why: 'invalid-value' }],
    )
  })

  it('ignores unknown keys with a line for the log', () => {
    const { ignored, problems } = resolve({
      policy: { clientID: OTHER, departures: { locks: false, quit: false } },
      settings: { clientId: CLIENT },
    })
    expect(problems).toEqual([])
    expect(ignored.map((one) => one.key)).toEqual(['clientID', 'departures.locks', 'departures.quit'])
  })

  it('never reads the prototype of a parsed file', () => {
    const hostile = JSON.parse(
      `{"__proto__":{"clientId":"${OTHER}","hidden":true,"departures":{"lock":false}}}`,
    ) as object
    const { config } = resolve({ settings: hostile as Record<string, unknown> })
    const inherited = Object.create({ clientId: OTHER }) as Record<string, unknown>
    expect(config).toMatchObject({ clientId: null, hidden: false })
    expect(config.departures.lock).toBe(true)
    expect(resolve({ settings: inherited }).config.clientId).toBeNull()
  })
})

it('knows the demo tenant', () => {
  expect(isDemo(resolve({ environment: { CLEAR_PRESENCE_TENANT: DEMO_TENANT_ID } }).config)).toBe(true)
  expect(isDemo(resolve({ environment: { CLEAR_PRESENCE_TENANT: TENANT } }).config)).toBe(false)
})
