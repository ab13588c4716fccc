import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// More than half of the start is stripping types and compiling; both are kept between starts.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/stand-in-compile'))
await import('./run.ts')
