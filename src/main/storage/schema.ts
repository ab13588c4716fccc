/** Checks for values read from a file: each returns the typed value, rebuilt from known members only, or throws. */
import type { Problem, ProblemCode } from '../../shared/problem.ts'

/** A value that isn't what the schema says; the message is the place and the expectation, never the value. */
export class SchemaError extends Error {
  override name = 'SchemaError'
}

/** Returns the value when it has type T; throws a SchemaError naming the place `at` otherwise. */
export type Check<T> = (value: unknown, at: string) => T

function fail(at: string, expected: string): never {
  throw new SchemaError(`${at} isn't ${expected}`)
}

/** Text of at most `max` UTF-16 units. */
export function text(max: number): Check<string> {
  return (value, at) =>
    typeof value === 'string' && value.length <= max ? value : fail(at, `text of at most ${max} characters`)
}

/** A GUID with hyphens, as Entra writes object, tenant and application ids (they become parts of URLs). */
export const guid: Check<string> = (value, at) =>
  typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)
    ? value
    : fail(at, 'a GUID')

/** A finite number within bounds. */
export function number(min: number, max: number): Check<number> {
  return (value, at) =>
    typeof value === 'number' && value >= min && value <= max
      ? value
      : fail(at, `a number from ${min} to ${max}`)
}

/** A whole number within bounds. */
export function integer(min: number, max: number): Check<number> {
  return (value, at) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : fail(at, `a whole number from ${min} to ${max}`)
}

/** true or false. */
export const bool: Check<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : fail(at, 'true or false')

/** One of a list of names. */
export function oneOf<const T extends string>(names: readonly T[]): Check<T> {
  return (value, at) => names.find((name) => name === value) ?? fail(at, 'a known name')
}

/** The value or null; a missing member counts as null. */
export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, at) => (value === null || value === undefined ? null : check(value, at))
}

/** A plain object, to be read through `member` only. */
export const object: Check<object> = (value, at) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : fail(at, 'an object')

/** An own member of an object; what the prototype chain has is never seen. */
export function member(of: object, name: string): unknown {
  return Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined
}

/** Reads members of an object, each with its check. */
export function reader(value: unknown, at: string): <T>(name: string, check: Check<T>) => T {
  const source = object(value, at)
  return (name, check) => check(member(source, name), `${at}.${name}`)
}

/** An array of at most `max` members, unchecked. */
export function array(max: number): Check<readonly unknown[]> {
  return (value, at) =>
    Array.isArray(value) && value.length <= max
      ? (value as readonly unknown[])
      : fail(at, `a list of at most ${max}`)
}

/** ms since the epoch, up to the last date that JavaScript knows. */
export const time: Check<number> = number(0, 8.64e15)

/** Every problem a file may hold; the compiler wants it complete. */
const PROBLEM_CODES: Readonly<Record<ProblemCode, true>> = {
  'client-id-missing': true,
  'client-id-invalid': true,
  'tenant-invalid': true,
  'cloud-unknown': true,
  'sign-in-cancelled': true,
  'sign-in-timed-out': true,
  'sign-in-failed': true,
  'browser-failed': true,
  'personal-account': true,
  'consent-declined': true,
  'admin-consent-needed': true,
  'client-unknown': true,
  'tenant-unknown': true,
  'wrong-cloud': true,
  'redirect-not-registered': true,
  'public-client-not-allowed': true,
  'user-not-assigned': true,
  'account-blocked': true,
  'policy-blocked': true,
  'device-code-expired': true,
  'device-code-blocked': true,
  'needs-sign-in': true,
  'no-network': true,
  'not-reached': true,
  'captive-portal': true,
  'proxy-refused': true,
  'proxy-unreachable': true,
  'certificate-untrusted': true,
  throttled: true,
  'server-trouble': true,
  'clock-wrong': true,
  'not-permitted': true,
  'not-supported': true,
  'wrong-user': true,
  'unexpected-answer': true,
  'settings-corrupt': true,
  'settings-newer': true,
  'settings-unwritable': true,
  'autostart-unwritable': true,
  'registry-corrupt': true,
  'registry-newer': true,
  'registry-unwritable': true,
  'history-corrupt': true,
  'history-newer': true,
  'history-unwritable': true,
  'token-cache-unreadable': true,
  'token-cache-unwritable': true,
  'keyring-missing': true,
  'keyring-locked': true,
  'sender-down': true,
  away: true,
  'set-refused': true,
  'set-throttled': true,
  'set-not-written': true,
  'signing-out': true,
  'signed-out': true,
}

/** Longest `detail` kept; what writers hand in beyond it is cut. */
const DETAIL_LIMIT = 1000

/**
 * A problem, or null for none and for a code that this version doesn't know: it is only an explanation, and must
 * not cost the record that it explains.
 */
export const problem: Check<Problem | null> = (value, at) => {
  if (value === null || value === undefined) return null
  const read = reader(value, at)
  const code = read('code', text(64))
  if (!Object.hasOwn(PROBLEM_CODES, code)) return null
  const detail = read('detail', nullable(text(DETAIL_LIMIT)))
  return { code: code as ProblemCode, ...(detail === null ? {} : { detail }) }
}

/** A problem as it goes into a file. */
export function encodeProblem(value: Problem): Problem {
  const { code, detail } = value
  return { code, ...(detail === undefined ? {} : { detail: detail.slice(0, DETAIL_LIMIT) }) }
}
