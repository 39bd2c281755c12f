import { z } from '@hono/zod-openapi'
import { textInput } from '@stipend/server'

const rule = 'must be a whole number from 1 to 200'

/** The query of a list that comes in pages. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, rule)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 200, rule)
    .optional()
    .openapi({ type: 'integer', minimum: 1, maximum: 200, default: 50 }),
  cursor: textInput(100).optional().openapi({ description: 'nextCursor of the page before.' }),
}

/** A page, its items by the name given. */
export function pageOutput<Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  const items = { [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>
  return z.object({ ...items, nextCursor: z.string().nullable() })
}
