import { followClock } from './clock.ts'

/* Loaded first in every worker thread of the app: the worker's clock moves with the main thread's. */
followClock()
