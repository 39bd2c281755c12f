import { openapiDocument } from '@stipend/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AccessRow, accessRows, callers } from './access-table.ts'
import { type Cast, newCast } from './test-support/callers.ts'
import { type Mailbox, startMailbox } from './test-support/mailbox.ts'
import { startTestProduct, type TestProduct } from './test-support/product.ts'

const operatorEmail = 'root@people.example'
let mailbox: Mailbox
let product: TestProduct
let cast: Cast
let rows: AccessRow[]

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({
    providers: {},
    signIn: { smtpUrl: mailbox.url, operatorEmails: [operatorEmail] },
  })
  cast = await newCast(product, mailbox, 'Access', operatorEmail)
  rows = accessRows(openapiDocument(product.testimonials.app) as Parameters<typeof accessRows>[0])
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

const nothing = '01930000-0000-7000-8000-000000000000'

describe.each(callers)('%s', (caller) => {
  test('may call what docs/access.md says, and nothing else', async () => {
    expect(rows.length).toBeGreaterThan(40)
    for (const { method, path, allowed } of rows) {
      const ofOrganization = path.startsWith('/organizations/')
      const url = path.replaceAll(/\{\w+\}/g, ofOrganization ? cast.organizationId : nothing)
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      const { status, body: answer } = await cast.as(caller)(method, url, body)
      const refusal = status === 401 || (status === 403 && answer.code === 'forbidden') ? status : 'let in'
      const refused = caller === 'anonymous' || path.startsWith('/jobs/') ? 401 : 403
      expect([`${method} ${path}`, refusal]).toEqual([
        `${method} ${path}`,
        allowed.has(caller) ? 'let in' : refused,
      ])
    }
  })
})
