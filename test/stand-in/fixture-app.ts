import { join } from 'node:path'

/** The tiny app of the stand-in's own tests. */
export const FIXTURE = join(import.meta.dirname, 'fixture')
