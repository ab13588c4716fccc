import { capture } from './chromium/capture.ts'
import type { CdpSession } from './chromium/cdp.ts'
import type { WebContents } from './api/web-contents.ts'
import type { ElementTarget } from './control-types.ts'

const POLL_MS = 50

/** The page's picture as base64 PNG. */
export async function screenshotPage(contents: WebContents): Promise<string> {
  return capture(await contents._session())
}

/** What a reader sees of the page. */
export async function pageText(contents: WebContents): Promise<string> {
  return String(await contents.executeJavaScript('document.body ? document.body.innerText : ""'))
}

/** Waits for an element that is enabled and has a size, then clicks its middle with the mouse. */
export async function clickElement(contents: WebContents, target: ElementTarget): Promise<void> {
  const session = await contents._session()
  const deadline = performance.now() + (target.timeoutMs ?? 10_000)
  for (;;) {
    const at = await locate(session, target).catch(() => undefined) // the document may be replaced meanwhile
    if (at !== undefined) {
      const mouse = { ...at, button: 'left', clickCount: 1 } as const
      await session.send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...at })
      await session.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...mouse })
      await session.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...mouse })
      return
    }
    if (performance.now() > deadline)
      throw new Error(`stand-in: no element ${JSON.stringify(target)} to click`)
    await new Promise((done) => setTimeout(done, POLL_MS))
  }
}

async function locate(
  session: CdpSession,
  target: ElementTarget,
): Promise<{ x: number; y: number } | undefined> {
  const { root } = await session.send('DOM.getDocument', { depth: 0 })
  const node =
    target.selector === undefined
      ? await byName(session, root.nodeId, target)
      : await bySelector(session, root.nodeId, target.selector)
  if (node === undefined) return undefined
  await session.send('DOM.scrollIntoViewIfNeeded', node)
  const { quads } = await session.send('DOM.getContentQuads', node)
  const quad = quads[0]
  if (quad === undefined) return undefined
  const middle = (first: number): number =>
    [0, 2, 4, 6].reduce((sum, i) => sum + (quad[i + first] ?? 0), 0) / 4
  return { x: middle(0), y: middle(1) }
}

async function bySelector(
  session: CdpSession,
  root: number,
  selector: string,
): Promise<{ nodeId: number } | undefined> {
  const { nodeId } = await session.send('DOM.querySelector', { nodeId: root, selector })
  return nodeId === 0 ? undefined : { nodeId }
}

async function byName(
  session: CdpSession,
  root: number,
  target: ElementTarget,
): Promise<{ backendNodeId: number } | undefined> {
  const { nodes } = await session.send('Accessibility.queryAXTree', {
    nodeId: root,
    ...(target.role !== undefined && { role: target.role }),
    ...(target.name !== undefined && { accessibleName: target.name }),
  })
  const usable = nodes.find(
    (node) =>
      !node.ignored &&
      !['StaticText', 'InlineTextBox', 'none', 'generic'].includes(String(node.role?.value)) &&
      node.properties?.find(({ name }) => name === 'disabled')?.value.value !== true,
  )
  return usable?.backendDOMNodeId === undefined ? undefined : { backendNodeId: usable.backendDOMNodeId }
}
