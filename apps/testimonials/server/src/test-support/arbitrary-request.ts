import fc from 'fast-check'
import { type JsonSchema, type OpenApiDocument, type Operation, operationsOf } from './openapi.ts'

/** Texts that mean something, by the field that they are for; `any` is for every other field. */
export type Vocabulary = Readonly<Record<string, readonly string[]>> & { any: readonly string[] }

/** One request to make; `{…}` of the path is filled in, its ids chosen from those that are known by then. */
export interface AnyRequest {
  operation: string
  /** Of the path's parameters, each a number to choose a known id by, or a text. */
  ids: readonly (number | string)[]
  query: string
  headers: Readonly<Record<string, string>>
  /** JSON or what should have been; undefined for none. */
  body: string | undefined
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const anyDate = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary', maxLength: 30 }),
  anyDate,
  fc.double(),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a'.repeat(3_000),
    '__proto__',
    "'; drop table x; --",
    '\r\nX-Evil: 1',
    -1,
    1e308,
  ),
)

/**
 * Requests to any route of an OpenAPI document: most as it describes them, some with a field changed, left out or
 * added, some with a body that is none.
 */
export function anyRequest(document: OpenApiDocument, vocabulary: Vocabulary): fc.Arbitrary<AnyRequest> {
  const requests = operationsOf(document).map(({ method, path, operation }) =>
    fc.record({
      operation: fc.constant(`${method} ${path}`),
      ids: fc.array(anyId, { minLength: 3, maxLength: 3 }),
      query: anyQuery(document, operation, vocabulary),
      headers: anyHeaders(operation),
      body: anyBody(document, operation, vocabulary),
    }),
  )
  return fc.oneof(...requests)
}

const anyId = fc.oneof(
  { weight: 12, arbitrary: fc.nat() },
  { weight: 1, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.webSegment() },
  { weight: 1, arbitrary: fc.constantFrom('%00', '%E0%A4', '%', '..', '%2e%2e%2f', 'a'.repeat(2_000)) },
)

function anyQuery(document: OpenApiDocument, operation: Operation, vocabulary: Vocabulary) {
  const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query')
  const fields = Object.fromEntries(
    described.map(({ name, schema }) => [
      name,
      fc.oneof(valueFor(document, schema, vocabulary, name), anyValue),
    ]),
  )
  const asDescribed = fc.record(fields, { requiredKeys: [] }).map((query) => {
    const pairs = Object.entries(query).map(([name, value]): [string, string] => [name, asText(value)])
    return new URLSearchParams(pairs).toString()
  })
  return fc.oneof(
    { weight: 8, arbitrary: asDescribed },
    { weight: 1, arbitrary: fc.webQueryParameters() },
    { weight: 1, arbitrary: fc.constantFrom('%ff', 'limit=%00', 'limit=1&limit=2', '&&==&') },
  )
}

function anyHeaders(operation: Operation): fc.Arbitrary<Record<string, string>> {
  const value = fc.oneof(fc.webSegment(), fc.constantFrom('\u00e9', 'one', 'two', 'three'))
  const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'header')
  const fields = Object.fromEntries(described.map(({ name }) => [name.toLowerCase(), value]))
  const others = { accept: fc.constantFrom('*/*', 'text/event-stream', 'text/csv', 'nonsense') }
  return fc
    .record({ ...others, ...fields }, { requiredKeys: [] })
    .map((headers) => Object.fromEntries(Object.entries(headers).filter(([, text]) => text.trim() !== '')))
}

function anyBody(
  document: OpenApiDocument,
  { requestBody }: Operation,
  vocabulary: Vocabulary,
): fc.Arbitrary<string | undefined> {
  const schema = requestBody?.content['application/json']?.schema
  if (schema === undefined) return fc.constant(undefined)
  const described = valueFor(document, schema, vocabulary)
  const name = fc.oneof(fc.constantFrom('__proto__', 'role', 'organizationId', 'id'), text)
  const changed = fc.tuple(described, fc.nat(), name, anyValue).map(([value, at, added, other]) => {
    if (typeof value !== 'object' || value === null) return other
    const names = Object.keys(value)
    const field = at % 3 === 0 ? added : (names[at % Math.max(1, names.length)] ?? added)
    const { [field]: _, ...rest } = value as Record<string, unknown>
    return at % 5 === 0 ? rest : { ...rest, [field]: other }
  })
  return fc.oneof(
    { weight: 12, arbitrary: described.map((value) => JSON.stringify(value)) },
    { weight: 6, arbitrary: changed.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
}

/** Values that a schema allows, or nearly: rules that the schema does not say are not kept. */
function valueFor(
  document: OpenApiDocument,
  schema: JsonSchema,
  vocabulary: Vocabulary,
  name = '',
): fc.Arbitrary<unknown> {
  const within = (inner: JsonSchema, innerName = name) => valueFor(document, inner, vocabulary, innerName)
  if (schema.$ref !== undefined) {
    const named = document.components.schemas[schema.$ref.split('/').at(-1) ?? '']
    if (named === undefined) throw new Error(`The document lacks ${schema.$ref}.`)
    return within(named)
  }
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => within(choice)))
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((part) => within(part)))
      .map((parts) => Object.assign({}, ...parts) as unknown)
  }
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  if (types.length === 0) return anyValue
  return fc.oneof(
    ...types.map((type) => valueOfType(type, schema, vocabulary[name] ?? vocabulary.any, within)),
  )
}

function valueOfType(
  type: string,
  schema: JsonSchema,
  words: readonly string[],
  within: (schema: JsonSchema, name?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, field]) => [name, within(field, name)] as const,
      )
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] })
    }
    case 'array':
      return fc.array(within(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, (schema.minItems ?? 0) + 4),
      })
    case 'string':
      return textOf(schema, words)
    case 'integer':
      return fc.integer({
        min: Math.ceil(schema.minimum ?? -100),
        max: Math.min(schema.maximum ?? 1_000_000, (schema.minimum ?? 0) + 5_000),
      })
    case 'number':
      return fc
        .integer({
          min: Math.ceil(Math.max(schema.minimum ?? -100, -100) * 100),
          max: Math.min(schema.maximum ?? 1e6, 300) * 100,
        })
        .map((hundredths) => hundredths / 100)
    case 'boolean':
      return fc.boolean()
    default:
      return fc.constant(null)
  }
}

function textOf(schema: JsonSchema, words: readonly string[]): fc.Arbitrary<string> {
  if (schema.format === 'date-time') return fc.oneof(anyDate, soon)
  const { minLength = 0, maxLength = 60, pattern } = schema
  const free = fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, minLength + 60) })
  const fits = pattern === undefined ? free : free.filter((value) => new RegExp(pattern, 'u').test(value))
  return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fits })
}

const soon = fc
  .integer({ min: 1, max: 1_000 })
  .map((days) => new Date(Date.now() + days * 86_400_000).toISOString())

function asText(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed()
}
