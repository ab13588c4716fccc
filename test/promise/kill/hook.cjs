'use strict'
/*
 * Loaded before the app, with `-r`. Starts it as KILL_AHEAD_MS (its clock has gone on) and KILL_LOCKED (it finds the screen
 * locked) say, and adds one operation to the stand-in's control: `dieAt`, by which the process kills itself with SIGKILL at
 * one exact point of a durable write. A kill from outside hits such a point, a millisecond long, too seldom.
 */
const fs = require('node:fs')
const { basename } = require('node:path')
const { MessagePort } = require('node:worker_threads')

const { shell } = require('electron')
const control = globalThis.__standIn

// The driver is the browser: nothing is opened on the desktop where this runs.
shell.openExternal = (url) => {
  shell._opened.push(url)
  return Promise.resolve()
}
if (process.env.KILL_AHEAD_MS !== undefined)
  void control.advanceTime({ ms: Number(process.env.KILL_AHEAD_MS) })
if (process.env.KILL_LOCKED === '1') control.idle({ state: 'locked' })

// The app can send from the moment on at which its sender was handed a token; nothing else tells that from outside.
let armed = 0
const { postMessage } = MessagePort.prototype
MessagePort.prototype.postMessage = function (message, ...rest) {
  if (message?.type === 'arm') armed += 1
  return postMessage.call(this, message, ...rest)
}
control.armed = () => armed > 0

/** The point to die at, and of which file: `{ file, point, left }`; null while it may live. */
let wanted = parse(process.env.KILL_AT)

function parse(text) {
  return text === undefined ? null : { ...JSON.parse(text) }
}

control.dieAt = (input) => {
  wanted = input
}

/** Temporary files that are open: descriptor -> name of the file that they will replace. */
const temps = new Map()

const targetOf = (path) => /^\.(.+)\.\d+-[0-9a-f]+\.tmp$/.exec(basename(String(path)))?.[1]

function reached(point, file) {
  if (wanted === null || file === undefined || wanted.point !== point || wanted.file !== file) return
  wanted.left -= 1
  if (wanted.left > 0) return
  writeFileSync(process.env.KILL_MARK, `${file} ${point}`)
  process.kill(process.pid, 'SIGKILL')
  for (;;); // The signal ends this thread at its next step at the latest.
}

const { openSync, writeFileSync, fsyncSync, renameSync, closeSync } = fs
fs.openSync = (path, ...rest) => {
  const fd = openSync(path, ...rest)
  const file = targetOf(path)
  if (file !== undefined) {
    temps.set(fd, file)
    reached('made', file)
  }
  return fd
}
fs.writeFileSync = (target, data, ...rest) => {
  const file = temps.get(target)
  if (file !== undefined && wanted?.point === 'half written' && wanted.file === file && wanted.left <= 1) {
    const bytes = Buffer.from(data)
    fs.writeSync(target, bytes.subarray(0, Math.ceil(bytes.length / 2)))
  }
  reached('half written', file)
  writeFileSync(target, data, ...rest)
  reached('written', file)
}
fs.fsyncSync = (fd) => {
  fsyncSync(fd)
  reached('flushed', temps.get(fd))
}
fs.closeSync = (fd) => {
  temps.delete(fd)
  closeSync(fd)
}
fs.renameSync = (from, to) => {
  renameSync(from, to)
  if (targetOf(from) !== undefined) reached('renamed', basename(String(to)))
}
