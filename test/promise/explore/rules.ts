/** The rules of docs/architecture.md, "Which clears are owed", as predicates over one step of the planner: none may go unexplored. */
import { isAway } from '../../../src/main/core/attendance.ts'
import type { SessionRecord } from '../../../src/main/core/model.ts'
import type { Observer } from './playing.ts'

type Step = Parameters<Observer>[0]

/** One session before and after a step, with what was sent for it. */
interface View {
  readonly step: Step
  readonly before: SessionRecord
  readonly after: SessionRecord | undefined
  readonly clears: number
  readonly flights: number
  readonly leaves: boolean
  readonly leavesFurther: boolean
  readonly returns: boolean
  readonly told: string | undefined
}

const isSome = (value: unknown): boolean => value !== null && value !== undefined
const startsAway = ({ step }: View): boolean => step.event.type === 'start' && awayAfter(step)
const startsPresent = ({ step }: View): boolean => step.event.type === 'start' && !awayAfter(step)
const settled = ({ before, after }: View): boolean =>
  before.due !== null && (after === undefined || after.due === null)
const awayAfter = ({ after }: Step): boolean => isAway(after.attendance, after.settings)

/** Each cell of the table by its row and column, and when it has been played. */
const RULES: Readonly<Record<string, (view: View) => boolean>> = {
  'departure while present, own: clear': (v) => v.leaves && v.before.own !== null && v.clears === 1,
  'departure while present, assumed: clear once': (v) => v.leaves && v.before.own === null && v.clears === 1,
  'further departure: joins the clear in flight': (v) =>
    v.leavesFurther && v.before.due !== null && v.flights > 0 && v.clears === 0,
  'further departure: retries what is due': (v) =>
    v.leavesFurther && v.before.due !== null && v.flights === 0 && v.clears === 1,
  'further departure: sends nothing when settled': (v) =>
    v.leavesFurther && v.before.due === null && v.clears === 0,
  'a set is unanswered: clear at once': (v) =>
    v.clears === 1 && isSome(v.after?.due?.straggler) && v.before.due === null && v.flights > 0,
  'a set is unanswered: clear again': (v) =>
    v.clears === 1 && isSome(v.before.due?.straggler) && v.flights === 0 && v.before.own !== null,
  'not settled, own: retried': (v) =>
    v.step.event.type === 'tick' && v.before.own !== null && v.before.due !== null && v.clears === 1,
  'not settled, own: the lease must have ended': (v) =>
    settled(v) && v.before.own !== null && v.told === 'expired',
  'not settled, assumed: retried': (v) =>
    v.step.event.type === 'tick' && v.before.own === null && v.before.due !== null && v.clears === 1,
  'not settled, assumed: 15 minutes': (v) =>
    settled(v) && v.before.own === null && v.told === 'not-confirmed' && awayAfter(v.step),
  'not settled, assumed, asked for: also while present': (v) =>
    v.before.own === null &&
    v.before.due !== null &&
    v.step.event.type === 'tick' &&
    v.clears === 1 &&
    !awayAfter(v.step),
  'return, own: what is due is settled': (v) =>
    v.returns && v.before.own !== null && v.before.due !== null && isSome(v.after?.due),
  'return, assumed: what is due is dropped': (v) =>
    v.returns && v.before.own === null && settled(v) && v.told === 'not-confirmed',
  'start, away, own: clear': (v) => startsAway(v) && v.before.own !== null && isSome(v.after?.due),
  'start, away, assumed: only what is due and young': (v) =>
    startsAway(v) && v.before.own === null && v.before.due !== null && isSome(v.after?.due),
  'start, away, assumed: nothing that is not due': (v) =>
    startsAway(v) && v.before.own === null && v.before.due === null && v.after?.due === null,
  'start, present, own: adopt': (v) =>
    startsPresent(v) && v.before.own !== null && v.before.due === null && isSome(v.after?.own),
  'start, present, own: expired': (v) =>
    startsPresent(v) && v.before.own !== null && v.after?.own === null && v.told === 'expired',
  'start, present, assumed: dropped': (v) =>
    startsPresent(v) && v.before.own === null && settled(v) && v.told === 'not-confirmed',
  'a set while away is refused': ({ step }) =>
    step.event.type === 'set' && isAway(step.before.attendance, step.before.settings),
}

/** The names of all rules. */
export const RULE_NAMES: readonly string[] = Object.keys(RULES)

/** Counts which rules were played. `seen` gets their names. */
export function ruleObserver(seen: Set<string>): Observer {
  return (step) => {
    if (seen.size === RULE_NAMES.length) return
    for (const view of viewsOf(step)) {
      for (const [name, holds] of Object.entries(RULES)) if (!seen.has(name) && holds(view)) seen.add(name)
    }
  }
}

function viewsOf(step: Step): readonly View[] {
  const { before, after, event, actions } = step
  const was = isAway(before.attendance, before.settings)
  const is = isAway(after.attendance, after.settings)
  const leaving = [
    'lock',
    'suspend',
    'switched',
    'poll',
    'leaving',
    'session-ending',
    'session-ended',
  ].includes(event.type)
  const departs = leaving && after.departures.length > before.departures.length
  const history = actions.find((action) => action.type === 'history')
  const records =
    event.type === 'start'
      ? event.registry.records
      : Object.values(before.sessions).map(({ record }) => record)
  return records.map((record) => {
    const key = Object.keys(after.sessions).find(
      (each) => after.sessions[each]?.record.userId === record.userId,
    )
    const old = Object.values(before.sessions).find((session) => session.record.userId === record.userId)
    const writes = actions.flatMap((action) =>
      action.type === 'send' && action.write.key === key ? [action.write.body.kind] : [],
    )
    return {
      step,
      before: record,
      after: key === undefined ? undefined : after.sessions[key]?.record,
      clears: writes.filter((kind) => kind === 'clear').length,
      flights: old?.flights.length ?? 0,
      leaves: departs && !was,
      leavesFurther: departs && was,
      returns: was && !is && event.type !== 'start',
      told: history?.entry.settlement,
    }
  })
}
