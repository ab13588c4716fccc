/** Vite plugin: `virtual:fluent-tokens.css`, the values of Fluent 2's design tokens that our style sheets use. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { webDarkTheme, webLightTheme, type Theme } from '@fluentui/tokens'
import type { Plugin } from 'vite'

const NAME = 'virtual:fluent-tokens.css'
const RESOLVED = '/@fluent-tokens.css'
/** Custom properties of our own are written with a prefix, so that a misspelt token can't pass for one of them. */
const OWN_PREFIX = 'own-'

/**
 * Plain CSS with custom properties needs neither inline styles nor a nonce, so the strict Content-Security-Policy holds.
 * Only tokens that a style sheet in `folder` names are emitted; a name that is no token fails the build.
 */
export function fluentTokens(folder: string): Plugin {
  return {
    name: 'fluent-tokens',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load(id) {
      if (id !== RESOLVED) return undefined
      const names = usedNames(folder)
      const unknown = names.filter((name) => !(name in webLightTheme))
      if (unknown.length > 0) this.error(`Not a Fluent token: ${unknown.join(', ')}`)
      const dark = names.filter((name) => valueOf(webDarkTheme, name) !== valueOf(webLightTheme, name))
      return [
        block(':root', names, webLightTheme),
        `@media (prefers-color-scheme: dark) {\n${block(':root', dark, webDarkTheme)}\n}`,
      ].join('\n')
    },
  }
}

function usedNames(folder: string): string[] {
  const sheets = readdirSync(folder).filter((file) => file.endsWith('.css'))
  const found = sheets.flatMap((file) => [
    ...readFileSync(join(folder, file), 'utf8').matchAll(/var\(--([\w-]+)/g),
  ])
  return [...new Set(found.map((match) => match[1] ?? ''))]
    .filter((name) => !name.startsWith(OWN_PREFIX))
    .sort()
}

function block(selector: string, names: readonly string[], theme: Theme): string {
  return `${selector} {\n${names.map((name) => `  --${name}: ${valueOf(theme, name)};`).join('\n')}\n}`
}

/** Font sizes and line heights become `rem`, so that the text follows the user's own text size. */
function valueOf(theme: Theme, name: string): string {
  const value = String(theme[name as keyof Theme])
  const px = /^(?:fontSize|lineHeight)/.test(name) ? /^([\d.]+)px$/.exec(value)?.[1] : undefined
  return px === undefined ? value : `${Number(px) / 16}rem`
}
