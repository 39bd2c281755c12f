export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** Start of the UTC day. */
export function dayOf(ms: number): number {
  return Math.floor(ms / day) * day
}

/** A moment so many months later; the 31st becomes the last day of a shorter month. */
export function addMonths(ms: number, months: number): number {
  const date = new Date(ms)
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1))
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  return first.getTime() + (Math.min(date.getUTCDate(), last) - 1) * day + (ms % day)
}
