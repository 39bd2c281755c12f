/** How often a price recurs. */
export interface Recurrence {
  interval: 'day' | 'week' | 'month' | 'year'
  interval_count: number
}

const secondsOf = { day: 86_400, week: 604_800 } as const

/**
 * The k-th boundary from an anchor, in seconds. Months are counted from the anchor, so that the 31st comes back after a
 * shorter month. https://docs.stripe.com/billing/subscriptions/billing-cycle
 */
export function boundary(anchor: number, { interval, interval_count: count }: Recurrence, k: number): number {
  if (interval === 'day' || interval === 'week') return anchor + k * count * secondsOf[interval]
  const from = new Date(anchor * 1000)
  const months = k * count * (interval === 'year' ? 12 : 1)
  const day = from.getUTCDate()
  const to = new Date(from)
  to.setUTCDate(1)
  to.setUTCMonth(from.getUTCMonth() + months)
  const last = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate()
  to.setUTCDate(Math.min(day, last))
  return Math.floor(to.getTime() / 1000)
}

/** The boundary after one, which lies on the cycle. */
export function nextBoundary(anchor: number, recurrence: Recurrence, after: number): number {
  let k = 0
  while (boundary(anchor, recurrence, k) <= after) k += 1
  return boundary(anchor, recurrence, k)
}
