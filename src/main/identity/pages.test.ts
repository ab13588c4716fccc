import { expect, it } from 'vitest'
import { ERROR_PAGE, SUCCESS_PAGE } from './pages.ts'

it.each([
  ['success', SUCCESS_PAGE],
  ['error', ERROR_PAGE],
])('the %s page loads nothing, runs nothing and follows the colour scheme', (_name, page) => {
  expect(page).toMatch(/^<!doctype html>/)
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  expect(page).not.toMatch(/<script|https?:|src=|href=|@import|url\(/)
  expect(page).toContain('prefers-color-scheme: dark')
  expect(page).toContain('lang="en"')
})
