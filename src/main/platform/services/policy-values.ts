/** From the output of `reg query /s` to values: text, switches (DWORD 0 or 1), and `departures` as a key below. Pure. */

/** Reads the values under `key` and under its `departures`. What is of another type or elsewhere is passed over. */
export function parseRegistryValues(output: string, key: string): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  const departures: Record<string, unknown> = {}
  let into: Record<string, unknown> | null = null
  for (const line of output.split(/\r?\n/)) {
    if (line.startsWith('HKEY_')) {
      const path = line
        .trim()
        .replace(/^HKEY_LOCAL_MACHINE/, 'HKLM')
        .toLowerCase()
      into =
        path === key.toLowerCase() ? found : path === `${key}\\departures`.toLowerCase() ? departures : null
      continue
    }
    const [, name, type, value] = /^ {4}(\S+) {4}(REG_\w+) {4}(.*)$/.exec(line) ?? []
    if (into === null || name === undefined || value === undefined) continue
    if (type === 'REG_SZ') into[name] = value
    if (type === 'REG_DWORD') {
      // `reg` writes 0x1; anything but a switch is told as what it is, and refused later.
      const number = Number(value)
      into[name] = number === 0 ? false : number === 1 ? true : number
    }
  }
  return Object.keys(departures).length === 0 ? found : { ...found, departures }
}
