'use strict'
/* Loaded in each worker before its own file: tells what it holds, and leaks an object when asked to. */
const { BroadcastChannel } = require('node:worker_threads')

const leaked = []
const channel = new BroadcastChannel('memory')
channel.unref()
channel.onmessage = ({ data }) => {
  if (data === 'leak') leaked.push({})
  if (data !== 'measure') return
  const resources = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  const { external, arrayBuffers } = process.memoryUsage()
  channel.postMessage({ resources, external: external + arrayBuffers })
}
