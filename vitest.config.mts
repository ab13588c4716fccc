import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** The files of a worker share its modules: each cleans up after itself, and importing them anew took half a minute. */
const isolate = false

const setupFiles = ['./test/support/patience.ts']

export default defineConfig({
  test: {
    // One worker for each core, also on a machine with two.
    maxWorkers: Math.max(2, availableParallelism()),
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      { test: { name: 'unit', isolate, setupFiles, include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] } },
      {
        test: {
          name: 'integration',
          isolate,
          setupFiles,
          include: ['test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          isolate,
          setupFiles,
          // Whole processes and browsers on a crowded machine: in CI one more try, and the report says that it was needed.
          retry: process.env['CI'] === undefined ? 0 : 1,
          include: ['test/**/*.spec.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
