import { QuietPart } from '../part.ts'
import { fromWire } from '../wire.ts'

/** Electron's `WebFrameMain`: one frame of a page, the same object as long as the frame lives. */
export class FrameMain extends QuietPart {
  readonly routingId: number
  readonly processId = 1
  readonly frameTreeNodeId: number
  readonly parent: FrameMain | null
  name = ''
  detached = false
  readonly frames: FrameMain[] = []
  private wireUrl = 'about:blank'

  constructor(id: number, parent: FrameMain | null) {
    super()
    this.routingId = id
    this.frameTreeNodeId = id
    this.parent = parent
    parent?.frames.push(this)
  }

  get url(): string {
    return fromWire(this.wireUrl)
  }

  get origin(): string {
    const origin = URL.canParse(this.wireUrl) ? new URL(this.wireUrl).origin : 'null'
    if (origin === 'null' && this.wireUrl.startsWith('file:')) return 'file://'
    return fromWire(origin)
  }

  get top(): FrameMain | null {
    return this.parent === null ? this : this.parent.top
  }

  isDestroyed(): boolean {
    return this.detached
  }

  /** Not Electron's: notes where the frame is now. */
  _navigated(wireUrl: string, name: string | undefined): void {
    this.wireUrl = wireUrl
    this.name = name ?? ''
  }
}
