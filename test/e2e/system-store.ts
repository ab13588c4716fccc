/** Puts a CA into a system store for one test: the real one where `.ci/run` allows it, else a file of its own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Debian keeps the tools of root, whatever the PATH of this shell says. */
export const WITH_SBIN = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }

/** A store that holds one CA more. */
export interface SystemStore extends Disposable {
  /** What the app's environment needs: `NODE_EXTRA_CA_CERTS` is taken away, so that only the store is left. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Adds the CA. */
  add(pem: string): void
}

/**
 * With `SYSTEM_CA_STORE=1` Debian's real store (needs root and update-ca-certificates, and is put back afterwards);
 * otherwise a store that `SSL_CERT_FILE` names, as OpenSSL and Node take it.
 */
export function systemStore(): SystemStore {
  if (process.env['SYSTEM_CA_STORE'] === '1') {
    const file = `/usr/local/share/ca-certificates/clear-presence-test-${process.pid}.crt`
    const update = (): void => void execFileSync('update-ca-certificates', { stdio: 'pipe', env: WITH_SBIN })
    return {
      env: { NODE_EXTRA_CA_CERTS: undefined, SSL_CERT_FILE: undefined, SSL_CERT_DIR: undefined },
      add: (pem) => {
        writeFileSync(file, pem)
        update()
      },
      [Symbol.dispose]() {
        rmSync(file, { force: true })
        update()
      },
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'presence-ca-'))
  const file = join(folder, 'system.pem')
  return {
    env: { NODE_EXTRA_CA_CERTS: undefined, SSL_CERT_FILE: file, SSL_CERT_DIR: '/nonexistent' },
    add: (pem) => writeFileSync(file, pem),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
