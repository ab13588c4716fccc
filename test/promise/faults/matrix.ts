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

/**
 * Every cell of these rows and columns, for what the app has set and for what another program has. `half`: for one of
 * the two, by turns.
 */
export function ordersFor(
  faults: readonly Fault[],
  departures: readonly Departure[],
  half = false,
): readonly Order[] {
  return departures.flatMap((departure, column) =>
    faults.flatMap((fault, row) => {
      const kinds = (['own', 'assumed'] as const).filter(
        (kind) =>
          !(departure.ownOnly === true && kind === 'assumed') && fault.leavesOut?.(departure, kind) !== true,
      )
      return kinds
        .filter((_kind, index) => !half || kinds.length === 1 || index === (row + column) % 2)
        .map((kind) => ({ fault, departure, kind }))
    }),
  )
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

/** How many cells had each outcome, and how many are not right. */
export function totals(cells: readonly Cell[]): string {
  const count = (test: (cell: Cell) => boolean): number => cells.filter(test).length
  const outcomes = (Object.keys(CODES) as Cell['outcome'][])
    .map((outcome) => `${outcome} ${count((cell) => cell.outcome === outcome)}`)
    .join(', ')
  return [
    `${cells.length} cells: ${outcomes}`,
    `not right: ${count(({ right }) => !right)}, not told: ${count(({ told }) => !told)}`,
  ].join('\n')
}

function expectedWords({ sees }: Fault, departure: Departure): string {
  return (typeof sees === 'function' ? sees(departure) : sees).source
}

/** What to look at: cells that are not right, or whose words did not come. */
export function complaints(cells: readonly Cell[]): string {
  return cells
    .filter(({ right, told }) => !right || !told)
    .map(
      ({ fault, departure, kind, said, told, detail }) =>
        `${fault.name} x ${departure.name} (${kind})${told ? '' : `: expected ${expectedWords(fault, departure)}`}\n  said: ${said}\n  ${detail}`,
    )
    .join('\n')
}
