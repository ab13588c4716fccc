/** From a snapshot to words: pure functions over the table, used by window, tray and notifications alike. */
import { english, type ProblemWords, type Words } from './english.ts'
import type { Pair } from './presence.ts'
import type { Problem } from './problem.ts'
import type { Face, HistoryEntry, LockWatch, OwnView, PresenceView, Snapshot } from './snapshot.ts'

export type { ProblemWords, Words } from './english.ts'

/** The words of the one language there is so far. */
export const words: Words = english

/** Where and when words are read. */
export interface Reading {
  /** The user's BCP 47 locale: decides how times are written. An unknown one counts as English. */
  readonly locale: string
  /** ms since the epoch: a time of another day gets its day named. */
  readonly now: number
  /** IANA name; the machine's own when absent. */
  readonly timeZone?: string
}

/** How long Teams may take to show a change; the figure is Microsoft's "few minutes", taken generously. */
const TEAMS_LAG_MS = 10 * 60_000
const DAY_MS = 86_400_000

/**
 * The first line of window, tray tooltip and tray menu: "am I covered?".
 * `pair` is what we set ourselves, if anything; it names what may still show.
 */
export function sentence(
  face: Face,
  options: Reading & { readonly demo: boolean; readonly pair?: Pair | null },
): string {
  const text = faceSentence(face, options)
  return options.demo ? words.sentence.demo(text) : text
}

/** `sentence` with everything taken from the snapshot. */
export function snapshotSentence(snapshot: Snapshot, reading: Reading): string {
  return sentence(snapshot.face, { ...reading, demo: snapshot.demo, pair: snapshot.own?.pair ?? null })
}

function faceSentence(face: Face, options: Reading & { readonly pair?: Pair | null }): string {
  const say = words.sentence
  switch (face.kind) {
    case 'not-configured':
      return say.notConfigured
    case 'signed-out':
      return say.signIn
    case 'signing-in':
      if (face.method === 'browser') return say.signingInBrowser
      return face.userCode === '' ? say.signingInWait : say.signingInCode
    case 'on':
      return say.on
    case 'clearing':
      return say.clearing
    case 'cleared': {
      const recent = options.now - face.at < TEAMS_LAG_MS
      return `${say.cleared(timeText(face.at, options), departureText(face.departure))} ${recent ? say.teamsLag : say.stillOn}`
    }
    case 'nothing-to-clear':
      return say.nothingToClear(timeText(face.at, options), departureText(face.departure))
    case 'not-cleared': {
      const why = problemText(face.problem).short
      return `${face.signingOut ? say.notClearedSigningOut(why) : say.notCleared(why)} ${mayShow(face.mayShowUntil, options)}`
    }
    case 'needs-sign-in':
      return face.due === null ? say.signIn : say.signInDue
    case 'not-permitted':
      return face.due === null ? say.notPermitted : say.notPermittedDue
    case 'not-supported':
      return say.notSupported
  }
}

function mayShow(until: number | null, options: Reading & { readonly pair?: Pair | null }): string {
  if (until === null) return words.sentence.tryingAgain
  const time = timeText(until, options)
  const { pair } = options
  if (pair === null || pair === undefined) return words.sentence.mayShowIt(time)
  const [shown = pairText(pair)] = pairText(pair).split(',')
  return words.sentence.mayShow(shown, time)
}

/** "when you locked" and the like; for the history also what no departure announced. */
export function departureText(departure: HistoryEntry['departure']): string {
  return words.departures[departure]
}

/** "Busy, in a call" and the like. */
export function pairText(pair: Pair): string {
  return words.pairs[pair]
}

/** What the user reads about a problem. */
export function problemText(problem: Problem): ProblemWords {
  return words.problems[problem.code]
}

/** "Busy, in a call, until you leave"; while its clear is owed, that it is. */
export function ownText(own: OwnView, face: Face): string {
  const pair = pairText(own.pair)
  if (face.kind === 'clearing') return words.own.clearing(pair)
  if (face.kind === 'not-cleared' || ('due' in face && face.due !== null)) return words.own.notCleared(pair)
  if (own.problem !== null) return words.own.trouble(pair, problemText(own.problem).short)
  return own.confirmed ? words.own.untilLeave(pair) : words.own.setting(pair)
}

/** How this machine's lock is noticed, for Details. */
export function lockText(watch: LockWatch): string {
  const say = words.lockWatch
  if (watch.kind === 'desktop') {
    return say.desktop(listText(watch.watchers.map((watcher) => words.lockWatchers[watcher])))
  }
  return watch.kind === 'poll' ? say[watch.why] : say[watch.kind]
}

/** Names in a row, as the language writes them. */
function listText(names: readonly string[]): string {
  return new Intl.ListFormat(words.language, { type: 'conjunction' }).format(names)
}

/** Presence as Teams writes it: "Busy, in a call". Names that Graph may add later are shown as words. */
export function presenceText(presence: PresenceView): string {
  const shown = words.availability[presence.availability] ?? spaced(presence.availability)
  const more =
    words.activity[presence.activity] ??
    (presence.activity in words.availability || presence.activity === presence.availability
      ? ''
      : spaced(presence.activity).toLowerCase())
  return more === '' ? shown : `${shown}, ${more}`
}

function spaced(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
}

/** One line of the history: what happened, how long it took ('' when no answer came), and when it was. */
export function historyText(
  entry: HistoryEntry,
  reading: Reading,
): { text: string; took: string; time: string } {
  const say = words.history
  const line = {
    cleared: say.cleared,
    'nothing-to-clear': say.nothingToClear,
    expired: say.expired,
    'not-supported': say.notSupported,
    'not-confirmed': say.notConfirmed,
  }[entry.settlement](departureText(entry.departure))
  const why = entry.problem === undefined ? line : say.because(line, problemText(entry.problem).short)
  const end = entry.endedBy === undefined ? '' : `. ${say.endedBy(timeText(entry.endedBy, reading))}`
  return { text: why + end, took: durationText(entry.tookMs, reading), time: timeText(entry.at, reading) }
}

function durationText(ms: number | null, { locale }: Reading): string {
  if (ms === null) return ''
  const figure = new Intl.NumberFormat(localeOf(locale), {
    maximumFractionDigits: 1,
    minimumFractionDigits: 1,
  })
  // Anything that was answered took some time: "0.0 s" would read as a mistake.
  return words.history.seconds(figure.format(Math.max(ms, 100) / 1000))
}

/** A time of day; with the weekday or the date when it isn't of today. */
export function timeText(at: number, { locale, now, timeZone }: Reading): string {
  const zone = timeZone === undefined ? {} : { timeZone }
  const inLocale = localeOf(locale)
  const day = new Intl.DateTimeFormat('en-CA', { ...zone, dateStyle: 'short' })
  // "8:39 AM", but "08:39": only the clock of 24 hours is written with a leading zero.
  const { hour12 } = new Intl.DateTimeFormat(inLocale, { hour: 'numeric' }).resolvedOptions()
  const clock = { ...zone, hour: hour12 === true ? 'numeric' : '2-digit', minute: '2-digit' } as const
  if (day.format(at) === day.format(now)) return new Intl.DateTimeFormat(inLocale, clock).format(at)
  const near = Math.abs(now - at) < 6 * DAY_MS
  const date = near ? ({ weekday: 'short' } as const) : ({ day: 'numeric', month: 'short' } as const)
  return new Intl.DateTimeFormat(inLocale, { ...clock, ...date }).format(at)
}

/**
 * The language of the words with the region of the user: English words, but the clock of Germany for `de-DE`, so that
 * no sentence mixes two languages.
 */
function localeOf(locale: string): string {
  let region: string | undefined
  try {
    region = new Intl.Locale(locale).maximize().region
  } catch {
    // Not a BCP 47 tag ("C", ""): the words' own language decides alone.
    return words.language
  }
  return region === undefined ? words.language : `${words.language}-${region}`
}
