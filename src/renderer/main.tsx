/** Mounts the status window. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import 'virtual:fluent-tokens.css'
import './styles/base.css'
import './styles/parts.css'
import { App } from './app.tsx'
import type { Bridge } from '../shared/ipc.ts'

declare global {
  interface Window {
    /** The one way out of the page, put there by the preload. */
    readonly clearPresence: Bridge
  }
}

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root element')
createRoot(root).render(
  <StrictMode>
    <App bridge={window.clearPresence} />
  </StrictMode>,
)
