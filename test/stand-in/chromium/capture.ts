/** Takes a picture of a page. */
import { setTimeout as pause } from 'node:timers/promises'
import type { CdpSession } from './cdp.ts'
import type { Protocol } from './protocol.ts'

/** How long one capture may take, ms, and how often it is tried. */
const CAPTURE_MS = 1_000
const CAPTURES = 10

/**
 * The page as PNG, base64. Chromium never answers a capture that was asked for while one document gives way to the next,
 * so that it is asked again.
 * @throws Error when it never answers.
 */
export async function capture(
  session: CdpSession,
  options: Partial<Protocol.Page.captureScreenshotParameters> = {},
): Promise<string> {
  for (let attempt = 1; attempt <= CAPTURES; attempt++) {
    const captured = await Promise.race([
      session.send('Page.captureScreenshot', { format: 'png', ...options }),
      pause(CAPTURE_MS, undefined, { ref: false }),
    ])
    if (captured !== undefined) return captured.data
  }
  throw new Error('the page could not be captured')
}
