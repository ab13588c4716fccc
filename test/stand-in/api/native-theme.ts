import { fire, Part } from '../part.ts'
import { parts } from './parts.ts'

/** Electron's `nativeTheme`. The system's own choice is `STAND_IN_DARK=1` or the control's. */
export class NativeTheme extends Part {
  readonly inForcedColorsMode = false
  readonly prefersReducedTransparency = false
  readonly shouldDifferentiateWithoutColor = false
  readonly shouldUseHighContrastColors = false
  readonly shouldUseInvertedColorScheme = false
  private source: 'system' | 'light' | 'dark' = 'system'
  private systemDark = process.env['STAND_IN_DARK'] === '1'

  get themeSource(): 'system' | 'light' | 'dark' {
    return this.source
  }

  set themeSource(source: 'system' | 'light' | 'dark') {
    this.change(() => (this.source = source))
  }

  get shouldUseDarkColors(): boolean {
    return this.source === 'system' ? this.systemDark : this.source === 'dark'
  }

  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return this.systemDark
  }

  /** Not Electron's: the user changed the system's setting. */
  _setSystemDark(dark: boolean): void {
    this.change(() => (this.systemDark = dark))
  }

  private change(apply: () => void): void {
    const before = this.shouldUseDarkColors
    apply()
    if (before === this.shouldUseDarkColors) return
    for (const contents of parts.webContents.values()) contents._applyTheme()
    setImmediate(() => fire(this, 'updated'))
  }
}
