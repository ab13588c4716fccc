'use strict'
/*
 * Loaded by Electron (real or stand-in) before the app, with `-r`, in the demo only. The person's browser has neither
 * the simulator's proxy nor its CA, so what the app opens is handed to the launcher, which answers with the address
 * to open in its place. It also quits the app when the launcher is gone. The app itself is unchanged.
 */
const { app, shell } = require('electron')

const { DEMO_OPENER: launcher, DEMO_BROWSER: browser } = process.env
delete process.env.DEMO_OPENER
delete process.env.DEMO_BROWSER

const openExternal = shell.openExternal
shell.openExternal = async (url, options) => {
  const response = await fetch(launcher, { method: 'POST', body: url })
  if (!response.ok) throw new Error(`The demo's launcher answered ${response.status}`)
  const address = await response.text()
  // Without a desktop the launcher has shown the address to the person.
  if (browser === 'yes') await openExternal.call(shell, address, options)
}

if (process.platform !== 'win32' || globalThis.__standIn !== undefined) {
  process.stdin.on('end', () => app.quit())
  process.stdin.on('error', () => app.quit())
  process.stdin.resume()
}
