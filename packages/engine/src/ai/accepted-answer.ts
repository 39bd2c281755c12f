import type { JSONSchema7, LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { Ajv, type ValidateFunction } from 'ajv'

const ajv = new Ajv({ strict: false, validateFormats: false })
const compiled = new WeakMap<JSONSchema7, ValidateFunction | null>()

/** A schema as a check; null: one that cannot be compiled checks nothing. */
function validatorOf(schema: JSONSchema7): ValidateFunction | null {
  let validator = compiled.get(schema)
  if (validator === undefined) {
    try {
      // Hosts make the same schema anew for each call: one named by $id would be known already.
      const { $schema: _, $id: __, ...anonymous } = schema
      validator = ajv.compile(anonymous)
      ajv.removeSchema(anonymous)
    } catch {
      validator = null
    }
    compiled.set(schema, validator)
  }
  return validator
}

/**
 * Whether an answer is of the shape asked for: JSON that fits the schema where one was given, and accepted by the
 * host. An answer that calls tools is none yet.
 */
export function isAccepted(
  { responseFormat }: LanguageModelV4CallOptions,
  { content, structuredOutputText }: LanguageModelV4GenerateResult,
  accepts: ((text: string) => boolean) | undefined,
): boolean {
  if (content.some(({ type }) => type === 'tool-call')) return true
  const text = structuredOutputText ?? content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  if (responseFormat?.type === 'json' && !fits(text, responseFormat.schema)) return false
  return accepts === undefined || accepts(text)
}

function fits(text: string, schema: JSONSchema7 | undefined): boolean {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return false
  }
  return schema === undefined || (validatorOf(schema)?.(value) ?? true)
}
