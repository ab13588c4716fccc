/** The sign beside the sentence, told apart by shape; the same drawings as in the tray (assets/glyphs). */
import type { Face } from '../../shared/snapshot.ts'

/** Brand for "covered or working on it", warning for "not cleared", neutral for "off or waiting for you". */
type Tone = 'brand' | 'warning' | 'neutral'

const LOOK: Record<Face['kind'], { shape: string; tone: Tone }> = {
  on: { shape: 'on', tone: 'brand' },
  clearing: { shape: 'clearing', tone: 'brand' },
  cleared: { shape: 'cleared', tone: 'brand' },
  'nothing-to-clear': { shape: 'cleared', tone: 'brand' },
  'not-cleared': { shape: 'not-cleared', tone: 'warning' },
  'not-permitted': { shape: 'not-cleared', tone: 'warning' },
  'needs-sign-in': { shape: 'sign-in', tone: 'warning' },
  'signing-in': { shape: 'clearing', tone: 'neutral' },
  'signed-out': { shape: 'sign-in', tone: 'neutral' },
  'not-configured': { shape: 'off', tone: 'neutral' },
  'not-supported': { shape: 'off', tone: 'neutral' },
}

/** Decoration only: the sentence says it all. */
export function Glyph({ kind }: { readonly kind: Face['kind'] }) {
  const { shape, tone } = LOOK[kind]
  return (
    <span className={`glyph glyph-${tone}`} aria-hidden="true">
      <span className={`glyph-shape glyph-${shape}`} />
    </span>
  )
}
