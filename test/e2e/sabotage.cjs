'use strict'
/*
 * Loaded before the app, with `-r`: takes something away from it at the end of a Windows session, as SABOTAGE says.
 * `wait`: main may not use Atomics.wait. `worker-at-query`, `worker-at-end`: the sender's thread dies as that handler begins.
 */
const workerThreads = require('node:worker_threads')
const { BaseWindow } = require('electron')

const how = process.env.SABOTAGE ?? ''

if (how === 'wait') {
  Atomics.wait = () => {
    throw new TypeError('Atomics.wait cannot be called in this context')
  }
}

const workers = new Set()
workerThreads.Worker = class Worker extends workerThreads.Worker {
  constructor(...args) {
    super(...args)
    workers.add(this)
    this.once('exit', () => workers.delete(this))
  }
}
const dying = { 'worker-at-query': 'query-session-end', 'worker-at-end': 'session-end' }[how]
const on = BaseWindow.prototype.on
BaseWindow.prototype.on = function (event, listener) {
  if (event !== dying) return on.call(this, event, listener)
  return on.call(this, event, (...args) => {
    for (const worker of workers) void worker.terminate()
    listener(...args)
  })
}
