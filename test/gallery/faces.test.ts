/** Every face of the window, light and dark: shown without a complaint, readable, and complete by keyboard. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Gallery, PICTURES, WINDOW, type Exhibit } from './gallery.ts'
import { GALLERY } from './snapshots.ts'

let gallery: Gallery
let exhibit: Exhibit
beforeAll(async () => {
  gallery = await Gallery.open()
  exhibit = await gallery.exhibit(GALLERY['on']!.snapshot, { colorScheme: 'light' })
})
afterAll(async () => {
  await gallery.close()
})

/** Tabs once around the page and checks that each thing a person can operate is met, in order, and seen. */
async function walkByTab({ page }: Exhibit): Promise<void> {
  const all: string[] = await page.evaluate('probe.interactive()')
  expect(all.length).toBeGreaterThan(0)
  for (const [index, name] of all.entries()) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate('probe.focused()'), name).toEqual({ index, outlined: true })
  }
}

/** Chromium's own accessibility tree: everything focusable, as "role: name". */
async function focusable({ page }: Exhibit): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  return nodes
    .filter(
      (node) =>
        !node.ignored &&
        node.properties?.some(({ name, value }) => name === 'focusable' && value.value === true),
    )
    .filter((node) => node.role?.value !== 'RootWebArea')
    .map((node) => `${node.role?.value}: ${node.name?.value}`)
}

describe.each(Object.entries(GALLERY))('%s', (name, { snapshot, says }) => {
  it('is shown in light and dark, and can be operated by keyboard', async () => {
    await exhibit.load(snapshot)
    const { page } = exhibit
    await page.evaluate('scrollTo(0, 0)')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) })
      const { sentenceWidth, scrollWidth, ...report } = await exhibit.report()
      expect(report).toEqual({ sentence: says, clipped: [], violations: [], faint: [], landmarks: [] })
      expect(sentenceWidth).toBeGreaterThan(50)
      expect(scrollWidth).toBe(WINDOW.width)
    }

    await walkByTab(exhibit)
    const names = await focusable(exhibit)
    expect(names.length).toBeGreaterThan(0)
    for (const text of names) expect(text).toMatch(/^(button|DisclosureTriangle): \p{Lu}./u)

    await page.evaluate('probe.openFolds()')
    expect(await exhibit.report()).toMatchObject({ clipped: [], faint: [], scrollWidth: WINDOW.width })
    await page.screenshot({ path: join(PICTURES, `${name}-full.png`), fullPage: true })

    await page.evaluate("probe.textSize('200%')")
    expect(await exhibit.report(), 'text at twice the size').toMatchObject({
      clipped: [],
      scrollWidth: WINDOW.width,
    })
    if (name === 'on-set') await page.screenshot({ path: join(PICTURES, 'text-200.png'), fullPage: true })
    expect(exhibit.takeErrors()).toEqual([])
  })
})

describe('for other eyes', () => {
  const { snapshot } = GALLERY['on-set']!

  it('keeps the sign visible in forced colours', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const exhibit = await gallery.exhibit(snapshot, { colorScheme, forcedColors: 'active' })
      const shape = 'getComputedStyle(document.querySelector(".glyph-shape")).backgroundColor'
      const ground = 'getComputedStyle(document.body).backgroundColor'
      expect(await exhibit.page.evaluate(shape)).not.toBe(await exhibit.page.evaluate(ground))
      await exhibit.page.screenshot({ path: join(PICTURES, `forced-colors-${colorScheme}.png`) })
      await exhibit.close()
    }
  })

  it('gives more contrast when asked', async () => {
    const note = 'getComputedStyle(document.querySelector(".note")).color'
    const plain = await gallery.exhibit(snapshot, { colorScheme: 'light' })
    const strong = await gallery.exhibit(snapshot, { colorScheme: 'light', contrast: 'more' })
    expect(await strong.page.evaluate(note)).not.toBe(await plain.page.evaluate(note))
    await plain.close()
    await strong.close()
  })
})
