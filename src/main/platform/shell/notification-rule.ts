/** When the user is told something: two occasions only, once per spell of trouble, and only while somebody sits there. */
import type { HistoryEntry, Snapshot } from '../../../shared/snapshot.ts'
import { historyText, snapshotSentence, words, type Reading } from '../../../shared/strings.ts'

/** What is shown. */
export interface Notice {
  readonly title: string
  readonly body: string
}

/** What was told already. */
export interface Told {
  /** Sign-in needed: told, and not signed in again since. */
  readonly signIn: boolean
  /** A clear that failed: told, and none has worked since. */
  readonly failed: boolean
  /** Time of the newest history line seen; null before the first snapshot. */
  readonly seenUntil: number | null
}

/** Nothing was told yet. */
export const TOLD_NOTHING: Told = { signIn: false, failed: false, seenUntil: null }

/**
 * Takes in the next snapshot. A clear that failed while away is told on the return, and a run of failing ones (a day
 * without network, locked ten times) only once: until a clear has worked again. Pure.
 */
export function decideNotice(
  told: Told,
  next: Snapshot,
  reading: Reading,
): { readonly told: Told; readonly notice: Notice | null } {
  const { face, history } = next
  const newest = history[0]?.at ?? 0
  // What happened before this start is in the history; it isn't news.
  const seenUntil = told.seenUntil ?? newest
  const news = history.filter((entry) => entry.at > seenUntil)
  const worked = face.kind === 'cleared' || face.kind === 'nothing-to-clear' || news.some(isAnswered)
  const before: Told = {
    signIn: told.signIn && face.kind !== 'on' && !worked,
    failed: told.failed && !worked,
    seenUntil,
  }
  // Nobody is there to read it: what has to be told stays unseen until the return.
  if (next.away) return { told: before, notice: null }

  const seen: Told = { ...before, seenUntil: Math.max(seenUntil, newest) }
  if (face.kind === 'needs-sign-in') {
    const { signInTitle, signInBody } = words.notifications
    const body = face.due === null ? signInBody : snapshotSentence(next, reading)
    return {
      told: { ...seen, signIn: true },
      notice: before.signIn ? null : { title: signInTitle, body },
    }
  }
  const body = failureText(next, news, reading)
  if (body === null) return { told: seen, notice: null }
  return {
    told: { ...seen, failed: true },
    notice: before.failed ? null : { title: words.notifications.notClearedTitle, body },
  }
}

/** What there is to say about a clear that did not work; null when none failed. */
function failureText(next: Snapshot, news: readonly HistoryEntry[], reading: Reading): string | null {
  const { face } = next
  if (face.kind === 'not-cleared') return snapshotSentence(next, reading)
  if (face.kind === 'not-permitted' && face.due !== null) return snapshotSentence(next, reading)
  // News are newest first: what worked after it makes a failed one old news.
  const entry = news.find((each) => each.settlement === 'not-confirmed' || isAnswered(each))
  return entry?.settlement === 'not-confirmed' ? historyText(entry, reading).text : null
}

function isAnswered({ settlement }: HistoryEntry): boolean {
  return settlement === 'cleared' || settlement === 'nothing-to-clear'
}
