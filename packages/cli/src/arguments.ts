import { InvalidArgumentError } from 'commander'

/** A day or a time with its offset. */
export function parseTime(text: string): Date {
  const form = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/
  const day = new Date(`${form.exec(text)?.[1] ?? ''}T00:00:00Z`)
  const time = new Date(text)
  // Date takes the 31st of February for a day in March.
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  if (isDay && !Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError('Give 2027-06-30 or 2027-06-30T12:00:00Z.')
}

export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new InvalidArgumentError('Give a number from 0 to 65535; 0 takes a free port.')
}

export function parseDays(least: 0 | 1): (text: string) => number {
  return (text) => {
    const days = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
    if (days >= least && days <= 10_000) return days
    throw new InvalidArgumentError(`Give a whole number of days from ${least} to 10000.`)
  }
}

/** The digits as they are given: a price never becomes a floating-point number. */
export function parseUsd(text: string): string {
  if (/^(\d{1,6}(\.\d{1,9})?|1000000(\.0{1,9})?)$/.test(text)) return text
  throw new InvalidArgumentError(
    'Give US dollars per million tokens as a plain decimal such as 0.25, from 0 to 1000000, at most nine places.',
  )
}

export function parseSequence(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give the sequence of a transaction, a whole number from 1.')
}
