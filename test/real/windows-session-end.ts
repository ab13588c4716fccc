/**
 * The end of a Windows session on the built app: signs in, starts the app hidden, lets another program set a call, sends
 * the app's windows the two messages of a log-off, and wants exactly one clear that was answered. Exit code 0 if so.
 *
 * `node test/real/windows-session-end.ts` after `npm run build`: with `E2E_ELECTRON=real` on Windows by real messages,
 * without it as a rehearsal on the stand-in. README.md beside it says what to look at when it fails.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Desk, NEEDS_STAND_IN as REAL, setUpDesk } from '../e2e/desk.ts'

/** For the handshake behind the CONNECT, ms: a warm connection is the usual case, and the one that is tried here. */
const HANDSHAKE_MS = 1_000
/** Longest wait for the end of the process, ms: a hold of 3 s, on a machine that is busy. */
const END_MS = 20_000

/** Asynchronous, because the simulator that has to answer meanwhile lives in this process. */
async function endSession({ app }: Desk): Promise<void> {
  if (!REAL) {
    console.log('rehearsal on the stand-in: no window message is sent')
    await app.queryEndSession(['logoff'])
    await app.endSession(['logoff'])
    return
  }
  const script = join(import.meta.dirname, 'end-session.ps1')
  const shell = spawn(
    'powershell',
    ['-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', script, '-ProcessId', String(app.pid)],
    { stdio: 'inherit' },
  )
  const [status] = (await once(shell, 'exit')) as [number | null]
  if (status !== 0) throw new Error(`end-session.ps1 ended with ${String(status)}`)
}

async function play(desk: Desk): Promise<boolean> {
  const { simulator } = desk
  await desk.signIn()
  await desk.says(/^On\./)
  // The window is quicker than the keyring and the disk.
  await desk.until(() => existsSync(join(desk.app.userDataDir, 'tokens.bin')), 'the tokens on disk')
  simulator.clearJournal()
  await desk.restart({ args: ['--hidden'] })
  await simulator.waitForRequest(
    ({ kind, host, status }) => kind === 'connect' && host === 'graph.microsoft.com' && status === 200,
  )
  await sleep(HANDSHAKE_MS)
  desk.otherProgramCalls()

  const start = performance.now()
  await endSession(desk)
  const end = await Promise.race([desk.app.exit, sleep(END_MS, 'it did not', { ref: false })])
  console.log(`the app ended: ${end}, ${Math.round(performance.now() - start)} ms after the first message`)
  for (const { path, status, outcome } of desk.writes()) console.log(`journal: ${path} ${status} ${outcome}`)
  console.log(`sessions left at Graph: ${desk.held().join(', ') || 'none'}`)
  const [clear, ...others] = desk.writes()
  const good =
    end !== 'it did not' &&
    others.length === 0 &&
    clear?.path.endsWith('/clearPresence') === true &&
    clear.status === 200 &&
    clear.outcome === 'answered' &&
    desk.held().length === 0
  if (!good) throw new Error('not exactly one clear, answered')
  return good
}

const desk = await setUpDesk({ platform: 'win32' })
try {
  const good = await play(desk)
  console.log(good ? 'passed: exactly one clear, and it was answered' : 'FAILED')
  process.exitCode = good ? 0 : 1
} catch (error) {
  console.log(`FAILED: ${String(error)}\nthe app's log ends:\n${desk.log().slice(-4_000)}`)
  process.exitCode = 1
} finally {
  await desk[Symbol.asyncDispose]()
}
