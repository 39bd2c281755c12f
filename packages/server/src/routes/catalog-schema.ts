import { z } from '@hono/zod-openapi'
import { textInput } from '../schemas.ts'

const usdPerMillion = z.number().min(0).max(1_000_000)
const key = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/i, 'must be a name of letters, digits, _ and -')
const keys = (value: z.ZodType) => z.record(key, value)
const smallInt = z.int().min(0).max(1_000_000_000)
const amount = z.number().min(0).max(99_999_999_999.99)

const modelInput = z.union([
  textInput(),
  z.strictObject({
    model: textInput(),
    priceUsdPerMillion: z
      .strictObject({
        input: usdPerMillion,
        output: usdPerMillion,
        cachedInput: usdPerMillion.optional(),
        cacheWrite: usdPerMillion.optional(),
        reasoning: usdPerMillion.optional(),
      })
      .optional(),
    markupBasisPoints: smallInt.optional(),
    deprecatedAt: z.iso.datetime({ offset: true }).optional(),
    replacement: textInput(63).optional(),
  }),
])

const accessInput = z
  .object({
    perMinute: smallInt.optional(),
    perHour: smallInt.optional(),
    perDay: smallInt.optional(),
    enabled: z.boolean().optional(),
  })
  .catchall(z.array(textInput(63)).max(20))

/** A catalog as a catalog file has it; what the fields mean is checked by the engine. */
export const catalogInput = z
  .strictObject({
    settings: z
      .strictObject({
        usdPerCredit: z.number().positive().max(1_000).optional(),
        increment: amount.optional(),
        minimumCharge: amount.optional(),
        overdraftLimit: amount.optional(),
        graceDays: z.int().min(0).max(365).optional(),
        shadowMode: z.boolean().optional(),
      })
      .optional(),
    qualityLevels: keys(textInput()).optional(),
    models: keys(modelInput),
    capabilities: keys(
      z.strictObject({
        name: textInput(),
        description: textInput(2000).optional(),
        outputCap: smallInt.optional(),
        minimumOutput: smallInt.optional(),
        enabled: z.boolean().optional(),
        estimate: keys(amount),
      }),
    ),
    plans: keys(
      z.strictObject({
        name: textInput().optional(),
        monthlyCredits: z.union([amount, z.literal('unlimited')]),
        welcomeBonus: amount.optional(),
        priceUsdCents: smallInt.optional(),
        annualPriceUsdCents: smallInt.optional(),
        markupBasisPoints: smallInt.optional(),
        allows: keys(accessInput),
      }),
    ),
    topups: keys(
      z.strictObject({ name: textInput().optional(), credits: amount, priceUsdCents: smallInt }),
    ).optional(),
  })
  .openapi('Catalog', { description: 'As defineCatalog() takes it.' })
