import type { Choices } from '../choices.ts'

/** Where the app mounts Stipend's API. */
export const mountPath = '/api/stipend'

/** `stipend.ts`; `imports` are those of the files beside it. */
export function stipendFile(
  { customers, framework, payments }: Choices,
  imports: { catalog: string; identity: string },
): string {
  const hasAuth = customers === 'sign-in'
  const identity = hasAuth ? 'createAuth, identifyBy' : 'identify'
  // In the order of their paths.
  const own = [
    ["import { catalog } from '", imports.catalog],
    [`import { ${identity} } from '`, imports.identity],
  ].toSorted(([, one = ''], [, other = '']) => (one < other ? -1 : 1))
  return `import { openai } from '@ai-sdk/openai'
import { createStipend } from '@stipend/server'
import { Pool } from 'pg'
${own.map(([begin, path]) => `${begin}${path}'`).join('\n')}

const database = new Pool({ connectionString: process.env['DATABASE_URL'] })
${hasAuth ? authPart : ''}${payments === 'none' ? '' : stripePart}
/** Credits and metered model calls, and the API below ${mountPath}, for whoever is signed in. */
export const stipend = createStipend({
  database,
  catalog,
${framework === 'next' ? `  basePath: '${mountPath}',\n` : ''}  providers: { openai },
${hasAuth ? '  identify: identifyBy(auth),\n' : '  identify,\n'}${payments === 'none' ? '' : '  stripe: paymentSettings(),\n'}})
`
}

const authPart = `
/** Sign-in. Who makes an organization has it on the free plan. */
export const auth = createAuth({
  database,
  putOrganization: async ({ id, name }) => {
    await stipend.engine.putOrganization({ organizationId: id, name, plan: 'free' })
  },
})
`

const stripePart = `
/** Stripe, or the sandbox at STRIPE_API_BASE; without a key nobody takes payments, and the routes say so. */
function paymentSettings() {
  const secretKey = process.env['STRIPE_SECRET_KEY']
  const webhookSecret = process.env['STRIPE_WEBHOOK_SECRET']
  if (!secretKey) return undefined
  if (!webhookSecret) throw new Error('STRIPE_SECRET_KEY is set: set STRIPE_WEBHOOK_SECRET, too.')
  return {
    secretKey,
    webhookSecret,
    frontendUrl: process.env['FRONTEND_URL'] ?? 'http://localhost:3000',
    apiBase: process.env['STRIPE_API_BASE'],
    isSandbox: process.env['STIPEND_SANDBOX'] === '1',
  }
}
`
