/** Chromium's DevTools protocol, typed by the copy that playwright-core carries. Types only: nothing is loaded. */
export type { Protocol } from '../../../node_modules/playwright-core/types/protocol.d.ts'
