import { errorOf, type StipendError } from '@stipend/engine'
import type { z } from 'zod'

const maxIssues = 10

/** The `invalid_request` of what a schema found: the first field and rule, and all of them in `errors`. */
export function invalidRequestOf(error: z.ZodError): StipendError {
  const errors = error.issues.flatMap((issue) => describe(issue, [])).slice(0, maxIssues)
  const [first = { field: 'body', rule: 'is not valid' }] = errors
  return errorOf('invalid_request', { message: `${first.field} ${first.rule}.`, ...first, errors })
}

interface Broken {
  field: string
  rule: string
}

type Issue = z.core.$ZodIssue

function describe(issue: Issue, parents: readonly PropertyKey[]): Broken[] {
  const path = [...parents, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: nameOf([...path, key]), rule: 'is not known here' }))
  }
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const [nearest] = issue.errors.toSorted((a, b) => a.length - b.length)
    if (nearest !== undefined) return nearest.flatMap((inner) => describe(inner, path))
  }
  return [{ field: nameOf(path), rule: ruleOf(issue) }]
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'body' : path.map(String).join('.').slice(0, 200)
}

const plainTypes: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

function ruleOf(issue: Issue): string {
  const { message } = issue
  if (!/^(Invalid|Too|Unrecognized)/.test(message)) return message
  switch (issue.code) {
    case 'invalid_type':
      return message.includes('received undefined')
        ? 'is required'
        : `must be ${plainTypes[issue.expected] ?? 'of another type'}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `must be ${measure(issue.origin)} at least ${issue.minimum}`
    case 'too_big':
      return `must be ${measure(issue.origin)} at most ${issue.maximum}`
    default:
      return 'is not valid'
  }
}

function measure(origin: string): string {
  if (origin === 'string') return 'a text of a length of'
  return origin === 'array' ? 'a list of a length of' : 'a number of'
}
