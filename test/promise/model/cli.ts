/**
 * `npm run test:model -- --runs 50000`: random sequences against the promise, on two threads, from one seed.
 * Replays: `--seed S --path P` (fast-check's way to a failure), or `--moves lock,unlock --world S [--tls]`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Move, MOVES } from '../moves.ts'
import { check, type Failure, noCounts, storyOf } from './model.ts'
import type { Counts, Sequence } from './play.ts'
import { startTlsStage } from './tls-network.ts'

/** What one thread is to do, and what it tells. */
interface Task {
  readonly runs: number
  readonly seed: number
  readonly path?: string
  readonly length?: number
  readonly folder: string
}
type Word = { readonly played: number } | { readonly counts: Counts; readonly failure: Failure | null }

const REPORT_EVERY = 5_000
const WORDS_EVERY = 50
/** With fewer sequences a rare move may be missing by chance. */
const COVERED_FROM = 2_000

async function work(task: Task, tell: (word: Word) => void): Promise<void> {
  const tls = await startTlsStage()
  const counts = noCounts()
  let played = 0
  const onPlayed = (): void => {
    played += 1
    if (played % WORDS_EVERY === 0) tell({ played: WORDS_EVERY })
  }
  const stage = { folder: task.folder, counts, tlsNetwork: tls.network }
  const { failure } = await check({ ...task, onPlayed }, stage)
  await tls.close()
  tell({ counts, failure })
}

/** Runs it on a thread of its own; resolves with the last word. */
function onThread(
  task: Task,
  onPlayed: (count: number) => void,
  stopped: AbortSignal,
): Promise<Extract<Word, { counts: Counts }> | null> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: task })
    stopped.addEventListener('abort', () => {
      resolve(null)
      void thread.terminate()
    })
    thread.on('message', (word: Word) => {
      if ('played' in word) onPlayed(word.played)
      else resolve(word)
    })
    thread.on('error', reject)
    thread.on('exit', (code) => reject(new Error(`a thread ended with code ${code} before its last word`)))
  })
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '5000' },
      seed: { type: 'string' },
      path: { type: 'string' },
      length: { type: 'string' },
      threads: { type: 'string' },
      moves: { type: 'string' },
      world: { type: 'string', default: '0' },
      tls: { type: 'boolean', default: false },
    },
  })
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'clear-presence-model-'))
  try {
    if (values.moves !== undefined) {
      const moves = values.moves
        .split(',')
        .filter((name): name is Move => MOVES.some((move) => move === name))
      return await replay({ moves, seed: Number(values.world), tls: values.tls }, folder)
    }
    return await search(values, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function replay(sequence: Sequence, folder: string): Promise<number> {
  const tls = sequence.tls ? await startTlsStage() : null
  const story = await storyOf(sequence, {
    folder: join(folder, 'replay'),
    ...(tls === null ? {} : { tlsNetwork: tls.network }),
  })
  await tls?.close()
  console.log(story.join('\n'))
  return story.at(-1)?.startsWith('BROKEN') === true ? 1 : 0
}

async function search(
  values: Readonly<Partial<Record<'runs' | 'seed' | 'path' | 'length' | 'threads', string>>>,
  folder: string,
): Promise<number> {
  const runs = Number(values.runs)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  // The way to one failure leads through one thread's sequences.
  const wanted = values.path === undefined ? (values.threads ?? Math.min(2, availableParallelism())) : 1
  const threads = Math.max(1, Math.min(Number(wanted), Math.ceil(runs / 500)))
  console.log(`seed ${seed}, ${runs} sequences on ${threads} thread${threads === 1 ? '' : 's'}`)
  const began = performance.now()
  let played = 0
  const rate = (): string => `${((played / (performance.now() - began)) * 1_000).toFixed(0)} a second`
  const onPlayed = (count: number): void => {
    const before = played
    played += count
    if (Math.floor(before / REPORT_EVERY) < Math.floor(played / REPORT_EVERY)) {
      console.log(`${String(played).padStart(8)} played, ${rate()}`)
    }
  }
  const stop = new AbortController()
  const words = Array.from({ length: threads }, async (_, index) => {
    const task: Task = {
      runs: Math.ceil(runs / threads),
      seed: seed + index,
      folder: join(folder, String(index)),
      ...(values.path === undefined ? {} : { path: values.path }),
      ...(values.length === undefined ? {} : { length: Number(values.length) }),
    }
    const word = await onThread(task, onPlayed, stop.signal)
    if (word !== null && word.failure !== null) stop.abort()
    return word
  })
  const counts = noCounts()
  let failure: Failure | null = null
  for (const word of await Promise.all(words)) {
    if (word === null) continue
    failure ??= word.failure
    for (const name of ['moves', 'settled', 'ends'] as const) {
      for (const [what, times] of word.counts[name]) {
        counts[name].set(what, (counts[name].get(what) ?? 0) + times)
      }
    }
  }
  if (failure !== null) return tellFailure(failure, folder, values.length)
  return tellCounts(counts, runs, rate())
}

async function tellFailure(failure: Failure, folder: string, length: string | undefined): Promise<number> {
  const { sequence, seed, path, what } = failure
  console.log(`\nThe promise is broken: ${what}\n`)
  await replay(sequence, folder)
  const world = `--world ${sequence.seed}${sequence.tls ? ' --tls' : ''}`
  console.log(`\nAgain: npm run test:model -- --moves ${sequence.moves.join(',')} ${world}`)
  const drawn = length === undefined ? '' : ` --length ${length}`
  console.log(`   or: npm run test:model -- --seed ${seed} --path ${path}${drawn}`)
  return 1
}

function tellCounts({ moves, settled, ends }: Counts, runs: number, rate: string): number {
  const list = (counts: Map<string, number>): string =>
    [...counts]
      .toSorted(([, a], [, b]) => b - a)
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')
  console.log(`\nMoves that did something: ${list(moves)}`)
  console.log(`\nSettled: ${list(settled)}`)
  console.log(`\nEnded with the person ${list(ends)}`)
  const missing = MOVES.filter((move) => !moves.has(move))
  if (missing.length > 0 && runs >= COVERED_FROM) {
    console.log(`\nNever did anything: ${missing.join(', ')}`)
    return 1
  }
  console.log(`\n${runs} sequences, ${rate}: the promise holds in every one.`)
  return 0
}

if (isMainThread) process.exitCode = await main()
else await work(workerData as Task, (word) => parentPort?.postMessage(word))
