/** Starts the app, or hands over to the instance that runs already. Nothing may come before the single-instance lock. */
import { claimInstance, failToStart } from './platform/instance.ts'
import { startApp } from './wiring.ts'

try {
  const instance = claimInstance({ argv: process.argv, env: process.env })
  if (instance.first) startApp(instance).catch(failToStart)
  else instance.leave()
} catch (error) {
  failToStart(error)
}
