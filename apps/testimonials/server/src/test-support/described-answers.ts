import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type JsonSchema, type OpenApiDocument, operationsOf } from './openapi.ts'

/** Says what an answer has that the document does not describe; null: all of it is described. */
export type FindUndescribed = (
  operation: string,
  answer: { status: number; contentType: string | null; body: unknown },
) => string | null

/** Checks answers against a document: status, content type, every field. */
export function describedAnswers(document: OpenApiDocument): FindUndescribed {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(closed({ ...document, $id: 'api' }) as object)
  const operations = new Map(
    operationsOf(document).map(({ method, path, operation }) => [`${method} ${path}`, operation]),
  )
  const validators = new Map<string, ValidateFunction>()
  return (name, { status, contentType, body }) => {
    const responses = operations.get(name)?.responses ?? {}
    const key = String(status) in responses ? String(status) : status >= 400 ? 'default' : 'none'
    const response = responses[key]
    if (response === undefined) return `status ${status} is not described`
    const type = contentType?.split(';', 1)[0] ?? ''
    if (response.content === undefined) return type === '' ? null : `a body of ${type} is not described`
    const content = response.content[type]
    if (content === undefined) return `the content type ${type} is not described for ${status}`
    if (content.schema === undefined || !type.endsWith('json')) return null
    const pointer = [
      'paths',
      name.split(' ')[1] ?? '',
      (name.split(' ')[0] ?? '').toLowerCase(),
      'responses',
      key,
      'content',
      type,
      'schema',
    ]
    const reference = `api#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
    const validate = validators.get(reference) ?? ajv.compile({ $ref: reference })
    validators.set(reference, validate)
    return validate(body) ? null : ajv.errorsText(validate.errors)
  }
}

/** The document with every object closed, so that a field that it does not name is found; problems have others. */
function closed(value: unknown, key = ''): unknown {
  if (key.endsWith('Problem')) return value
  if (Array.isArray(value)) return value.map((item) => closed(item))
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closed(inner, name)]))
  const schema = copy as JsonSchema
  const isClosable = schema.type === 'object' && schema.properties !== undefined
  return isClosable && schema.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy
}
