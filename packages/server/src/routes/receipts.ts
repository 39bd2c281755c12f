import { createRoute, z } from '@hono/zod-openapi'
import { type CheckpointKey, errorOf } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, refusals, textInput, timeOutput } from '../schemas.ts'

const textOrNull = z.string().nullable()

const receiptRoute = createRoute({
  method: 'get',
  path: '/credits/transactions/{sequence}/receipt',
  summary:
    'A signed statement that a row is in the ledger; `stipend receipt verify` checks it without a database',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/transactions/{sequence}/receipt'),
  request: { params: z.object({ sequence: textInput() }) },
  responses: {
    200: jsonAnswer(
      z
        .object({
          version: z.literal(1),
          transaction: z.object({
            organizationId: z.string(),
            sequence: z.int(),
            type: z.string(),
            amount: z.string(),
            coveredAmount: z.string(),
            balanceAfter: z.string(),
            reservationId: textOrNull,
            plan: textOrNull,
            capability: textOrNull,
            quality: textOrNull,
            model: textOrNull,
            costUsd: textOrNull,
            reason: textOrNull,
            createdAt: timeOutput,
            hash: z.string(),
          }),
          record: z.string().openapi({ description: 'What the hash is of, character by character.' }),
          issuedAt: timeOutput,
          keyId: z.string(),
          signature: z.string().openapi({ description: 'JWS (RFC 7515), EdDSA.' }),
        })
        .openapi('Receipt'),
      'The receipt',
    ),
    ...refusals,
  },
})

const keysRoute = createRoute({
  method: 'get',
  path: '/receipt-keys',
  summary: 'What receipts and checkpoints are signed with: public keys',
  tags: ['Credits'],
  responses: {
    200: jsonAnswer(
      z.object({
        keys: z.array(
          z.object({ keyId: z.string(), publicKey: z.string().openapi({ description: 'SPKI, base64.' }) }),
        ),
      }),
      'The keys; none: receipts are not signed here',
    ),
    ...refusals,
  },
})

/** Receipts of ledger rows. They say what providers were paid, so they are for admins. */
export function receiptRoutes({ checkpointKey }: { checkpointKey: CheckpointKey | undefined }) {
  const router = createRouter()
  router.openapi(receiptRoute, async (c) => {
    const { sequence } = c.req.valid('param')
    if (checkpointKey === undefined) {
      throw errorOf('not_found', {
        message: 'Receipts are not signed here: the operator has set no key for it.',
      })
    }
    if (!/^[1-9]\d{0,14}$/.test(sequence)) throw errorOf('not_found', { message: 'No such transaction.' })
    const asked = { organizationId: organizationIdOf(c), sequence: Number(sequence) }
    return c.json(await c.var.engine.proof.issueReceipt(asked, checkpointKey), 200)
  })
  router.openapi(keysRoute, (c) => {
    const keys = checkpointKey === undefined ? [] : [checkpointKey]
    return c.json({ keys: keys.map(({ keyId, publicKey }) => ({ keyId, publicKey })) }, 200)
  })
  return router
}
