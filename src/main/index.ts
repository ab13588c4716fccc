/** Starts the app, or hands over to the instance that runs already. Nothing may come before the single-instance lock. */
import { claimInstance, failToStart } from './platform/instance.ts'
import { handOver, startApp } from './wiring.ts'

try {
  const instance = claimInstance({ argv: process.argv, env: process.env })
  const started = instance.first ? startApp(instance) : handOver(instance)
  started.catch(failToStart)
} catch (error) {
  failToStart(error)
}
