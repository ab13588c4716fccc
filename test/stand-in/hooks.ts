import Module, { registerHooks } from 'node:module'

const NAMES: ReadonlySet<string> = new Set(['electron', 'electron/main', 'electron/common'])
const SCHEME = 'stand-in:'
const KEY = Symbol.for('stand-in.electron')

interface LoaderInternals {
  _load: (request: string, ...rest: unknown[]) => unknown
}

/** Makes `require('electron')` and `import ... from 'electron'` answer `api`, also in the inspector's console. */
export function provideElectron(api: object): void {
  Object.defineProperty(globalThis, KEY, { value: api })
  const source = [
    `const api = globalThis[Symbol.for(${JSON.stringify(KEY.description)})]`,
    'export default api',
    ...Object.keys(api).map((name) => `export const ${name} = api.${name}`),
  ].join('\n')
  registerHooks({
    resolve: (specifier, context, next) =>
      NAMES.has(specifier)
        ? { url: SCHEME + specifier, format: 'module', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url.startsWith(SCHEME) ? { format: 'module', shortCircuit: true, source } : next(url, context),
  })
  const loader = Module as unknown as LoaderInternals
  const load = loader._load
  loader._load = function (request, ...rest) {
    return NAMES.has(request) ? api : load.call(this, request, ...rest)
  }
}
