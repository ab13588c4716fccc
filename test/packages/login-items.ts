/** The start at login on Windows and macOS, as far as it is the app's: what it tells the system, by the posed stand-in. */
import { expect } from './life.ts'
import type { Person } from './person.ts'

/** What the system was told, by Electron's names. */
interface LoginItem {
  readonly openAtLogin?: boolean
  readonly args?: readonly string[]
}

/** Starts the installed app as on this system, signs in, takes the offer, and switches it off again in the settings. */
export async function setsLoginItem(person: Person, platform: 'win32' | 'darwin'): Promise<string> {
  const wanted: LoginItem =
    platform === 'win32' ? { openAtLogin: true, args: ['--hidden'] } : { openAtLogin: true }
  const running = person.start([], { STAND_IN_PLATFORM: platform })
  const screen = await person.screen()
  const told = async (): Promise<LoginItem> => (await screen.call('state'))['loginItem'] as LoginItem
  await screen.waitForText('Sign in')
  await person.inBrowser(() => screen.call('click', { role: 'button', name: 'Sign in' }))
  await screen.waitForText('Start with the computer?')
  expect((await told()).openAtLogin !== true, 'it is on before it was asked for')
  await screen.call('click', { role: 'button', name: 'Start with the computer' })
  await person.until(async () => (await told()).openAtLogin === true, 'the login item')
  const on = await told()
  expect(JSON.stringify(on) === JSON.stringify(wanted), JSON.stringify(on))
  await screen.call('script', {
    code: "for (const each of document.querySelectorAll('details')) each.open = true",
  })
  await screen.call('click', { role: 'switch', name: 'Start when I sign in to this computer' })
  await person.until(async () => (await told()).openAtLogin === false, 'its end')
  expect(!(await screen.call('text')).text.includes('Start with the computer?'), 'it is offered again')
  running.child.kill('SIGTERM')
  await running.exit
  return JSON.stringify(wanted)
}
