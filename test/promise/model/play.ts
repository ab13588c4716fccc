/** Plays one sequence of moves on one machine, and ends it by one of the ways in which the promise is looked at. */
import type { Pair } from '../../../src/shared/presence.ts'
import { type Move, TIME, type TimeMove, TOKENS, type TokenMove, WEATHER, type Weather } from '../moves.ts'
import type { Network, Traffic } from './network.ts'
import { createReference, type Reference } from './reference.ts'
import { createRig, type Rig } from './rig.ts'
import { createVirtualNetwork } from './virtual-network.ts'
import { World } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** Input this long after a wake is no echo of one before it. */
const TOUCH_AFTER_MS = 1_500
/** By then everything that can be settled without faults is: pauses, a `Retry-After`, a refresh, a second clear. */
const DRAIN_MS = 4 * MINUTE
/** And nothing more is sent, whatever comes. */
const QUIET_MS = 30 * MINUTE
/** A lease, and what is added before it counts as over. */
const LEASE_MS = 17 * MINUTE

/** One sequence. */
export interface Sequence {
  readonly moves: readonly Move[]
  /** Everything else that is random comes from it: the ways of requests, jitter, the strength of the weather. */
  readonly seed: number
  /** Over real TLS, in real time. */
  readonly tls: boolean
}

/** Counts over all sequences. */
export interface Counts {
  /** How often each move did something. */
  readonly moves: Map<string, number>
  /** How often each departure was settled in each way. */
  readonly settled: Map<string, number>
  readonly ends: Map<string, number>
}

/** What playing needs from outside. */
export interface Stage {
  readonly folder: string
  readonly counts?: Counts
  /** Tells the story. */
  readonly tell?: (line: string) => void
  /** Makes the network over TLS; without it, sequences that ask for one are played in memory. */
  readonly tlsNetwork?: (world: World, traffic: Traffic) => Promise<Network>
}

/** Counts one more. */
export function count(counts: Map<string, number> | undefined, what: string): void {
  counts?.set(what, (counts.get(what) ?? 0) + 1)
}

/** Plays it. Resolves with what must never be seen, null if all is well. */
export async function play(sequence: Sequence, stage: Stage): Promise<string | null> {
  let rig: Rig | null = null
  const world = new World(sequence.seed, async () => rig?.settle())
  const tell = (line: string): void => stage.tell?.(line)
  const reference = createReference(world)
  const traffic = storied(reference, tell)
  const network =
    sequence.tls && stage.tlsNetwork !== undefined
      ? await stage.tlsNetwork(world, traffic)
      : createVirtualNetwork(world, traffic)
  rig = createRig({
    ...{ world, network, reference, folder: stage.folder },
    tell: (line) => tell(`        ${line}`),
    onSettled: (departure, settlement) => count(stage.counts?.settled, `${departure} ${settlement}`),
  })
  const player = createPlayer(world, network, reference, rig)
  const wrong = (): string | null => reference.violations[0] ?? rig.fileTrouble[0] ?? null

  await rig.start(false)
  await rig.settle()
  for (const move of sequence.moves) {
    tell(`${clockOf(world.time)} ${move}`)
    if (await player.make(move)) count(stage.counts?.moves, move)
    await rig.settle()
    if (wrong() !== null) return wrong()
  }
  const how = player.chooseEnd()
  count(stage.counts?.ends, how)
  tell(`${clockOf(world.time)} (every fault ends; the person is ${how === 'left' ? 'away' : how})`)
  await player.end(how)
  return wrong()
}

type End = 'left' | 'back' | 'dead'

function createPlayer(world: World, network: Network, reference: Reference, rig: Rig) {
  let locked = false
  let idle = false
  const voters = new Set<'system-events' | 'desktop:session'>()

  const poll = (input: boolean): void => {
    if (input) idle = false
    rig.report({
      type: 'poll',
      state: locked ? 'locked' : 'active',
      idleSeconds: idle ? 1_000 : input ? 0 : 60,
    })
  }
  const lock = (source: 'system-events' | 'desktop:session', found: boolean): boolean => {
    if (locked) return false
    locked = true
    voters.add(source)
    rig.report({ type: 'lock', source, locked: true, ...(found ? { found } : {}) })
    return true
  }
  const unlock = (): boolean => {
    if (!locked) return false
    locked = false
    // One that was locked when the app started has only the poll's vote, which an unlock withdraws too.
    for (const source of voters.size > 0 ? voters : (['system-events'] as const)) {
      rig.report({ type: 'lock', source, locked: false })
    }
    voters.clear()
    return true
  }
  const start = async (isLocked: boolean): Promise<boolean> => {
    if (rig.running()) return false
    locked = isLocked
    idle = false
    voters.clear()
    await rig.start(isLocked)
    return true
  }

  /** What needs a person at a running machine, or a machine that runs at all. False: it can't happen now. */
  async function act(move: Move): Promise<boolean> {
    if (!rig.running() || world.frozen) return false
    switch (move) {
      case 'lock':
        return lock('system-events', false)
      case 'find-lock':
        return lock('desktop:session', true)
      case 'unlock':
        return unlock()
      case 'sleep':
        rig.sleep()
        return true
      case 'touch':
        await world.pass(TOUCH_AFTER_MS)
        poll(true)
        return true
      case 'switch-away':
      case 'switch-back':
        rig.report({ type: 'switched', away: move === 'switch-away' })
        return true
      case 'go-idle':
      case 'stop-idling':
        idle = move === 'go-idle'
        poll(!idle)
        return true
      case 'ask-to-end':
        rig.report({ type: 'session-ending', departure: 'log-off' })
        return true
      case 'end-session':
        rig.endSession()
        return true
      case 'shut-down':
        rig.leave('shutdown', 3.5 * SECOND)
        return true
      case 'quit':
        rig.leave('quit', 5 * SECOND)
        return true
      case 'set':
      case 'set-other': {
        const others: readonly Pair[] = ['Available/Available', 'DoNotDisturb/Presenting']
        rig.ask('set', move === 'set' ? 'Busy/InACall' : others[Math.floor(world.random() * 2)])
        return true
      }
      case 'clear':
      case 'try-again':
      case 'sign-out':
      case 'forget-now':
        rig.ask(move)
        return true
      case 'sign-in':
        await rig.signIn()
        return true
      case 'network-changed':
        rig.networkChanged()
        await rig.keepFresh()
        return true
      default:
        return false
    }
  }

  async function make(move: Move): Promise<boolean> {
    if (move in TIME) {
      await world.pass(TIME[move as TimeMove])
      await rig.keepFresh()
      return true
    }
    if ((WEATHER as readonly Move[]).includes(move)) {
      await network.weather(move as Weather)
      return true
    }
    if ((TOKENS as readonly Move[]).includes(move)) {
      if (world.frozen) return false
      await rig.token(move as TokenMove)
      return true
    }
    switch (move) {
      case 'wake': {
        const slept = world.frozen
        await rig.wake()
        if (slept) poll(false)
        return slept
      }
      case 'crash':
        if (!rig.running()) return false
        rig.kill()
        return true
      case 'start':
      case 'start-locked':
        return start(move === 'start-locked')
      case 'disk-full':
      case 'disk-free':
        rig.disk(move === 'disk-full')
        return true
      case 'call-here':
      case 'call-elsewhere':
        reference.called()
        await network.call()
        return true
      default:
        return act(move)
    }
  }

  /** Nothing stands in the way any more, and the user is asked to sign in where only that helps. */
  async function noFaults(): Promise<void> {
    await network.weather('fine')
    rig.disk(false)
    await rig.token('token')
    if (!rig.signedIn()) await rig.signIn()
    await rig.settle()
  }

  async function awake(): Promise<void> {
    if (world.frozen) await make('wake')
    await rig.settle()
  }

  async function comeBack(): Promise<void> {
    unlock()
    rig.report({ type: 'switched', away: false })
    await act('touch')
    // An end that was only announced is forgotten after a minute with input.
    await world.pass(61 * SECOND)
    await act('touch')
  }

  async function end(how: End): Promise<void> {
    if (how === 'dead') {
      rig.kill()
      await noFaults()
      await world.pass(LEASE_MS)
      reference.atTheEnd('dead', await network.sessions())
      await start(true)
      await rig.settle()
      return
    }
    await awake()
    await noFaults()
    // A quit that has begun ends first.
    await world.pass(10 * SECOND)
    if (!rig.running()) await start(how === 'left')
    await noFaults()
    if (how === 'back') await comeBack()
    else if (!reference.away()) lock('system-events', false)
    await rig.settle()
    await world.pass(DRAIN_MS)
    await rig.keepFresh()
    await rig.settle()
    reference.atTheEnd(how, await network.sessions())
    await world.pass(QUIET_MS)
  }

  return {
    make,
    end,
    chooseEnd: (): End => {
      const at = world.random()
      return at < 0.6 ? 'left' : at < 0.85 ? 'back' : 'dead'
    },
  }
}

const PROBLEMS_AS_TEXT = (result: Parameters<Traffic['ended']>[1]): string =>
  result.type === 'answer'
    ? `${result.status}${result.requestId === null ? ' (not from Graph)' : ''}`
    : `no answer (${result.stage}${result.sent ? ', sent' : ''})`

/** The reference, with the story told on the way. */
function storied(reference: Reference, tell: (line: string) => void): Traffic {
  const name = ({ body, no }: Parameters<Traffic['sent']>[0]): string => `${body.kind} ${no}`
  return {
    sent: (request) => {
      tell(`        ${name(request)} is sent`)
      reference.sent(request)
    },
    aborted: (request) => {
      tell(`        ${name(request)} is called back`)
      reference.aborted(request)
    },
    ended: (request, result) => {
      tell(`        ${name(request)}: ${PROBLEMS_AS_TEXT(result)}`)
      reference.ended(request, result)
    },
    tookEffect: (request, hit) => {
      tell(`        ${name(request)} takes effect`)
      reference.tookEffect(request, hit)
    },
  }
}

/** ms since the beginning as hours, minutes and seconds. */
export function clockOf(ms: number): string {
  const seconds = ms / SECOND
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`
}
