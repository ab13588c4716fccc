/** Everything that can stand in the place of a file, or in it, that somebody else has put there. */
import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { type Random, randomJson, randomText } from './random.ts'

/** One way to be broken. */
export interface Malady {
  readonly name: string
  /** Puts it there. */
  readonly make: (path: string) => void
  /** What the file must be told to be: nothing (it can be read), or not usable. Null when either is right. */
  readonly bad: boolean | null
  /** Too slow or too big for the short form. */
  readonly longOnly?: boolean
}

const text =
  (content: string | Uint8Array): Malady['make'] =>
  (path) =>
    writeFileSync(path, content)

const sparse =
  (bytes: number): Malady['make'] =>
  (path) => {
    const fd = openSync(path, 'w')
    ftruncateSync(fd, bytes)
    closeSync(fd)
  }

const DEEP = 100_000

/**
 * The maladies of a JSON file whose list is called `list`. `valid` is what it should look like, as text.
 */
export function maladiesOf(list: string, valid: string): readonly Malady[] {
  const version = (value: string): string => valid.replace(/"version":\s*1/, `"version": ${value}`)
  const withList = (json: string): string => `{"version": 1, "${list}": ${json}}`
  return [
    { name: 'arrays 100,000 deep', make: text('['.repeat(DEEP) + ']'.repeat(DEEP)), bad: true },
    { name: 'arrays 100,000 deep, not closed', make: text('['.repeat(DEEP)), bad: true },
    {
      name: 'objects 100,000 deep',
      make: text(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`),
      bad: null,
    },
    {
      name: 'a list 100,000 deep in a good file',
      make: text(withList('['.repeat(DEEP) + ']'.repeat(DEEP))),
      bad: null,
    },
    { name: 'a text of half a megabyte', make: text(withList(`["${'x'.repeat(500_000)}"]`)), bad: null },
    { name: '100 MB of nothing', make: sparse(100 * 1024 * 1024), bad: true },
    { name: '100 GB of nothing', make: sparse(100 * 1024 ** 3), bad: true },
    {
      name: 'a text of 100 MB',
      make: (path) => text(withList(`["${'x'.repeat(100 * 1024 * 1024)}"]`))(path),
      bad: true,
      longOnly: true,
    },
    { name: 'ten thousand entries', make: text(withList(`[${'{},'.repeat(9_999)}{}]`)), bad: null },
    {
      name: '__proto__ as a name',
      make: text(valid.replace('{', '{"__proto__": {"polluted": 1},')),
      bad: null,
    },
    {
      name: 'constructor.prototype as a name',
      make: text(valid.replace('{', '{"constructor": {"prototype": {"polluted": 1}},')),
      bad: null,
    },
    { name: '__proto__ instead of members', make: text(`{"__proto__": ${valid}}`), bad: null },
    { name: 'NaN', make: text(valid.replace(/:\s*\d+/, ': NaN')), bad: true },
    { name: 'a version 1e999', make: text(version('1e999')), bad: true },
    { name: 'a version -1', make: text(version('-1')), bad: true },
    { name: 'a version 0', make: text(version('0')), bad: true },
    { name: 'a version 1.5', make: text(version('1.5')), bad: true },
    { name: 'a version as text', make: text(version('"1"')), bad: true },
    { name: 'a version as a list', make: text(version('[1]')), bad: true },
    { name: 'version null', make: text(version('null')), bad: true },
    { name: 'a newer version', make: text(version('99')), bad: true },
    { name: 'the newest version', make: text(version('9007199254740991')), bad: true },
    { name: 'numbers of 1e999', make: text(valid.replaceAll(/:\s*\d{5,}/g, ': 1e999')), bad: null },
    { name: 'a list that is an object', make: text(withList('{}')), bad: null },
    { name: 'a list that is a text', make: text(withList('"x"')), bad: null },
    { name: 'a list of null', make: text(withList('[null, null]')), bad: null },
    { name: 'only null', make: text('null'), bad: true },
    { name: 'only a number', make: text('1'), bad: true },
    { name: 'only a text', make: text('"x"'), bad: true },
    { name: 'only a list', make: text('[]'), bad: true },
    { name: 'nothing', make: text(''), bad: true },
    { name: 'blanks', make: text(' \n\t'), bad: true },
    { name: 'a null byte', make: text('\0'), bad: true },
    { name: 'a null byte at the end', make: text(`${valid}\0`), bad: true },
    { name: 'a second document behind the first', make: text(valid + valid), bad: true },
    { name: 'a cut end', make: text(valid.slice(0, valid.length >> 1)), bad: true },
    { name: 'a comment', make: text(`// hello\n${valid}`), bad: true },
    { name: 'single quotes', make: text(valid.replaceAll('"', "'")), bad: true },
    { name: 'a byte order mark', make: text(`\uFEFF${valid}`), bad: null },
    { name: 'UTF-16', make: text(Buffer.from(`\uFEFF${valid}`, 'utf16le')), bad: true },
    {
      name: 'bytes that are no UTF-8',
      make: text(Buffer.concat([Buffer.from('{"version": 1, "x": "'), Buffer.from([0xc3, 0x28, 0xff])])),
      bad: true,
    },
    {
      name: 'an overlong UTF-8 quote',
      make: text(Buffer.concat([Buffer.from([0xc0, 0xa2]), Buffer.from(valid)])),
      bad: true,
    },
    { name: 'a name given twice', make: text(valid.replace('{', '{"version": 99,')), bad: null },
    { name: 'a lone surrogate', make: text(valid.replace('{', String.raw`{"x": "\ud800",`)), bad: null },
    { name: 'a web page', make: text('<!doctype html><script>alert(1)</script>'), bad: true },
    { name: 'a folder', make: (path) => mkdirSync(path), bad: true },
    {
      name: 'a folder with something in it',
      make: (path) => {
        mkdirSync(path)
        writeFileSync(`${path}/inside`, 'x')
      },
      bad: true,
    },
    ...places(),
  ]
}

/** What isn't a file at all; nothing of it may be waited for, and nothing behind a link be written to. */
export function places(): readonly Malady[] {
  if (process.platform === 'win32') return []
  return [
    { name: 'a named pipe', make: (path) => void execFileSync('mkfifo', [path]), bad: true },
    {
      name: 'a link to a named pipe',
      make: linkTo('pipe', (at) => void execFileSync('mkfifo', [at])),
      bad: true,
    },
    { name: 'a link to /dev/zero', make: (path) => symlinkSync('/dev/zero', path), bad: true },
    { name: 'a link to /dev/random', make: (path) => symlinkSync('/dev/random', path), bad: true },
    { name: 'a link to /dev/tty', make: (path) => symlinkSync('/dev/tty', path), bad: true },
    { name: 'a link to /proc/self/mem', make: (path) => symlinkSync('/proc/self/mem', path), bad: true },
    { name: 'a link to a folder', make: linkTo('folder', (at) => mkdirSync(at)), bad: true },
    { name: 'a link to itself', make: (path) => symlinkSync(path, path), bad: true },
    { name: 'a link to nothing', make: (path) => symlinkSync(`${path}.nowhere`, path), bad: null },
    {
      name: "a link to somebody's file",
      make: linkTo('victim', (at) => writeFileSync(at, 'precious')),
      bad: true,
    },
  ]
}

/** Makes something else beside the file, and a link to it in the file's place. */
function linkTo(suffix: string, make: (at: string) => void): Malady['make'] {
  return (path) => {
    make(`${path}.${suffix}`)
    symlinkSync(`${path}.${suffix}`, path)
  }
}

/** A good file with one thing changed at random: a byte, a piece, a value. */
export function mutated(random: Random, valid: string): Malady {
  const at = random.below(valid.length)
  const cut = at + random.below(20)
  const put = random.pick([
    () => '',
    () => randomText(random, 10),
    () => JSON.stringify(randomJson(random, 2)),
    () => valid.slice(random.below(valid.length)).slice(0, 30),
  ])()
  const content = valid.slice(0, at) + put + valid.slice(cut)
  return { name: `changed at ${at} to ${cut}: ${JSON.stringify(put)}`, make: text(content), bad: null }
}

/** Random JSON in place of the file. */
export function arbitrary(random: Random): Malady {
  const content = JSON.stringify(randomJson(random, 5))
  return { name: `JSON ${content.slice(0, 60)}`, make: text(content), bad: null }
}
