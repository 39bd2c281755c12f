import { apiKeyScopes } from '@stipend/engine'
import { type Caller, callers } from '../access-table.ts'
import type { Mailbox } from './mailbox.ts'
import { join, newBrowser, newOrganization, newPerson } from './person.ts'
import type { Answer, TestProduct } from './product.ts'

/** Makes requests as somebody; a header given goes before the caller's own. */
export type Send = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>

/** An organization with a person in each role and a key of each scope, and an operator beside it. */
export interface Cast {
  organizationId: string
  as(caller: Caller): Send
}

/** People sign up, are invited and sign in as people do. `name` is part of all names, so that they can be told. */
export async function newCast(
  product: TestProduct,
  mailbox: Mailbox,
  name: string,
  operatorEmail: string,
): Promise<Cast> {
  const owner = await newPerson(product, mailbox, `${name}-owner`)
  const organizationId = await newOrganization(owner, name)
  const { engine } = product.testimonials
  await engine.changePlan({ organizationId, plan: 'team' })
  const senders = new Map<Caller, Send>([['anonymous', sendAs(newBrowser(product), {}, product)]])
  senders.set('owner', sendAs(owner.browser, {}, product))
  for (const role of ['viewer', 'member', 'admin'] as const) {
    const person = await newPerson(product, mailbox, `${name}-${role}`)
    await join(owner, organizationId, person, role)
    senders.set(role, sendAs(person.browser, { 'stipend-organization': organizationId }, product))
  }
  const operator = await newPerson(product, mailbox, operatorEmail.split('@')[0] ?? '')
  const asOperator = { 'x-hasura-role': 'operator', 'stipend-organization': organizationId }
  senders.set('operator', sendAs(operator.browser, asOperator, product))
  for (const scope of apiKeyScopes) {
    const { secret } = await engine.createApiKey({
      organizationId,
      name: `${name} ${scope}`,
      scopes: [scope],
    })
    senders.set(`key ${scope}`, sendAs(newBrowser(product), { authorization: `Bearer ${secret}` }, product))
  }
  return {
    organizationId,
    as: (caller) => {
      const send = senders.get(caller)
      if (send === undefined) throw new Error(`Nobody plays ${caller}; there are ${callers.join(', ')}.`)
      return send
    },
  }
}

function sendAs(
  browser: ReturnType<typeof newBrowser>,
  own: Record<string, string>,
  { url }: TestProduct,
): Send {
  return (method, path, body, headers = {}) =>
    browser.send(method, path, body, { origin: url, ...own, ...headers })
}
