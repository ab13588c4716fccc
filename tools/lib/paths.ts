/** Where things lie in the repository. */
import { resolve } from 'node:path'

/** The repository's root, which is also the app's folder. */
export const REPOSITORY = resolve(import.meta.dirname, '../..')
