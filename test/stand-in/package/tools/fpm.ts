/**
 * A stand-in for fpm, which makes deb and rpm and can't be had without a download: knows exactly the options that
 * electron-builder passes, refuses every other, and leaves the work to dpkg-deb and rpmbuild.
 */
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'

const text = { type: 'string' } as const
const list = { type: 'string', multiple: true } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ input: { ...text, short: 's' }, output: { ...text, short: 't' }, force: { type: 'boolean' } },
    ...{
      depends: { ...list, short: 'd' },
      'deb-recommends': list,
      'deb-compression': text,
      'deb-priority': text,
    },
    ...{
      'rpm-compression': text,
      'rpm-os': text,
      'rpm-summary': text,
      'rpm-rpmbuild-define': list,
      'config-files': list,
      directories: list,
    },
    ...{
      architecture: text,
      name: text,
      version: text,
      package: text,
      description: text,
      license: text,
      url: text,
    },
    ...{ maintainer: text, vendor: text, category: text },
    ...{ 'after-install': text, 'after-remove': text, 'before-remove': text },
  },
})
const need = (name: keyof typeof values): string => {
  const value = values[name]
  if (typeof value !== 'string') throw new Error(`fpm stand-in: --${name} is missing`)
  return value
}
if (need('input') !== 'dir') throw new Error('fpm stand-in: only -s dir')

const work = mkdtempSync(join(tmpdir(), 'stand-in-fpm-'))
const root = join(work, 'root')
for (const pair of positionals) {
  const [, from, to] = /^(.+?)=(\/.*)$/.exec(pair) ?? []
  if (from === undefined || to === undefined) throw new Error(`fpm stand-in: not FROM=TO: ${pair}`)
  const target = join(root, to)
  mkdirSync(dirname(target), { recursive: true })
  cpSync(resolve(from), target, { recursive: true, verbatimSymlinks: true })
}
const scripts = { 'after-install': 'postinst', 'after-remove': 'postrm', 'before-remove': 'prerm' } as const
try {
  rmSync(need('package'), { force: true })
  if (need('output') === 'deb') makeDeb()
  else if (need('output') === 'rpm') makeRpm()
  else throw new Error(`fpm stand-in: no output ${need('output')}`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

function files(folder = root): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return lstatSync(path).isDirectory() ? files(path) : [path]
  })
}

function makeDeb(): void {
  const version = need('version').replace('-', '~')
  const changes = join(root, 'usr/share/doc', need('name'), 'changelog.gz')
  mkdirSync(dirname(changes), { recursive: true })
  const change = `${need('name')} (${version}) unstable; urgency=medium\n\n  * Built as a package.\n\n`
  const signed = ` -- ${need('maintainer')}  ${new Date().toUTCString().replace('GMT', '+0000')}\n`
  writeFileSync(changes, gzipSync(change + signed, { level: 9 }))
  const control = join(root, 'DEBIAN')
  const all = files()
  mkdirSync(control)
  const [synopsis = '', ...more] = need('description').split('\n')
  const size = all.reduce((sum, path) => sum + lstatSync(path).size, 0)
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['Package', need('name')],
    ['Version', version],
    ['License', values.license],
    ['Vendor', values.vendor],
    ['Architecture', need('architecture')],
    ['Maintainer', need('maintainer')],
    ['Installed-Size', String(Math.ceil(size / 1024))],
    ['Depends', values.depends?.join(', ')],
    ['Recommends', values['deb-recommends']?.join(', ')],
    ['Section', values.category ?? 'default'],
    ['Priority', values['deb-priority'] ?? 'optional'],
    ['Homepage', values.url],
    [
      'Description',
      [synopsis, ...more.map((line) => (line.trim() === '' ? ' .' : ` ${line.trim()}`))].join('\n'),
    ],
  ]
  const lines = fields.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}: ${value}`],
  )
  writeFileSync(join(control, 'control'), `${lines.join('\n')}\n`)
  const sums = all.map((path) => {
    const sum = createHash('md5').update(readFileSync(path)).digest('hex')
    return `${sum}  ${path.slice(root.length + 1)}`
  })
  writeFileSync(join(control, 'md5sums'), `${sums.join('\n')}\n`)
  const configuration = all.map((path) => path.slice(root.length)).filter((path) => path.startsWith('/etc/'))
  if (configuration.length > 0) writeFileSync(join(control, 'conffiles'), `${configuration.join('\n')}\n`)
  for (const [option, name] of Object.entries(scripts)) {
    const script = values[option as keyof typeof scripts]
    if (script === undefined) continue
    cpSync(resolve(script), join(control, name))
    chmodSync(join(control, name), 0o755)
  }
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', root, need('package')], { stdio: 'pipe' })
}

function makeRpm(): void {
  const sections = { 'after-install': '%post', 'after-remove': '%postun', 'before-remove': '%preun' } as const
  const owned = (values.directories ?? []).map((folder) => `%dir "${folder}"`)
  // A folder below an owned one is owned, too, as with fpm.
  const below = (values.directories ?? []).flatMap((folder) => folders(join(root, folder)))
  const [synopsis = '', ...more] = need('description').split('\n')
  const spec = [
    ...(values['rpm-rpmbuild-define'] ?? []).map((definition) => `%global ${definition}`),
    '%global __os_install_post %{nil}',
    '%define _binary_payload w1.gzdio',
    `Name: ${need('name')}`,
    `Version: ${need('version').replaceAll('-', '~')}`,
    'Release: 1',
    `Summary: ${values['rpm-summary'] ?? synopsis}`,
    `License: ${values.license ?? 'unknown'}`,
    `URL: ${values.url ?? ''}`,
    `Vendor: ${values.vendor ?? ''}`,
    `Packager: ${need('maintainer')}`,
    'AutoReqProv: no',
    ...(values.depends ?? []).map((name) => `Requires: ${name}`),
    `%description\n${[synopsis, ...more].join('\n')}`,
    // rpmbuild empties its root before this.
    `%install\ncp -a '${root}/.' "%{buildroot}/"`,
    ...Object.entries(sections).flatMap(([option, section]) => {
      const script = values[option as keyof typeof sections]
      return script === undefined
        ? []
        : [`${section}\n${readFileSync(resolve(script), 'utf8').replaceAll('%', '%%')}`]
    }),
    '%files\n%defattr(-,root,root,-)',
    ...[...owned, ...below.map((folder) => `%dir "${folder.slice(root.length)}"`)],
    ...files()
      .map((path) => path.slice(root.length))
      .map(
        (path) => `${values['config-files']?.includes(path) === true ? '%config(noreplace) ' : ''}"${path}"`,
      ),
  ]
  const specFile = join(work, 'package.spec')
  writeFileSync(specFile, `${spec.join('\n')}\n`)
  const target = values.architecture === 'amd64' ? 'x86_64' : need('architecture')
  execFileSync(
    'rpmbuild',
    ['-bb', '--quiet', '--target', target, '--define', `_topdir ${join(work, 'rpm')}`, specFile],
    { stdio: 'pipe' },
  )
  const built = files(join(work, 'rpm/RPMS'))[0]
  if (built === undefined) throw new Error(`fpm stand-in: rpmbuild made nothing for ${basename(specFile)}`)
  cpSync(built, need('package'))
}

function folders(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return lstatSync(path).isDirectory() ? [path, ...folders(path)] : []
  })
}
