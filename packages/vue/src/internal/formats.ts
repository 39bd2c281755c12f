/** Numbers, money, times and plurals in one locale. */
export interface Formats {
  locale: string
  /** Credits, at most two places: 1.25. */
  credits(value: number): string
  /** Credits with two places, for columns: 100.00, with a sign +100.00. */
  bookedCredits(value: number, hasSign?: boolean): string
  whole(value: number): string
  /** A price in US dollars from cents. */
  usd(cents: number): string
  date(time: string | Date): string
  time(time: string | Date): string
  dateTime(time: string | Date): string
  /** The text of the number's plural category, its `#` replaced by the number. */
  plural(
    count: number,
    texts: Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>,
  ): string
}

export function createFormats(locale: string): Formats {
  const credits = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const places = { minimumFractionDigits: 2, maximumFractionDigits: 2 }
  const booked = new Intl.NumberFormat(locale, places)
  const signed = new Intl.NumberFormat(locale, { ...places, signDisplay: 'exceptZero' })
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const usd = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' })
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const rules = new Intl.PluralRules(locale)
  return {
    locale,
    credits: (value) => credits.format(value),
    bookedCredits: (value, hasSign = false) => (hasSign ? signed : booked).format(value),
    whole: (value) => whole.format(value),
    usd: (cents) => usd.format(cents / 100),
    date: (value) => date.format(new Date(value)),
    time: (value) => time.format(new Date(value)),
    dateTime: (value) => dateTime.format(new Date(value)),
    plural: (count, texts) =>
      (texts[rules.select(count)] ?? texts.other).replaceAll('#', credits.format(count)),
  }
}
