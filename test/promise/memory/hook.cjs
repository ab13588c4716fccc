'use strict'
/*
 * Loaded before the app, with `-r`: adds three operations to the stand-in's control. `cycles` locks and unlocks, as fast as
 * each clear is answered; `measure` counts what the main process and its workers hold; `plant` leaks on purpose.
 */
const { EventEmitter } = require('node:events')
const fs = require('node:fs')
const { basename, join } = require('node:path')
const { pipeline } = require('node:stream/promises')
const v8 = require('node:v8')
const workerThreads = require('node:worker_threads')
const electron = require('electron')

const control = globalThis.__standIn
const realTimeout = setTimeout
const channel = new workerThreads.BroadcastChannel('memory')
channel.unref()

electron.shell.openExternal = (url) => {
  electron.shell._opened.push(url)
  return Promise.resolve()
}

// The registry as it was last written, and who waits for a change of it.
let registry = ''
let waiting = []
const { writeFileSync, renameSync } = fs
let text = ''
fs.writeFileSync = (target, data, ...rest) => {
  writeFileSync(target, data, ...rest)
  if (typeof target === 'number') text = String(data)
}
fs.renameSync = (from, to) => {
  renameSync(from, to)
  if (basename(String(to)) !== 'registry.json') return
  registry = text
  for (const look of waiting) setImmediate(look)
}

/** Waits until the registry holds this. */
function written(wanted, what) {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!wanted.test(registry)) return
      end()
      resolve()
    }
    const late = realTimeout(() => {
      end()
      reject(new Error(`${what} was not written within 20 s:\n${registry}`))
    }, 20_000)
    const end = () => {
      clearTimeout(late)
      waiting = waiting.filter((each) => each !== look)
    }
    waiting.push(look)
    look()
  })
}

const SET = 'set:Busy/InACall'
const DUE = /"due": \{/
const NOTHING_DUE = /"due": null/

/** `count` times: leave, wait until the clear has settled, come back. Before every `setEvery`-th the user sets something. */
control.cycles = async ({ count, setEvery }) => {
  for (let cycle = 0; cycle < count; cycle += 1) {
    if (cycle % setEvery === 0) {
      control.trayChoose({ item: SET })
      await written(/"confirmed": true/, "the set's answer")
    }
    control.power({ event: 'lock-screen' })
    await written(DUE, 'the departure')
    await written(NOTHING_DUE, "the clear's answer")
    control.power({ event: 'unlock-screen' })
    for (const plant of plants) plant()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

// ----------------------------------------------------------------------------------------------------- measuring

const workers = new Set()
workerThreads.Worker = class Worker extends workerThreads.Worker {
  constructor(file, options = {}) {
    super(file, {
      ...options,
      execArgv: [...(options.execArgv ?? []), '--require', join(__dirname, 'worker-hook.cjs')],
    })
    workers.add(this)
    this.once('exit', () => workers.delete(this))
  }
}

function count(words) {
  const counts = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

function listeners() {
  const emitters = {
    process,
    ...electron,
    defaultSession: electron.session.defaultSession,
    ...Object.fromEntries([...workers].map((worker, index) => [`worker ${index}`, worker])),
    ...Object.fromEntries([...electron.Tray._all].map((tray, index) => [`tray ${index}`, tray])),
    ...Object.fromEntries(
      electron.BaseWindow.getAllWindows().map((window, index) => [`window ${index}`, window]),
    ),
  }
  const counts = {}
  for (const [name, emitter] of Object.entries(emitters)) {
    if (!(emitter instanceof EventEmitter)) continue
    for (const event of emitter.eventNames())
      counts[`${name}.${String(event)}`] = emitter.listenerCount(event)
  }
  return counts
}

/** What a worker says of itself. */
function asked() {
  return new Promise((resolve, reject) => {
    const late = realTimeout(() => reject(new Error('no worker answered')), 10_000)
    channel.onmessage = ({ data }) => {
      clearTimeout(late)
      channel.onmessage = null
      resolve(data)
    }
    channel.postMessage('measure')
  })
}

/** Snapshots begin with a garbage collection. They go into files, so that reading them leaves nothing here. */
control.measure = async ({ mainFile, workerFile }) => {
  const [worker] = workers
  if (worker === undefined || workers.size !== 1) throw new Error(`there are ${workers.size} workers`)
  const resources = count(process.getActiveResourcesInfo())
  const inWorker = await asked()
  const fds = fs.readdirSync('/proc/self/fd').length
  await pipeline(await worker.getHeapSnapshot(), fs.createWriteStream(workerFile))
  v8.writeHeapSnapshot(mainFile)
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  return {
    main: { heapUsed, external: external + arrayBuffers, resources },
    worker: { heapUsed: (await worker.getHeapStatistics()).used_heap_size, ...inWorker },
    rss,
    fds,
    listeners: listeners(),
  }
}

// ------------------------------------------------------------------------------------------------------ planting

const leaked = []
let plants = []

/** What can be leaked on purpose, once in each cycle. */
const LEAKS = {
  object: () => leaked.push({}),
  listener: () => electron.powerMonitor.on('on-battery', () => undefined),
  timer: () => setTimeout(() => undefined, 1e9),
  descriptor: () => leaked.push(fs.openSync(__filename)),
  worker: () => channel.postMessage('leak'),
  file: () => fs.writeFileSync(join(electron.app.getPath('userData'), `left-${leaked.push('')}`), ''),
}

control.plant = ({ leaks }) => {
  // Node's own warning would look into an object of the stand-in's, which answers for Electron's members only.
  electron.powerMonitor.setMaxListeners(0)
  plants = leaks.map((leak) => LEAKS[leak])
}
