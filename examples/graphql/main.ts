import { serve } from '@hono/node-server'
import { createRemoteJWKSet } from 'jose'
import { Pool } from 'pg'
import { createApp } from './app.ts'

const { DATABASE_URL, JWT_ISSUER, JWT_AUDIENCE, JWKS_URL, PORT = '4000' } = process.env
if (!DATABASE_URL || !JWT_ISSUER || !JWT_AUDIENCE || !JWKS_URL) {
  throw new Error('Set DATABASE_URL, JWT_ISSUER, JWT_AUDIENCE and JWKS_URL.')
}
const pool = new Pool({ connectionString: DATABASE_URL })
pool.on('error', (error) => console.error(error.message))
const { fetch } = await createApp({
  pool,
  tokens: { issuer: JWT_ISSUER, audience: JWT_AUDIENCE, keys: createRemoteJWKSet(new URL(JWKS_URL)) },
})
serve({ fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}/graphql`),
)
