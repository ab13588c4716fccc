/** Whether the panel that the tray icon stands on is dark. Pure. */

/**
 * Windows colours its taskbar by a setting of its own. GNOME's top bar is dark in its light theme too. Elsewhere the
 * theme of the applications is the best that can be known. macOS doesn't care: it recolours template images itself.
 */
export function panelIsDark({
  platform,
  desktop,
  appsDark,
  systemDark,
}: {
  readonly platform: NodeJS.Platform
  /** `XDG_CURRENT_DESKTOP`: names separated by colons, `ubuntu:GNOME`. */
  readonly desktop: string | undefined
  readonly appsDark: boolean
  /** Only Windows tells it apart from `appsDark`. */
  readonly systemDark: boolean
}): boolean {
  if (platform === 'win32') return systemDark
  if (platform === 'linux' && desktop?.split(':').includes('GNOME') === true) return true
  return appsDark
}
