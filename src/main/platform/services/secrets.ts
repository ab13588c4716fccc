/** Encryption with a key that the operating system keeps: Electron's safeStorage, asynchronous calls only. */
import { safeStorage } from 'electron'
import type { Log, Secrets } from '../../core/model.ts'

/** How long the keyring may take to answer, ms: a locked one may wait for its password prompt for ever. */
const KEYRING_TIMEOUT_MS = 10_000

/** Linux backends that protect nothing: a key that anybody can read, or none chosen. */
const UNPROTECTED: readonly string[] = ['basic_text', 'unknown']

/** Builds the port; use it after ready. Never falls back to plain text. */
export function createSecrets({
  platform,
  log,
}: {
  readonly platform: NodeJS.Platform
  readonly log: Log
}): Secrets {
  /** No keyring (false), or one that protects (true). Asked before each use, because the backend is chosen lazily. */
  function protects(): boolean {
    return platform !== 'linux' || !UNPROTECTED.includes(safeStorage.getSelectedStorageBackend())
  }

  return {
    async status() {
      try {
        const available = await inTime(safeStorage.isAsyncEncryptionAvailable())
        if (!protects()) return 'missing'
        if (available) return 'available'
        // Linux has chosen a keyring that doesn't open; elsewhere the system has none to offer.
        return platform === 'win32' ? 'missing' : 'locked'
      } catch (error) {
        log.warn('keyring not answering', { error: String(error) })
        return 'locked'
      }
    },
    async encrypt(plain) {
      if (!protects()) throw new Error('No keyring protects secrets here')
      return inTime(safeStorage.encryptStringAsync(plain))
    },
    async decrypt(sealed) {
      const { result } = await inTime(safeStorage.decryptStringAsync(Buffer.from(sealed)))
      return result
    },
  }
}

/** Rejects when the keyring stays silent. Its own answer, should it come later, is dropped. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('The keyring did not answer')), KEYRING_TIMEOUT_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
