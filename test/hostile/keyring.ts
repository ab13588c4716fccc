/** A keyring that works, for parts that run without Electron. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { Secrets } from '../../src/main/core/model.ts'

/** Seals with AES-256-GCM; the same passphrase opens it again in another process. */
export function createKeyring(passphrase: string): Secrets {
  const key = createHash('sha256').update(passphrase).digest()
  return {
    status: () => Promise.resolve('available'),
    encrypt: (plain) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Promise.resolve(Buffer.concat([iv, cipher.getAuthTag(), sealed]))
    },
    decrypt: (sealed) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
        decipher.setAuthTag(sealed.subarray(12, 28))
        return Promise.resolve(
          Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8'),
        )
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error('refused'))
      }
    },
  }
}
