import { missing } from './api-error.ts'
import type { Parameters } from './parameters.ts'

export const listParameters = ['limit', 'starting_after', 'ending_before'] as const

/** A list object: newest first, a page of it. */
export function listOf<Item extends { id: string }>(
  url: string,
  oldestFirst: readonly Item[],
  parameters?: Parameters,
): { object: 'list'; url: string; has_more: boolean; data: Item[] } {
  const items = oldestFirst.toReversed()
  const limit = Math.min(parameters?.integer('limit') ?? 10, 100)
  const after = parameters?.text('starting_after')
  const before = parameters?.text('ending_before')
  if (before !== undefined) {
    const end = indexOf(items, before, 'ending_before')
    const start = Math.max(end - limit, 0)
    return { object: 'list', url, has_more: start > 0, data: items.slice(start, end) }
  }
  const start = after === undefined ? 0 : indexOf(items, after, 'starting_after') + 1
  const data = items.slice(start, start + limit)
  return { object: 'list', url, has_more: start + limit < items.length, data }
}

function indexOf(items: readonly { id: string }[], id: string, param: string): number {
  const index = items.findIndex((item) => item.id === id)
  if (index === -1) throw missing('object', id, param)
  return index
}

/** `created` as a number, or as gte, gt, lte, lt. */
export function createdWithin(parameters: Parameters): (item: { created: number }) => boolean {
  const exact = typeof parameters.raw['created'] === 'string' ? parameters.integer('created') : undefined
  const range = parameters.nested('created')
  const [gte, gt, lte, lt] = (['gte', 'gt', 'lte', 'lt'] as const).map((name) => range.integer(name))
  return ({ created }) =>
    (exact === undefined || created === exact) &&
    (gte === undefined || created >= gte) &&
    (gt === undefined || created > gt) &&
    (lte === undefined || created <= lte) &&
    (lt === undefined || created < lt)
}
