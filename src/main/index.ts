/** Starts the app, or hands over to the instance that runs already. Nothing may come before the single-instance lock. */
import { claimInstance } from './platform/instance.ts'
import { startApp } from './wiring.ts'

const instance = claimInstance({ argv: process.argv, env: process.env })
if (instance.first) startApp(instance).catch(instance.fail)
else instance.leave()
