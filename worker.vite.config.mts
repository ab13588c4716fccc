import { builtinModules } from 'node:module'
import { defineConfig } from 'vite'

/** The sender's worker is a bundle of its own, so that it shares no chunk with main and starts from one file. */
export default defineConfig({
  ssr: { noExternal: true },
  build: {
    ssr: 'src/main/graph/sender.worker.ts',
    outDir: 'out/main',
    emptyOutDir: false,
    license: { fileName: 'licenses.worker.json' },
    target: 'node24',
    rolldownOptions: {
      external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`)],
      output: { format: 'cjs', entryFileNames: 'sender.worker.js', codeSplitting: false },
    },
  },
})
