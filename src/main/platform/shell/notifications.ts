/** Shows the few notifications that the rule asks for; a click opens the window. */
import { Notification } from 'electron'
import type { Log } from '../../core/model.ts'
import type { Snapshot } from '../../../shared/snapshot.ts'
import type { Reading } from '../../../shared/strings.ts'
import { decideNotice, TOLD_NOTHING } from './notification-rule.ts'

/** Builds the notifier: hand it every snapshot. */
export function createNotifier({
  reading,
  onOpen,
  log,
}: {
  readonly reading: () => Reading
  readonly onOpen: () => void
  readonly log: Log
}): { readonly update: (snapshot: Snapshot) => void } {
  let told = TOLD_NOTHING
  // Kept, or it is collected before the user clicks. A newer one replaces it.
  let shown: Notification | null = null

  return {
    update(snapshot) {
      const decided = decideNotice(told, snapshot, reading())
      told = decided.told
      if (decided.notice === null) return
      log.info('notification', { title: decided.notice.title })
      try {
        if (!Notification.isSupported()) return
        shown?.close()
        shown = new Notification({ ...decided.notice, silent: true })
        shown.on('click', onOpen)
        shown.show()
      } catch (error) {
        // Tray and window say the same.
        log.warn('notification not shown', { error: String(error) })
      }
    },
  }
}
