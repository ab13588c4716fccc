/** The scripts of the Linux packages by themselves, where Electron's own binary behaves otherwise than the stand-in. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, runManager } from './life.ts'
import type { Person, Running } from './person.ts'

const BEFORE_REMOVE = resolve(import.meta.dirname, '../../assets/linux/before-remove.sh')
const FOLDER = '/opt/Clear Presence'
const PROGRAM = `${FOLDER}/clear-presence`

/**
 * A binary is known by the file that it was started from, whatever name it was called by, and also after an upgrade has
 * put another file in its place. Its helpers are left to it. Call it while no package is installed.
 */
export async function findsReplacedCopies(person: Person): Promise<string> {
  expect(!existsSync(FOLDER), `${FOLDER} is there already`)
  const copyIn = (): void => {
    mkdirSync(FOLDER, { recursive: true })
    rmSync(PROGRAM, { force: true })
    copyFileSync('/bin/sleep', PROGRAM)
    chmodSync(PROGRAM, 0o755)
  }
  try {
    copyIn()
    const main = person.run('/bin/bash', ['-c', `exec -a clear-presence '${PROGRAM}' 60`])
    const other = person.run('/bin/sleep', ['60'])
    await person.until(() => existsSync(`/proc/${String(main.child.pid)}/exe`), 'the start')
    await sleep(300)
    copyIn()
    await runManager('/bin/sh', [BEFORE_REMOVE, 'upgrade', '2'])
    expect(runs(main), 'an upgrade ended the app')
    await runManager('/bin/sh', [BEFORE_REMOVE, 'remove'])
    await main.exit
    expect(main.child.signalCode === 'SIGTERM', `the app ended by ${String(main.child.signalCode)}`)
    expect(runs(other), 'another program was ended')
    other.child.kill()
    return 'by the binary, also a replaced one'
  } finally {
    rmSync(FOLDER, { recursive: true, force: true })
  }
}

function runs({ child }: Running): boolean {
  return child.exitCode === null && child.signalCode === null
}
