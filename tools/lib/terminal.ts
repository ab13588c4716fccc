/** Prints for people: colours only where a terminal shows them, and plain ASCII, so that every console can. */

const colours =
  process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
const wrap =
  (code: string) =>
  (text: string): string =>
    colours && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text

export const bold = wrap('1')
export const dim = wrap('2')
export const green = wrap('32')
export const red = wrap('31')

/** One line. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** One line of trouble. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}
