import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { host, lifecycle } from '../host.ts'
import { QuietPart } from '../part.ts'

/** Fixed: it proves that the calls are made, not that anything is secret. */
const KEY = createHash('sha256').update('stand-in').digest()
const PREFIX = 'v10'
type Backend = 'basic_text' | 'gnome_libsecret' | 'kwallet' | 'kwallet5' | 'kwallet6' | 'unknown'

/**
 * Electron's `safeStorage`. `STAND_IN_KEYRING` plays the desktop: a backend's name, `unavailable`, or `hanging`
 * (a locked keyring whose prompt nobody answers). `--password-store=basic` gives `basic_text` as in Chromium.
 */
export class SafeStorage extends QuietPart {
  private readonly keyring = process.env['STAND_IN_KEYRING'] ?? 'gnome_libsecret'
  private plainTextAllowed = false

  async isAsyncEncryptionAvailable(): Promise<boolean> {
    await this.prompt()
    if (!lifecycle.ready) return false
    return this.available()
  }

  isEncryptionAvailable(): boolean {
    return lifecycle.ready && this.available()
  }

  async encryptStringAsync(plainText: string): Promise<Buffer> {
    await this.prompt()
    return this.encryptString(plainText)
  }

  async decryptStringAsync(encrypted: Buffer): Promise<{ shouldReEncrypt: boolean; result: string }> {
    await this.prompt()
    return {
      shouldReEncrypt: process.env['STAND_IN_REENCRYPT'] === '1',
      result: this.decryptString(encrypted),
    }
  }

  encryptString(plainText: string): Buffer {
    this.demand('encrypting')
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', KEY, nonce)
    const body = Buffer.concat([cipher.update(plainText, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.from(PREFIX), nonce, cipher.getAuthTag(), body])
  }

  decryptString(encrypted: Buffer): string {
    this.demand('decrypting')
    if (encrypted.subarray(0, 3).toString() !== PREFIX) {
      throw new Error(
        'Error while decrypting the ciphertext provided to safeStorage.decryptString. Ciphertext does not appear to be encrypted.',
      )
    }
    try {
      const decipher = createDecipheriv('aes-256-gcm', KEY, encrypted.subarray(3, 15)).setAuthTag(
        encrypted.subarray(15, 31),
      )
      return Buffer.concat([decipher.update(encrypted.subarray(31)), decipher.final()]).toString('utf8')
    } catch {
      throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString.')
    }
  }

  getSelectedStorageBackend(): Backend {
    if (!lifecycle.ready || host.platform !== 'linux') return 'unknown'
    if (host.commandLine.switches.get('password-store') === 'basic') return 'basic_text'
    const named: readonly string[] = ['basic_text', 'gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6']
    return named.includes(this.keyring) ? (this.keyring as Backend) : 'gnome_libsecret'
  }

  setUsePlainTextEncryption(usePlainText: boolean): void {
    this.plainTextAllowed = usePlainText
  }

  private available(): boolean {
    if (this.keyring === 'unavailable') return false
    return this.getSelectedStorageBackend() !== 'basic_text' || this.plainTextAllowed
  }

  private demand(action: string): void {
    if (!lifecycle.ready) throw new Error('safeStorage cannot be used before app is ready')
    if (!this.available())
      throw new Error(`Error while ${action} the text provided to safeStorage. Encryption is not available.`)
  }

  private prompt(): Promise<void> {
    return this.keyring === 'hanging' ? new Promise(() => undefined) : Promise.resolve()
  }
}
