'use strict'
/*
 * Loaded by Electron (real or stand-in) before the app, with `-r`. It records what Electron can't tell a test: the
 * tray's menu, tooltip and icon, notifications, opened URLs, dialogs; and it answers dialogs and the idle polls.
 * It changes members of Electron's own objects, the same way on both back ends; the app contains no test code.
 */
const fs = require('node:fs')
const electron = require('electron')

const spec = {
  tray: { toolTip: '', title: '', menu: null, image: null, tray: null },
  notifications: [],
  opened: [],
  dialogs: [],
  answers: [],
  idle: { state: process.env.SPEC_IDLE_STATE, seconds: undefined },
}
globalThis.__spec = spec
// A machine that is started again later: its clock has gone on meanwhile (stand-in only).
if (process.env.SPEC_AHEAD_MS !== undefined) {
  void globalThis.__standIn?.advanceTime({ ms: Number(process.env.SPEC_AHEAD_MS) })
}

/** Runs `record` with the arguments first, then the original member. */
function record(owner, name, recorder) {
  const original = owner[name]
  owner[name] = function (...args) {
    recorder.apply(this, args)
    return original.apply(this, args)
  }
}

const { Tray, Notification, shell, dialog, nativeImage, powerMonitor } = electron
record(Tray.prototype, 'setContextMenu', function (menu) {
  Object.assign(spec.tray, { menu, tray: this })
})
record(Tray.prototype, 'setToolTip', function (toolTip) {
  Object.assign(spec.tray, { toolTip, tray: this })
})
record(Tray.prototype, 'setTitle', function (title) {
  spec.tray.title = title
})
record(Tray.prototype, 'setImage', function (image) {
  Object.assign(spec.tray, {
    image: typeof image === 'string' ? nativeImage.createFromPath(image) : image,
    tray: this,
  })
})
record(Tray.prototype, 'destroy', function () {
  spec.tray = { toolTip: '', title: '', menu: null, image: null, tray: null }
})
record(Notification.prototype, 'show', function () {
  spec.notifications.push(this)
})

const openExternal = shell.openExternal
shell.openExternal = (url, options) => {
  spec.opened.push(url)
  return process.env.SPEC_OPEN === 'through' ? openExternal.call(shell, url, options) : Promise.resolve()
}

function shown(kind, args) {
  const options = args.at(-1)
  spec.dialogs.push({
    kind,
    title: options.title ?? '',
    message: options.message ?? '',
    buttons: options.buttons ?? [],
  })
  return { options, answer: spec.answers.shift() }
}
dialog.showMessageBox = (...args) => {
  const { options, answer } = shown('message', args)
  return Promise.resolve({ response: answer ?? options.cancelId ?? 0, checkboxChecked: false })
}
dialog.showMessageBoxSync = (...args) => {
  const { options, answer } = shown('message', args)
  return answer ?? options.cancelId ?? 0
}
dialog.showErrorBox = (title, message) => {
  spec.dialogs.push({ kind: 'error', title, message, buttons: [] })
  process.stderr.write(`${title}: ${message}\n`)
}
dialog.showOpenDialog = (...args) => {
  const { answer } = shown('open', args)
  return Promise.resolve({
    canceled: answer === undefined,
    filePaths: answer === undefined ? [] : [answer].flat(),
  })
}
dialog.showSaveDialog = (...args) => {
  const { answer } = shown('save', args)
  return Promise.resolve({ canceled: answer === undefined, filePath: answer ?? '' })
}

const getSystemIdleState = powerMonitor.getSystemIdleState
const getSystemIdleTime = powerMonitor.getSystemIdleTime
powerMonitor.getSystemIdleState = (threshold) => {
  if (spec.idle.state !== undefined) return spec.idle.state
  if (spec.idle.seconds !== undefined) return spec.idle.seconds >= threshold ? 'idle' : 'active'
  return getSystemIdleState.call(powerMonitor, threshold)
}
powerMonitor.getSystemIdleTime = () => spec.idle.seconds ?? getSystemIdleTime.call(powerMonitor)

// What is printed before a test is attached would be lost, and so would the last words before a kill.
if (process.env.SPEC_LOG !== undefined) {
  const file = fs.openSync(process.env.SPEC_LOG, 'a')
  for (const stream of [process.stdout, process.stderr]) {
    record(stream, 'write', (chunk) => {
      fs.writeSync(file, chunk)
    })
  }
}

/** Plays one event of the machine. The stand-in refuses what the posed platform never sends. */
spec.power = async (event) => {
  if (event === 'lock-screen') spec.idle.state = 'locked'
  if (event === 'unlock-screen') spec.idle.state = undefined
  await new Promise((resolve) => setImmediate(resolve))
  if (globalThis.__standIn !== undefined) return (await globalThis.__standIn.power({ event })).prevented
  let prevented = false
  powerMonitor.emit(event, { preventDefault: () => (prevented = true) })
  return prevented
}

function everyWindow(event, reasons) {
  let agreed = true
  for (const window of electron.BaseWindow.getAllWindows()) {
    window.emit(event, { reasons, preventDefault: () => (agreed = false) })
    process._tickCallback()
  }
  return agreed
}
spec.querySessionEnd = async (reasons) => {
  if (globalThis.__standIn !== undefined)
    return (await globalThis.__standIn.querySessionEnd({ reasons })).agreed
  return everyWindow('query-session-end', reasons)
}
spec.endSession = (reasons) => {
  setImmediate(() => {
    if (globalThis.__standIn !== undefined) return globalThis.__standIn.endSession({ reasons })
    everyWindow('session-end', reasons)
    process.kill(process.pid, 'SIGKILL')
  })
}

/** A menu as plain data. */
spec.entries = (menu) =>
  (menu?.items ?? []).map((item) => ({
    id: item.id ?? '',
    label: item.label,
    type: item.type,
    enabled: item.enabled,
    visible: item.visible,
    checked: item.checked,
    ...(item.accelerator ? { accelerator: String(item.accelerator) } : {}),
    ...(item.role ? { role: item.role } : {}),
    ...(item.submenu ? { submenu: spec.entries(item.submenu) } : {}),
  }))

/** Chooses an item by id, by label, or by the labels on the way to it. */
spec.choose = (menu, wanted) => {
  const path = [wanted].flat()
  let item = path.length === 1 ? menu?.getMenuItemById(path[0]) : null
  for (const label of item ? [] : path) {
    item = menu?.items.find((candidate) => candidate.visible && candidate.label === label)
    menu = item?.submenu
  }
  if (!item || !item.visible) throw new Error(`no menu item '${path.join(' > ')}'`)
  if (!item.enabled) throw new Error(`menu item '${path.join(' > ')}' is greyed`)
  item.click()
}

/** Presses a shortcut of the application menu. */
spec.accelerator = (keys) => {
  const normal = (text) =>
    text
      .toLowerCase()
      .replace(/commandorcontrol|cmdorctrl/, process.platform === 'darwin' ? 'command' : 'control')
      .split('+')
      .map((key) => ({ ctrl: 'control', cmd: 'command' })[key] ?? key)
      .sort()
      .join('+')
  const find = (menu) => {
    for (const item of menu?.items ?? []) {
      if (item.accelerator && item.enabled && normal(String(item.accelerator)) === normal(keys)) return item
      const inner = find(item.submenu)
      if (inner) return inner
    }
    return undefined
  }
  const item = find(electron.Menu.getApplicationMenu())
  if (!item) throw new Error(`no menu item with the shortcut ${keys}`)
  item.click()
}
