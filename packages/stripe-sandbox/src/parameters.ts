import { invalidRequest } from './api-error.ts'

/** Parameters of one request, form-encoded: every leaf is a text. Names are Stripe's. */
export class Parameters {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(values: Readonly<Record<string, unknown>>, path = '') {
    this.#values = values
    this.#path = path
  }

  get raw(): Readonly<Record<string, unknown>> {
    return this.#values
  }

  /** Refuses names that are not known here, so that a misspelt one is no silent success. */
  allow(names: readonly string[]): this {
    for (const name of Object.keys(this.#values)) {
      if (name === 'expand' || names.includes(name)) continue
      const param = this.#nameOf(name)
      throw invalidRequest(`Received unknown parameter: ${param}`, param, 'parameter_unknown')
    }
    return this
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    if (value === undefined || value === '') return undefined
    if (typeof value === 'string') return value
    throw invalidRequest(`Invalid string: ${this.#nameOf(name)}`, this.#nameOf(name))
  }

  required(name: string): string {
    const value = this.text(name)
    if (value !== undefined) return value
    const param = this.#nameOf(name)
    throw invalidRequest(`Missing required param: ${param}.`, param, 'parameter_missing')
  }

  oneOf<const Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const found = values.find((one) => one === value)
    if (found !== undefined) return found
    throw invalidRequest(
      `Invalid ${this.#nameOf(name)}: must be one of ${values.join(', ')}`,
      this.#nameOf(name),
    )
  }

  integer(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (/^-?\d{1,15}$/.test(value)) return Number(value)
    throw invalidRequest(`Invalid integer: ${value}`, this.#nameOf(name), 'parameter_invalid_integer')
  }

  boolean(name: string): boolean | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (value === 'true' || value === 'false') return value === 'true'
    throw invalidRequest(`Invalid boolean: ${value}`, this.#nameOf(name))
  }

  /** A nested object; none: an empty one. */
  nested(name: string): Parameters {
    const value = this.#values[name]
    return new Parameters(isRecord(value) ? value : {}, this.#nameOf(name))
  }

  list(name: string): Parameters[] {
    return this.#items(name).map((value, index) => {
      const path = `${this.#nameOf(name)}[${index}]`
      if (isRecord(value)) return new Parameters(value, path)
      throw invalidRequest(`Invalid object: ${path}`, path)
    })
  }

  texts(name: string): string[] {
    return this.#items(name).filter((value) => typeof value === 'string')
  }

  /** Changes of `metadata`: an empty text removes a key. */
  metadata(before: Record<string, string> = {}): Record<string, string> {
    const value = this.#values['metadata']
    if (value === undefined) return before
    if (value === '') return {}
    const changed = { ...before }
    for (const [key, text] of Object.entries(isRecord(value) ? value : {})) {
      if (text === '') delete changed[key]
      else changed[key] = String(text)
    }
    return changed
  }

  #items(name: string): unknown[] {
    const value = this.#values[name]
    if (value === undefined || value === '') return []
    if (Array.isArray(value)) return value
    if (isRecord(value)) return Object.values(value)
    throw invalidRequest(`Invalid array: ${this.#nameOf(name)}`, this.#nameOf(name))
  }

  #nameOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}[${name}]`
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
