/** What should come at once may take seconds on a crowded machine: Vitest's one second for `vi.waitFor` is too short. */
import { vi } from 'vitest'

/** How long a wait may take where its test says nothing, ms. */
const PATIENCE_MS = 10_000

const waitFor = vi.waitFor
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options })
