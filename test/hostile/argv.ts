/** The surface of the command line: what starts the app, and what a second start hands over, says nothing but a few flags. */
import { parseFlags } from '../../src/main/platform/flags.ts'
import { NASTY_TEXTS, randomJson, randomText, type Random, createRandom } from './random.ts'
import { createCounter, type Surface } from './tally.ts'

/** Flags that would open Chromium, Node or Electron to somebody else, values that are none, and addresses. */
const ARGUMENTS: readonly string[] = [
  ...[
    '--remote-debugging-port=9222',
    '--remote-debugging-pipe',
    '--remote-allow-origins=*',
    '--inspect=0.0.0.0:9229',
  ],
  ...[
    '--inspect-brk',
    '--no-sandbox',
    '--disable-web-security',
    '--allow-file-access-from-files',
    '--js-flags=--x',
  ],
  ...[
    '--gpu-launcher=/bin/sh -c id',
    '--renderer-cmd-prefix=xterm -e',
    '--utility-cmd-prefix=x',
    '--load-extension=/tmp',
  ],
  ...['--proxy-server=evil.example:1', '--host-rules=MAP * evil.example', '--ignore-certificate-errors'],
  ...[
    '--user-data-dir',
    '--user-data-dir=',
    '--user-data-dir=../..',
    '--user-data-dir=/proc/x',
    '--user-data-dir=\\\\evil.example\\share',
  ],
  ...[
    '--hidden',
    '--hidden=',
    '--hidden=1',
    '--Hidden',
    '--version',
    '--help',
    '--',
    '---',
    '----hidden',
    '-',
    '=',
    '--=',
  ],
  ...[
    '--__proto__=1',
    '--constructor',
    '--toString=x',
    '--hasOwnProperty',
    '--=x',
    '--hidden\0',
    '--user-data-dir=a\0b',
  ],
  ...['clear-presence://app/../../etc/passwd', 'ms-msdt:/id x', 'file:///etc/passwd', 'javascript:alert(1)'],
  ...['-r', '/tmp/evil.js', '--require=/tmp/evil.js', '-e', 'process.exit()', '/etc/passwd', '.', ''],
]

/** A command line of up to twenty arguments. */
export function randomArgv(random: Random): readonly string[] {
  return Array.from({ length: random.below(20) }, () =>
    random.below(3) === 0 ? randomText(random, 300) : random.pick([...ARGUMENTS, ...NASTY_TEXTS]),
  )
}

/** What another process may put into the message to the first: a command line that is one, or anything else. */
export function randomHandover(random: Random): readonly [argv: unknown, data: unknown] {
  const argv = randomArgv(random)
  const data = random.pick<() => unknown>([
    () => ({ argv: randomArgv(random) }),
    () => ({ argv: [...randomArgv(random), random.pick([null, 5, {}, []])] }),
    () => ({ argv: random.pick([null, 'x', 5, {}, { length: 3 }]) }),
    () => ({ argv: Array.from({ length: 200 }, () => '--hidden') }),
    () => ({ argv: ['x'.repeat(20_000), '--hidden'] }),
    () => randomJson(random, 4),
    () => null,
  ])()
  return [argv, data]
}

/** Reads command lines by the thousand. */
export const attackArgv: Surface = ({ seed, long }) => {
  const counter = createCounter('command line')
  const random = createRandom(seed)
  const given = Array.from({ length: long ? 100_000 : 1_500 }, () => randomArgv(random))
  given.push(
    Array.from({ length: 100_000 }, () => '--x=y'),
    [`--user-data-dir=${'x'.repeat(10_000_000)}`],
    ['--'.repeat(1_000_000)],
  )
  for (const argv of given) {
    const input = JSON.stringify(argv).slice(0, 200)
    try {
      const { hidden, userDataDir, unknown } = parseFlags(argv)
      const end = argv.indexOf('--')
      const before = end === -1 ? argv : argv.slice(0, end)
      const asked = before.filter((each) => each.startsWith('--user-data-dir=') && each.length > 16).at(-1)
      if (hidden !== before.includes('--hidden')) counter.failed(`${input}: hidden is ${hidden}`)
      else if (userDataDir !== (asked?.slice(16) ?? null))
        counter.failed(`${input}: the folder is ${userDataDir ?? 'none'}`)
      else if (unknown.some((name) => name.includes('=')))
        counter.failed(`${input}: a value was kept as a name`)
      else if (unknown.length > 0) counter.refused()
      else counter.survived()
    } catch (error) {
      counter.failed(`${input}: ${String(error)}`)
    }
  }
  return Promise.resolve(counter.tally())
}
