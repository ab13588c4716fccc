/** A certificate authority made at start, and one leaf certificate for each simulated host. */
import { createSecureContext, type SecureContext } from 'node:tls'
import { generate } from 'selfsigned'
import { realTime } from './clock.ts'

const DAY = 86_400_000

/** The simulator's own trust: the CA's PEM for clients and a TLS context for each host name. */
export interface Authority {
  readonly caPem: string
  /** The context of one simulated host, or undefined for a name the authority made no certificate for. */
  contextFor: (host: string) => SecureContext | undefined
}

/** Makes the CA and the leaves (EC P-256, valid from yesterday for a year of real time: TLS doesn't know the simulated clock). */
export async function createAuthority(hosts: Iterable<string>): Promise<Authority> {
  const validity = {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(realTime() - DAY),
    notAfterDate: new Date(realTime() + 365 * DAY),
  } as const
  const ca = await generate([{ name: 'commonName', value: 'Clear Presence simulator CA' }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const contexts = new Map<string, SecureContext>()
  for (const host of hosts) {
    const leaf = await generate([{ name: 'commonName', value: host }], {
      ...validity,
      ca: { key: ca.private, cert: ca.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
      ],
    })
    contexts.set(host, createSecureContext({ key: leaf.private, cert: leaf.cert, minVersion: 'TLSv1.2' }))
  }
  return { caPem: ca.cert, contextFor: (host) => contexts.get(host.toLowerCase()) }
}
