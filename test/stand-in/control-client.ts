import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Operations } from './control-types.ts'

type Result<K extends keyof Operations> = Awaited<ReturnType<Operations[K]>>
type Input<K extends keyof Operations> = Parameters<Operations[K]>[0]

/** Talks to a stand-in that was started with `STAND_IN_CONTROL=<file>`. */
export class ControlClient {
  private readonly address: string

  private constructor(address: string) {
    this.address = address
  }

  /** Waits until the stand-in has written its address into `file`. @throws Error after `timeoutMs` (default 15 s). */
  static async connect(file: string, timeoutMs = 15_000): Promise<ControlClient> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const address = (await readFile(file, 'utf8').catch(() => '')).trim() // not there yet
      if (address !== '') return new ControlClient(address)
      if (performance.now() > deadline) throw new Error(`the stand-in wrote no control address into ${file}`)
      await sleep(20)
    }
  }

  /** Runs one operation. @throws Error with the stand-in's message, or when the process is gone. */
  async call<K extends keyof Operations>(name: K, input: Input<K> = {}): Promise<Result<K>> {
    const response = await fetch(`${this.address}/${name}`, { method: 'POST', body: JSON.stringify(input) })
    const { result, error } = (await response.json()) as { result: Result<K>; error?: string }
    if (error !== undefined) throw new Error(error)
    return result
  }

  /** The window's picture. */
  async screenshot(id?: number): Promise<Buffer> {
    const { png } = await this.call('screenshot', id === undefined ? {} : { id })
    return Buffer.from(png, 'base64')
  }

  /** Waits until the newest page's text contains (or matches) something, and returns the text. */
  async waitForText(wanted: string | RegExp, timeoutMs = 15_000): Promise<string> {
    const deadline = performance.now() + timeoutMs
    let text = ''
    for (;;) {
      text = await this.call('text').then(
        (answer) => answer.text,
        () => '', // no window yet, or it is navigating
      )
      if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text
      if (performance.now() > deadline)
        throw new Error(`the window never showed ${String(wanted)}; it shows:\n${text}`)
      await sleep(50)
    }
  }
}
