/** Takes the place of NSIS' plug-ins that Debian lacks: its compiler only reads which names a library exports. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const TEMPLATES = join(
  dirname(createRequire(import.meta.url).resolve('app-builder-lib/package.json')),
  'templates/nsis',
)
/** A call such as `nsProcess::_FindProcess`; `nsExec` and `System` come with Debian's NSIS. */
const CALL = /\b(UAC|StdUtils|nsProcess|WinShell|Nsis7z|SpiderBanner|inetc|nsisunz)::(\w+)/g

/** Writes a library for each plug-in that electron-builder's scripts call, with the names that they call. */
export function writePlugins(folder: string): void {
  const called = new Map<string, Set<string>>()
  for (const file of readdirSync(TEMPLATES, { recursive: true, encoding: 'utf8' })) {
    if (!/\.nsh$|\.nsi$/.test(file)) continue
    for (const [, plugin = '', name = ''] of readFileSync(join(TEMPLATES, file), 'utf8').matchAll(CALL)) {
      called.set(plugin, (called.get(plugin) ?? new Set()).add(name))
    }
  }
  mkdirSync(folder, { recursive: true })
  for (const [plugin, names] of called)
    writeFileSync(join(folder, `${plugin}.dll`), libraryWith([...names].sort()))
}

/** Where the one section begins, in the file and in memory. */
const AT = { file: 0x200, memory: 0x1000 } as const

/** The smallest 32-bit Windows library (Microsoft, PE Format) with these exports; none of them can be called. */
function libraryWith(names: readonly string[]): Buffer {
  const section = exportsSection(names)
  const size = Math.ceil(section.length / 0x200) * 0x200
  const file = Buffer.alloc(AT.file + size)
  file.write('MZ')
  file.writeUInt32LE(0x40, 0x3c)
  file.write('PE\0\0', 0x40)
  const header = 0x44
  file.writeUInt16LE(0x14c, header) // Intel 386
  file.writeUInt16LE(1, header + 2) // sections
  file.writeUInt16LE(224, header + 16) // length of the optional header
  file.writeUInt16LE(0x2102, header + 18) // executable, 32 bit, library
  const optional = header + 20
  file.writeUInt16LE(0x10b, optional) // PE32
  file.writeUInt32LE(AT.memory, optional + 32) // section alignment
  file.writeUInt32LE(0x200, optional + 36) // file alignment
  file.writeUInt32LE(AT.memory + Math.ceil(size / AT.memory) * AT.memory, optional + 56) // size in memory
  file.writeUInt32LE(AT.file, optional + 60) // size of the headers
  file.writeUInt32LE(16, optional + 92) // data directories; the first is the exports'
  file.writeUInt32LE(AT.memory, optional + 96)
  file.writeUInt32LE(section.length, optional + 100)
  const table = optional + 224
  file.write('.edata', table)
  file.writeUInt32LE(section.length, table + 8)
  file.writeUInt32LE(AT.memory, table + 12)
  file.writeUInt32LE(size, table + 16)
  file.writeUInt32LE(AT.file, table + 20)
  file.writeUInt32LE(0x40000040, table + 36) // initialised data, readable
  section.copy(file, AT.file)
  return file
}

function exportsSection(names: readonly string[]): Buffer {
  const count = names.length
  const addresses = 40
  const pointers = addresses + count * 4
  const ordinals = pointers + count * 4
  const strings = ordinals + count * 2
  const text = Buffer.from(`${['plugin.dll', ...names].join('\0')}\0`, 'latin1')
  const section = Buffer.alloc(strings + text.length)
  section.writeUInt32LE(AT.memory + strings, 12) // the library's name
  section.writeUInt32LE(1, 16) // first ordinal
  section.writeUInt32LE(count, 20)
  section.writeUInt32LE(count, 24)
  section.writeUInt32LE(AT.memory + addresses, 28)
  section.writeUInt32LE(AT.memory + pointers, 32)
  section.writeUInt32LE(AT.memory + ordinals, 36)
  let at = strings + 'plugin.dll'.length + 1
  for (const [index, name] of names.entries()) {
    section.writeUInt32LE(AT.memory, addresses + index * 4)
    section.writeUInt32LE(AT.memory + at, pointers + index * 4)
    section.writeUInt16LE(index, ordinals + index * 2)
    at += name.length + 1
  }
  text.copy(section, strings)
  return section
}
