/** What happened in the demo, in the order in which it happened: the person's acts and the writes that Graph saw. */
import type { RequestRecord, Simulator } from '../../test/simulator/index.ts'

/** One line of the story. */
export interface StoryLine {
  /** ms since the epoch. */
  readonly at: number
  /** `graph`: a write of the app; `act`: what the person or another program did; `app`: the app itself. */
  readonly kind: 'graph' | 'act' | 'app'
  readonly text: string
  /** What Graph answered and how long it took. */
  readonly answer?: string
}

/** The story so far. */
export interface Story {
  tell(kind: 'act' | 'app', text: string): void
  /** Newest first, at most `limit` lines. */
  lines(limit: number): StoryLine[]
}

/** Builds an empty one. `onLine` hears of each thing told. */
export function createStory(simulator: Simulator, onLine: (line: StoryLine) => void): Story {
  const told: StoryLine[] = []
  return {
    tell: (kind, text) => {
      const line: StoryLine = { at: Date.now(), kind, text }
      told.push(line)
      onLine(line)
    },
    lines: (limit) =>
      [...told, ...simulator.journal().filter(isPresenceWrite).map(writeLine)]
        .sort((a, b) => b.at - a.at)
        .slice(0, limit),
  }
}

/** Whether the request is a set or a clear of a session. */
export function isPresenceWrite({ kind, method, path }: RequestRecord): boolean {
  return kind === 'graph' && method === 'POST' && /\/presence\/\w+$/.test(path)
}

/** One write as a line. */
export function writeLine(record: RequestRecord): StoryLine {
  const name = record.path.split('/').at(-1) ?? ''
  const { availability, activity } = (record.body ?? {}) as { availability?: string; activity?: string }
  const what = availability === undefined ? name : `${name} ${availability}/${activity ?? ''}`
  return { at: record.realMs, kind: 'graph', text: what, answer: answerOf(record) }
}

function answerOf(record: RequestRecord): string {
  if (record.outcome === 'dropped') return 'connection lost'
  if (record.status === null || record.endedRealMs === undefined) return 'no answer yet'
  const meaning = record.status === 404 ? ' (nothing was set)' : ''
  return `${record.status}${meaning}, ${Math.round(record.endedRealMs - record.realMs)} ms`
}
