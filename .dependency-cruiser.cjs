/**
 * The arrows of docs/architecture.md, section "Layout and arrows". `npm run arrows` fails when one is broken.
 *
 *   index -> wiring -> {platform, control, identity, graph, storage} -> core -> shared
 */
const layer = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `src/${from} may import only: ${allowed.join(', ') || 'itself'}`,
  from: { path: `^src/${from}`, pathNot: '\\.test\\.tsx?$' },
  to: { path: '^src/', pathNot: [`^src/${from}`, ...allowed.map((a) => `^src/${a}`)] },
})

module.exports = {
  forbidden: [
    layer('shared-imports-nothing', 'shared/', []),
    layer('core-is-pure', 'main/core/', ['shared/']),
    layer('storage', 'main/storage/', ['main/core/', 'shared/']),
    layer('graph', 'main/graph/', ['main/core/', 'shared/']),
    // MSAL's network client is built on the one axios factory, which lives in graph/.
    layer('identity', 'main/identity/', ['main/core/', 'main/graph/(http|route)\\.ts$', 'shared/']),
    layer('control', 'main/control/', ['main/core/', 'shared/']),
    layer('platform', 'main/platform/', ['main/core/', 'shared/']),
    layer('wiring', 'main/wiring\\.ts$', ['main/(platform|control|identity|graph|storage|core)/', 'shared/']),
    layer('index', 'main/index\\.ts$', ['main/wiring\\.ts$', 'main/platform/instance\\.ts$']),
    layer('preload', 'preload/', ['shared/']),
    layer('renderer', 'renderer/', ['shared/']),
    {
      name: 'core-uses-no-library',
      severity: 'error',
      comment: 'core/ is plain TypeScript: no Node module, no package.',
      from: { path: '^src/(main/core|shared)/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/' },
    },
    {
      name: 'core-uses-no-node',
      severity: 'error',
      comment: 'core/ has no clock, no file and no socket of its own.',
      from: { path: '^src/(main/core|shared)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'electron-only-in-platform',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main/platform|preload)/' },
      to: { path: 'node_modules/(electron|electron-store)/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'product-never-imports-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^(test|tools)/' },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
