/** Credits as integer hundredths: 125 is 1.25 credits. Made by {@link credits}, shown by {@link formatCredits}. */
export type Credits = number & { readonly unit: 'hundredths of a credit' }

/** US dollars as integer nano-dollars: 1,000,000 is 0.001 USD. */
export type NanoUsd = bigint & { readonly unit: 'nano-dollars' }

const decimal = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/

/**
 * Credits from a plain decimal with at most two places, such as `1.25` or `'1.25'`.
 * @throws RangeError for anything else: more places, exponents, not a number.
 */
export function credits(value: number | string): Credits {
  const parts = decimal.exec(String(value))
  if (parts === null) {
    throw new RangeError(
      `${String(value)} is not an amount of credits: give a decimal with at most two places`,
    )
  }
  const [, sign, whole, fraction = ''] = parts
  const hundredths = Number(whole) * 100 + Number(fraction.padEnd(2, '0'))
  return hundredthsOfCredits(sign === '-' ? -hundredths : hundredths)
}

/** Credits from integer hundredths. @throws RangeError if `value` is no safe integer. */
export function hundredthsOfCredits(value: number): Credits {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is not a whole number of hundredths`)
  }
  return (value === 0 ? 0 : value) as Credits
}

/** The decimal with two places, such as `'-1.25'`. */
export function formatCredits(value: Credits): string {
  const digits = String(Math.abs(value)).padStart(3, '0')
  return `${value < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** The decimal as a JSON number, such as `1.25`. */
export function creditsToNumber(value: Credits): number {
  return Number(formatCredits(value))
}

/** Nano-dollars from a decimal in US dollars, such as `'0.018'`; digits past the ninth place round up. */
export function nanoUsd(value: string): NanoUsd {
  const parts = /^(\d+)(?:\.(\d+))?$/.exec(value)
  if (parts === null) {
    throw new RangeError(`${value} is not an amount of US dollars`)
  }
  const [, whole = '0', fraction = ''] = parts
  const nano = BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return (/[1-9]/.test(fraction.slice(9)) ? nano + 1n : nano) as NanoUsd
}

/** The decimal in US dollars with nine places. */
export function formatNanoUsd(value: NanoUsd): string {
  const digits = String(value).padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`
}
