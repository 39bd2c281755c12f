import { type Credits, formatCredits } from './credits.ts'
import { invalid } from './errors.ts'

const maxCredits = 99_999_999_999_99
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f]/

/** A text of 1 to `max` characters without control characters. */
export function requireText(field: string, value: unknown, max = 200): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > max) {
    throw invalid(field, `must be a text of 1 to ${max} characters`)
  }
  if (!value.isWellFormed()) throw invalid(field, 'must be well-formed Unicode')
  if (controlCharacter.test(value)) throw invalid(field, 'must not contain control characters')
  return value
}

export function optionalText(field: string, value: unknown, max = 200): string | null {
  return value === undefined || value === null ? null : requireText(field, value, max)
}

/** Credits above zero, at most 99,999,999,999.99. */
export function requireCredits(field: string, value: Credits): Credits {
  if (!Number.isSafeInteger(value)) throw invalid(field, 'must be credits with at most two decimal places')
  if (value <= 0) throw invalid(field, 'must be greater than zero')
  if (value > maxCredits) throw invalid(field, `must be at most ${formatCredits(maxCredits as Credits)}`)
  return value
}

/** A whole number from `min` to `max`. */
export function requireInteger(field: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(field, `must be a whole number from ${min} to ${max}`)
  }
  return value
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text has the form of a UUID; ids of any other form are unknown. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuidPattern.test(value)
}

export function requireOneOf<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value)
  if (found === undefined) throw invalid(field, `must be one of ${allowed.join(', ')}`)
  return found
}
