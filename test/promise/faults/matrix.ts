/** Plays the whole matrix with a few machines at once, and prints it. */
import { broken, type Cell, leavesStationAsItWas, play } from './cell.ts'
import type { Departure, Platform } from './departures.ts'
import type { Fault } from './faults.ts'
import type { Kind } from './judge.ts'
import { openStation, type Station } from './station.ts'

/** One cell to be played. */
export interface Order {
  readonly fault: Fault
  readonly departure: Departure
  readonly kind: Kind
}

/** One cell that is possible and not played. */
export interface LeftOut {
  readonly reason: string
}

const KINDS: readonly Kind[] = ['own', 'assumed']

/** Why a cell is not played; null: it is. */
function whyNot(fault: Fault, departure: Departure, kind: Kind): string | null {
  if (departure.ownOnly !== undefined && kind === 'assumed') return `${departure.name}: ${departure.ownOnly}`
  const reason = fault.leavesOut?.(departure, kind) ?? null
  return reason === null ? null : `${fault.name}: ${reason}`
}

/**
 * Every cell of these rows and columns, for what the app has set and for what another program has, and those that are left
 * out of them. `half`: for one of the two, by turns.
 */
export function ordersFor(
  faults: readonly Fault[],
  departures: readonly Departure[],
  half = false,
): { readonly orders: readonly Order[]; readonly leftOut: readonly LeftOut[] } {
  const orders: Order[] = []
  const leftOut: LeftOut[] = []
  for (const [column, departure] of departures.entries()) {
    for (const [row, fault] of faults.entries()) {
      const kinds = KINDS.filter((kind) => whyNot(fault, departure, kind) === null)
      for (const [index, kind] of KINDS.entries()) {
        const reason =
          whyNot(fault, departure, kind) ??
          (half && kinds.length > 1 && index !== (row + column) % 2 ? 'the other half of --half' : null)
        if (reason === null) orders.push({ fault, departure, kind })
        else leftOut.push({ reason })
      }
    }
  }
  return { orders, leftOut }
}

/** Plays the orders with `jobs` machines at once. A cell that breaks (not one that is wrong) is played once more. */
export async function playAll(
  orders: readonly Order[],
  jobs: number,
  onCell: (cell: Cell) => void,
): Promise<readonly Cell[]> {
  const queues = new Map<Platform, Order[]>()
  for (const order of orders) {
    const { platform } = order.departure
    queues.set(platform, [...(queues.get(platform) ?? []), order])
  }
  const cells: Cell[] = []
  async function job(): Promise<void> {
    let platform: Platform | undefined
    let station: Station | undefined
    const close = async (): Promise<void> => {
      await station?.[Symbol.asyncDispose]()
      station = undefined
    }
    const once = async (order: Order, at: Platform): Promise<Cell> => {
      station ??= await openStation(at)
      return play(station, order.fault, order.departure, order.kind)
    }
    try {
      for (;;) {
        const left = platform === undefined ? 0 : (queues.get(platform)?.length ?? 0)
        if (left === 0) {
          await close()
          const [longest] = [...queues].toSorted(([, one], [, other]) => other.length - one.length)
          if (longest === undefined || longest[1].length === 0) return
          platform = longest[0]
        }
        const order = platform === undefined ? undefined : queues.get(platform)?.shift()
        if (order === undefined || platform === undefined) continue
        const { fault, departure, kind } = order
        let cell: Cell
        try {
          cell = await once(order, platform)
        } catch {
          await close()
          cell = await once(order, platform).catch((error: unknown) => broken(fault, departure, kind, error))
        }
        if (!cell.right || !leavesStationAsItWas(fault)) await close()
        else await heal(station)
        cells.push(cell)
        onCell(cell)
      }
    } finally {
      await close()
    }
  }
  await Promise.all(Array.from({ length: jobs }, job))
  return cells
}

/** Ends whatever a fault that is never healed has left at the simulator. */
export async function heal(station: Station | undefined): Promise<void> {
  if (station === undefined) return
  const { simulator } = station.desk
  simulator.removeAllFaults()
  simulator.offline(false)
  simulator.setBlackHole(false)
  await simulator.setProxyGone(false)
  simulator.setProxyAuth()
  simulator.claimsChallenge(false)
  simulator.setTokenLifetime()
}

const CODES = {
  cleared: 'C',
  'nothing-set': '-',
  'not-offered': 'n/a',
  expired: 'E',
  'given-up': 'G',
  lost: 'LOST',
  stale: 'STALE',
  wrong: 'WRONG',
  late: 'LATE',
  error: 'ERR',
} as const satisfies Record<Cell['outcome'], string>

/** The matrix as text: rows are faults, columns departures; in a cell own/assumed. */
export function render(cells: readonly Cell[]): string {
  const faults = [...new Set(cells.map(({ fault }) => fault.name))]
  const departures = [...new Set(cells.map(({ departure }) => departure.name))]
  const code = (fault: string, departure: string): string =>
    (['own', 'assumed'] as const)
      .map((kind) => {
        const cell = cells.find(
          (one) => one.fault.name === fault && one.departure.name === departure && one.kind === kind,
        )
        if (cell === undefined) return '.'
        return `${CODES[cell.outcome]}${cell.right ? '' : '!'}${cell.told ? '' : '?'}`
      })
      .join('/')
  const rows = [
    ['fault', ...departures],
    ...faults.map((fault) => [fault, ...departures.map((departure) => code(fault, departure))]),
  ]
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What the user saw of each fault, the commonest words first. */
export function sayings(cells: readonly Cell[]): string {
  const lines: string[] = []
  for (const name of new Set(cells.map(({ fault }) => fault.name))) {
    const said = new Map<string, number>()
    for (const { fault, said: words } of cells) {
      if (fault.name !== name) continue
      const text = timeless(words)
      said.set(text, (said.get(text) ?? 0) + 1)
    }
    const [first = ['', 0]] = [...said].toSorted(([, one], [, other]) => other - one)
    lines.push(`${name}: ${first[0].slice(0, 200)}`)
  }
  return lines.join('\n')
}

function timeless(text: string): string {
  return text.replaceAll(/(\w+ )?\b\d{1,2}:\d{2}( [AP]M)?/g, 'hh:mm').replaceAll(/\d+\.\d s/g, 'n s')
}

/** How many cells had each outcome, how many are not right, and how many of those there could be were left out, and why. */
export function totals(cells: readonly Cell[], leftOut: readonly LeftOut[]): string {
  const reasons = new Map<string, number>()
  for (const { reason } of leftOut) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const count = (test: (cell: Cell) => boolean): number => cells.filter(test).length
  const outcomes = (Object.keys(CODES) as Cell['outcome'][])
    .map((outcome) => `${outcome} ${count((cell) => cell.outcome === outcome)}`)
    .join(', ')
  return [
    `${cells.length} cells: ${outcomes}`,
    `${cells.length + leftOut.length} possible (faults x departures x own/assumed), left out: ${leftOut.length}`,
    ...[...reasons].map(([reason, number]) => `  ${number} ${reason}`),
    `not right: ${count(({ right }) => !right)}, not told: ${count(({ told }) => !told)}`,
  ].join('\n')
}

function expectedWords({ fault: { sees }, departure, kind }: Cell): string {
  return (typeof sees === 'function' ? sees(departure, kind) : sees).source
}

/** What to look at: cells that are not right, or whose words did not come. */
export function complaints(cells: readonly Cell[]): string {
  return cells
    .filter(({ right, told }) => !right || !told)
    .map((cell) => {
      const { fault, departure, kind, said, told, detail } = cell
      const expected = told ? '' : `: expected ${expectedWords(cell)}`
      return `${fault.name} x ${departure.name} (${kind})${expected}\n  said: ${said}\n  ${detail}`
    })
    .join('\n')
}
