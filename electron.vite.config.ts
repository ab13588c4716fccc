import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import { fluentTokens } from './src/renderer/fluent-tokens.plugin.ts'

/** Main, worker (worker.vite.config.mts) and preload are each one CommonJS file with everything inlined but `electron`. */
const ONE_CJS_FILE = { format: 'cjs', entryFileNames: 'index.js', codeSplitting: false } as const

/** Notices of what is bundled; tools/notices.ts makes one file of them for the packages. */
const license = { fileName: 'licenses.json' } as const

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      license,
      externalizeDeps: false,
      rolldownOptions: { input: resolve('src/main/index.ts'), output: ONE_CJS_FILE },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      license,
      externalizeDeps: false,
      rolldownOptions: { input: resolve('src/preload/index.ts'), output: ONE_CJS_FILE },
    },
  },
  renderer: {
    root: 'src/renderer',
    base: './',
    plugins: [react(), fluentTokens(resolve('src/renderer/styles'))],
    build: {
      outDir: 'out/renderer',
      license,
      // The Content-Security-Policy allows files of our own only: no data URL, no request from a script.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: resolve('src/renderer/index.html') },
    },
  },
})
