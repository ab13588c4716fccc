import type { AxiosResponse } from 'axios'
import { expect, it } from 'vitest'
import { answerOf } from './answer.ts'

/** The request id that is taken from an answer with this header. */
function requestIdOf(header: string | readonly string[] | undefined): string | null {
  const headers = header === undefined ? {} : { 'request-id': header }
  return answerOf({ status: 404, headers } as AxiosResponse<unknown>, '').requestId
}

it('takes the request id that Graph sends as it is, and none when there is none', () => {
  const id = '4d4a9e2b-3c5f-4f0e-9d7a-0a1b2c3d4e5f'
  expect(requestIdOf(id)).toBe(id)
  expect(requestIdOf([id, id])).toBe(`${id}, ${id}`)
  expect(requestIdOf(undefined)).toBeNull()
  expect(requestIdOf('')).toBeNull()
})

it('cuts a request id that is none, and still has one: the answer counts as one of Graph', () => {
  expect(requestIdOf('x'.repeat(10_000))).toBe('x'.repeat(100))
  expect(requestIdOf('a\u001b[2J\tb\u0085\u202e')).toBe('a?[2J?b??')
  expect(requestIdOf('\u00e9\u00ff')).toBe('??')
  expect(requestIdOf('\u{1f600}'.repeat(1000))).toMatch(/^\?{100}$/)
})
