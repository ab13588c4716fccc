/** Reads members of values from outside. */

/** A value's own member, never one of its prototype; undefined when it has none, or isn't an object. */
export function own(of: unknown, key: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, key)
    ? (of as Record<string, unknown>)[key]
    : undefined
}
