import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { operations } from './control.ts'

const MAX_BODY = 1_000_000

/**
 * Serves the control on loopback if `STAND_IN_CONTROL` names a file: `POST <address>/<operation>` with one JSON object.
 * The address holds a random word, and the file is readable by the user only.
 */
export async function serveControl(): Promise<void> {
  const file = process.env['STAND_IN_CONTROL']
  if (file === undefined || file === '') return
  // What the app starts itself has no business with it.
  delete process.env['STAND_IN_CONTROL']
  const word = randomBytes(16).toString('hex')
  const server = createServer((request, response) => {
    answer(request, response, word).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  const { port } = server.address() as AddressInfo
  // Linked into place, so that a reader never sees half of it and no second instance takes the first one's file.
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `http://127.0.0.1:${port}/${word}\n`, { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch {
    process.stderr.write(`stand-in: ${file} exists already; no control is served\n`)
    server.close()
  }
  rmSync(draft)
}

async function answer(request: IncomingMessage, response: ServerResponse, word: string): Promise<void> {
  const [, given, name = ''] = (request.url ?? '').split('/')
  if (given !== word || request.method !== 'POST' || !Object.hasOwn(operations, name)) {
    response.writeHead(404).end()
    return
  }
  let body = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk
    if (body.length > MAX_BODY) throw new Error('the request is too long')
  }
  const operation = operations[name as keyof typeof operations] as (input: unknown) => unknown
  const result = await operation(body === '' ? {} : JSON.parse(body))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ result }))
}
