/** ISO 8601 durations as Graph takes them. */

const SHAPE = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Milliseconds of a duration of weeks, days, hours, minutes and seconds; undefined if it's malformed. */
export function parseDuration(text: string): number | undefined {
  const found = SHAPE.exec(text)
  if (found === null) return undefined
  const [weeks, days, hours, minutes, seconds] = found
    .slice(1)
    .map((part) => Number((part as string | undefined) ?? 0))
  return (
    ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 +
    (seconds ?? 0) * 1000
  )
}
