export const dayMs = 86_400_000

/** The UTC day of a time: 2026-11-03. */
export const utcDay = (time: string | number | Date): string => new Date(time).toISOString().slice(0, 10)

/** When a UTC day begins, in ms. */
export const startOfDay = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** The UTC days from the first to the last, both counted. */
export function utcDays(first: string, last: string): string[] {
  const days: string[] = []
  for (let at = startOfDay(first); at <= startOfDay(last); at += dayMs) days.push(utcDay(at))
  return days
}
