import type { CdpSession } from '../chromium/cdp.ts'
import { QuietPart } from '../part.ts'
import { fromWire } from '../wire.ts'

/** Electron's `NavigationHistory`, as far as Chromium's protocol answers it without waiting. */
export class NavigationHistory extends QuietPart {
  private readonly session: () => Promise<CdpSession>
  private entries: { title: string; url: string; id: number }[] = []
  private index = -1

  constructor(session: () => Promise<CdpSession>) {
    super()
    this.session = session
  }

  canGoBack(): boolean {
    return this.index > 0
  }

  canGoForward(): boolean {
    return this.index < this.entries.length - 1
  }

  goBack(): void {
    this.go(-1)
  }

  goForward(): void {
    this.go(1)
  }

  length(): number {
    return this.entries.length
  }

  getActiveIndex(): number {
    return this.index
  }

  clear(): void {
    this.session()
      .then((session) => session.send('Page.resetNavigationHistory'))
      .then(() => this._reset())
      .catch(() => undefined) // no page, no history
  }

  /** Not Electron's: reads Chromium's list again after a navigation. */
  _reset(): void {
    this.session()
      .then((session) => session.send('Page.getNavigationHistory'))
      .then(({ currentIndex, entries }) => {
        this.index = currentIndex
        this.entries = entries.map(({ id, title, url }) => ({ id, title, url: fromWire(url) }))
      })
      .catch(() => undefined) // no page, no history
  }

  private go(step: number): void {
    const entry = this.entries[this.index + step]
    if (entry === undefined) return
    this.session()
      .then((session) => session.send('Page.navigateToHistoryEntry', { entryId: entry.id }))
      .catch(() => undefined) // the page closed meanwhile
  }
}
