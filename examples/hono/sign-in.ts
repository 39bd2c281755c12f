import { randomBytes } from 'node:crypto'
import { sign, verify } from 'hono/jwt'

/** Who runs a shop, as this product knows them. */
export interface Shopkeeper {
  id: string
  shopId: string
}

const shopkeepers: readonly (Shopkeeper & { password: string })[] = [
  { id: 'cleo', shopId: 'lamps', password: 'correct horse' },
]
/** Tokens are good until the next start; a product keeps its secret in its settings. */
const secret = randomBytes(32).toString('hex')

/** A token for an hour; null: wrong name or password. */
export async function signIn(id: unknown, password: unknown): Promise<string | null> {
  const found = shopkeepers.find((one) => one.id === id && one.password === password)
  if (found === undefined) return null
  const exp = Math.floor(Date.now() / 1000) + 3600
  return await sign({ sub: found.id, shop: found.shopId, exp }, secret, 'HS256')
}

/** Whom a header `Authorization: Bearer <token>` names; null: nobody. */
export async function shopkeeperOf(authorization: string | null | undefined): Promise<Shopkeeper | null> {
  const [, token = ''] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  const claims = await verify(token, secret, 'HS256').catch(() => null)
  if (typeof claims?.sub !== 'string' || typeof claims['shop'] !== 'string') return null
  return { id: claims.sub, shopId: claims['shop'] }
}
