/** The app's icon for the window's title bar and task switcher, inside the bundle. Drawn by tools/make-icons.ts. */
import { nativeImage, type NativeImage } from 'electron'
import icon from '../../../../assets/generated/app/128x128.png?inline'

/** The icon; call it after ready. */
export function appIcon(): NativeImage {
  return nativeImage.createFromDataURL(icon)
}
