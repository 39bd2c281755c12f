import { invalidRequest } from './api-error.ts'
import { isRecord } from './parameters.ts'
import type { Store } from './store.ts'

/** Stripe's own bound. https://docs.stripe.com/api/expanding_objects */
const maxDepth = 4

/** A copy in which the references that `expand` names are the objects. Lists that come only so are added by `include`. */
export function expanded(
  store: Store,
  answer: unknown,
  paths: readonly string[],
  include: (object: Record<string, unknown>, field: string) => unknown,
): unknown {
  const copy: unknown = structuredClone(answer)
  for (const path of paths) {
    const fields = path.split('.')
    if (fields.length > maxDepth) {
      throw invalidRequest(
        `You cannot expand more than ${maxDepth} levels of a property. Property: ${path}`,
        'expand',
      )
    }
    expandPath(copy, fields)
  }
  return copy

  function expandPath(value: unknown, [field, ...rest]: readonly string[]): void {
    if (field === undefined) return
    if (Array.isArray(value)) {
      for (const item of value) expandPath(item, [field, ...rest])
      return
    }
    if (!isRecord(value)) return
    if (value[field] === undefined) {
      const included = include(value, field)
      if (included !== undefined) value[field] = structuredClone(included)
    }
    const reference = value[field]
    if (typeof reference === 'string') {
      const found = store.findAny(reference)
      if (found !== undefined) value[field] = structuredClone(found.object)
    }
    if (rest.length > 0) expandPath(value[field], rest)
  }
}
