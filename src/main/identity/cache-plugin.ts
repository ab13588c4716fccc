/** MSAL's cache plugin over a text in memory; one operation of MSAL at a time. */
import type { ICachePlugin, TokenCacheContext } from '@azure/msal-node'
import type { Clock, Log } from '../core/model.ts'
import { within } from './within.ts'

/** MSAL holds the cache for a few microtasks; if it ever forgets to let go, nobody waits longer than this, ms. */
const HOLD_MS = 2_000

/** Where the plugin finds and leaves MSAL's text. */
export interface CachePluginOptions {
  /** What MSAL wrote last; '' when it hasn't yet. Holds secrets. */
  read(): string
  /** Takes a text that differs from the last one. */
  write(text: string): void
  readonly clock: Clock
  readonly log: Log
}

/** Builds the plugin for one MSAL client. */
export function createCachePlugin({ read, write, clock, log }: CachePluginOptions): ICachePlugin {
  // MSAL merges with what it read before; two of its operations at once would lose the first one's tokens.
  let last: Promise<void> = Promise.resolve()
  const releases = new WeakMap<TokenCacheContext, () => void>()
  return {
    beforeCacheAccess: async (context) => {
      const before = last
      let release = (): void => undefined
      last = new Promise((resolve) => {
        release = resolve
      })
      releases.set(context, release)
      if ((await within(clock, HOLD_MS, before)) === 'late') log.warn('token-cache-held')
      const text = read()
      if (text !== '') context.tokenCache.deserialize(text)
    },
    afterCacheAccess: (context) => {
      try {
        if (context.cacheHasChanged) {
          const text = context.tokenCache.serialize()
          if (text !== read()) write(text)
        }
      } finally {
        releases.get(context)?.()
      }
      return Promise.resolve()
    },
  }
}
