/** The text of an XDG autostart entry (freedesktop.org, Desktop Entry and Desktop Application Autostart). Pure. */

/** What an entry says. */
export interface AutostartEntry {
  readonly name: string
  readonly comment: string
  /** Absolute path of the program: a package's binary, or the AppImage itself. */
  readonly program: string
  readonly args: readonly string[]
  /** The desktop passes over it, and over a machine-wide entry of the same name. */
  readonly hidden?: boolean
}

/** Writes the entry. `TryExec` makes the desktop pass over it once the program is gone. */
export function writeEntry({ name, comment, program, args, hidden = false }: AutostartEntry): string {
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    `Name=${escape(name)}`,
    `Comment=${escape(comment)}`,
    `Exec=${escape([program, ...args].map(quote).join(' '))}`,
    `TryExec=${escape(program)}`,
    'Icon=clear-presence',
    'Terminal=false',
    ...(hidden ? ['Hidden=true'] : ['X-GNOME-Autostart-enabled=true']),
  ]
  return `${lines.join('\n')}\n`
}

/** Whether the desktop would start it: it isn't hidden or switched off, as desktops' own settings do. */
export function isSwitchedOn(text: string): boolean {
  const values = valuesOf(text)
  return (
    values.has('Exec') &&
    values.get('Hidden') !== 'true' &&
    values.get('X-GNOME-Autostart-enabled') !== 'false'
  )
}

/** The program that an entry looks for, as `writeEntry` writes it; null when it names none. */
export function programOf(text: string): string | null {
  const value = valuesOf(text).get('TryExec')
  return value === undefined ? null : unescape(value)
}

/** The keys of the one group; those of an action or another group are not this entry's. */
function valuesOf(text: string): Map<string, string> {
  const values = new Map<string, string>()
  let inside = false
  for (const line of text.split('\n')) {
    if (line.startsWith('[')) inside = line.trim() === '[Desktop Entry]'
    const at = line.indexOf('=')
    if (inside && at > 0 && !line.startsWith('#'))
      values.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
  }
  return values
}

/** An argument of `Exec`: in double quotes, with the four characters escaped that a shell reads there, and `%` doubled. */
function quote(argument: string): string {
  return `"${argument.replaceAll(/["`$\\]/g, (character) => `\\${character}`).replaceAll('%', '%%')}"`
}

/** A value of type string: backslashes, line ends and leading space. */
function escape(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
    .replace(/^ /, '\\s')
}

const UNESCAPED: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', t: '\t', r: '\r', s: ' ' }

function unescape(value: string): string {
  return value.replaceAll(/\\(.)/g, (all, character: string) => UNESCAPED[character] ?? all)
}
