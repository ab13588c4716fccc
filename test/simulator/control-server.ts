/** The control API over HTTP on loopback: POST /{method} with a JSON array of arguments. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Control, RemoteMethods } from './control.ts'

async function readJson(req: IncomingMessage): Promise<unknown[]> {
  const chunks: Buffer[] = []
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  const value = text === '' ? [] : (JSON.parse(text) as unknown)
  if (!Array.isArray(value)) throw new TypeError('The body must be a JSON array of arguments')
  // JSON has no undefined: a trailing null stands for an argument that was left out.
  return value.map((v: unknown) => v ?? undefined)
}

/** Creates the server (not yet listening). A method that throws is answered with 400 and its message. */
export function createControlServer(control: Control): Server {
  const call = async (name: string, args: unknown[]): Promise<unknown> => {
    const methods = control as unknown as Record<string, unknown>
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (typeof method !== 'function') throw new Error(`No method ${name}`)
    return await (method as (...a: unknown[]) => unknown)(...args)
  }
  return createServer((req, res) => {
    const answer = (status: number, body: unknown): void => {
      const json = JSON.stringify(body === undefined ? null : body)
      res.writeHead(status, { 'Content-Type': 'application/json' }).end(json)
    }
    // A web page in the same browser must not be able to read tokens here (DNS rebinding, simple requests).
    const local = /^(127\.0\.0\.1|localhost):\d+$/.test(req.headers.host ?? '')
    if (!local || req.headers.origin !== undefined) {
      answer(403, { error: 'Only for programs on this machine' })
      return
    }
    const name = (req.url ?? '/').slice(1)
    if (req.method === 'GET' && name === '') {
      const state: Partial<Record<keyof RemoteMethods, unknown>> = {
        now: control.now(),
        listSessions: control.listSessions(),
        isOffline: control.isOffline(),
        faults: control.faults(),
      }
      answer(200, state)
      return
    }
    if (req.method !== 'POST') {
      answer(405, { error: 'POST /{method} with a JSON array of arguments' })
      return
    }
    readJson(req)
      .then((args) => call(name, args))
      .then((result) => answer(200, result))
      .catch((error: unknown) =>
        answer(400, { error: error instanceof Error ? error.message : String(error) }),
      )
  })
}
