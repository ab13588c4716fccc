import type { CdpSession } from '../chromium/cdp.ts'
import type { Protocol } from '../chromium/protocol.ts'
import { cspToWire, fromWire, toWire, wireScheme } from '../wire.ts'
import type { Session } from './session.ts'

/** Decides one request that a page makes: `webRequest` first, then the handler of a custom scheme, else the network. */
export async function answerRequest(
  cdp: CdpSession,
  paused: Protocol.Fetch.requestPausedPayload,
  session: Session,
): Promise<void> {
  const { requestId, request } = paused
  const url = fromWire(request.url)
  const details = {
    id: Number.parseInt(requestId.replace(/\D/g, ''), 10),
    url,
    method: request.method,
    resourceType: paused.resourceType,
  }
  const verdict = await session.webRequest._ask('onBeforeRequest', details)
  if (verdict?.['cancel'] === true) {
    await cdp.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' })
    return
  }
  const redirect = verdict?.['redirectURL']
  if (typeof redirect === 'string') {
    const headers = [{ name: 'Location', value: toWire(redirect) }]
    await cdp.send('Fetch.fulfillRequest', { requestId, responseCode: 307, responseHeaders: headers })
    return
  }
  const scheme = wireScheme(request.url)
  if (scheme === undefined) {
    await cdp.send('Fetch.continueRequest', { requestId })
    return
  }
  const handler = session.protocol._handlerOf(scheme)
  if (handler === undefined) {
    await cdp.send('Fetch.failRequest', { requestId, errorReason: 'Failed' })
    return
  }
  let response: Response
  try {
    response = await handler(toRequest(request, url))
  } catch (error) {
    process.stderr.write(`Error in handler of ${scheme}: ${String(error)}\n`)
    await cdp.send('Fetch.failRequest', { requestId, errorReason: 'Failed' })
    return
  }
  if (response.type === 'error') {
    await cdp.send('Fetch.failRequest', { requestId, errorReason: 'Failed' })
    return
  }
  const headers = await answerHeaders(response, session, details)
  await cdp.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: response.status,
    responseHeaders: headers,
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  })
}

function toRequest(request: Protocol.Network.Request, url: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, fromWire(value))
  const body = request.postDataEntries?.map((entry) => Buffer.from(entry.bytes ?? '', 'base64'))
  const hasBody = body !== undefined && request.method !== 'GET' && request.method !== 'HEAD'
  return new Request(url, { method: request.method, headers, ...(hasBody && { body: Buffer.concat(body) }) })
}

async function answerHeaders(
  response: Response,
  session: Session,
  details: { url: string },
): Promise<{ name: string; value: string }[]> {
  const original: Record<string, string[]> = {}
  for (const [name, value] of response.headers) (original[name] ??= []).push(value)
  const verdict = await session.webRequest._ask('onHeadersReceived', {
    ...details,
    ...{ statusCode: response.status, responseHeaders: original },
  })
  const chosen = (verdict?.['responseHeaders'] ?? original) as Record<string, string | string[]>
  const schemes = [...session.protocol._schemes()]
  return Object.entries(chosen).flatMap(([name, values]) =>
    [values].flat().map((value) => ({
      name,
      value: name.toLowerCase().startsWith('content-security-policy')
        ? cspToWire(value, schemes)
        : toWireHeader(name, value),
    })),
  )
}

function toWireHeader(name: string, value: string): string {
  return ['access-control-allow-origin', 'location'].includes(name.toLowerCase()) ? toWire(value) : value
}
