import { describe, expect, it } from 'vitest'
import { busSockets, parseAddresses } from './address.ts'

describe('addresses', () => {
  it.each([
    ['unix:path=/run/user/1000/bus', ['/run/user/1000/bus']],
    ['unix:path=/tmp/a%20b%2fc', ['/tmp/a b/c']],
    ['unix:path=/tmp/bus,guid=0123456789abcdef', ['/tmp/bus']],
    ['unix:guid=01,path=/tmp/bus', ['/tmp/bus']],
    ['unix:abstract=/tmp/dbus-Xyz,guid=01', ['\0/tmp/dbus-Xyz']],
    ['unix:path=/gone;unix:abstract=there', ['/gone', '\0there']],
    ['tcp:host=localhost,port=4000;unix:path=/tmp/bus', ['/tmp/bus']],
    ['unix:path=/tmp/%zz;unix:path=/tmp/bus', ['/tmp/bus']],
    ['autolaunch:', []],
    ['unix:tmpdir=/tmp', []],
    ['unix:path=', []],
    ['nonsense', []],
    ['', []],
  ])('%s', (list, sockets) => expect(parseAddresses(list)).toEqual(sockets))

  it('knows where systemd puts the bus of a user', () => {
    expect(parseAddresses('unix:runtime=yes', '/run/user/7/bus')).toEqual(['/run/user/7/bus'])
    expect(busSockets('session', { XDG_RUNTIME_DIR: '/run/user/7' })).toEqual(['/run/user/7/bus'])
  })

  it('falls back to the defaults only where nothing is named', () => {
    expect(busSockets('session', {})).toEqual([])
    expect(busSockets('session', { XDG_RUNTIME_DIR: 'relative' })).toEqual([])
    expect(busSockets('system', {})[0]).toBe('/run/dbus/system_bus_socket')
    const env = { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/s', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/u' }
    expect(busSockets('system', env)).toEqual(['/s'])
    expect(busSockets('session', { ...env, XDG_RUNTIME_DIR: '/run/user/7' })).toEqual(['/u'])
    // A bus that is named and can't be spoken to is not replaced by another one.
    expect(busSockets('session', { DBUS_SESSION_BUS_ADDRESS: 'tcp:port=1', XDG_RUNTIME_DIR: '/r' })).toEqual(
      [],
    )
  })
})
