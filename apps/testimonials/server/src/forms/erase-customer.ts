import type { Pool } from 'pg'
import { inTransaction, query } from './query.ts'

/** A signed-in customer of one organization, by the id that the ledger has. */
export interface CustomerKey {
  organizationId: string
  customerId: string
}

/**
 * Removes a customer's name and address from what they sent, and the texts that they have not sent. What they did send
 * is the organization's to keep or delete. Done again, it finds nothing.
 */
export async function eraseCustomer(pool: Pool, { organizationId, customerId }: CustomerKey): Promise<void> {
  const values = [organizationId, customerId]
  await inTransaction(pool, async (client) => {
    await query(
      client,
      `update testimonials.customers set name = null, email = null, updated_at = clock_timestamp()
       where organization_id = $1::text and id = $2::text and (name is not null or email is not null)`,
      values,
    )
    await query(
      client,
      `update testimonials.submissions set customer_name = null
       where organization_id = $1::text and customer_id = $2::text and customer_name is not null`,
      values,
    )
    await query(
      client,
      `delete from testimonials.testimonials
       where organization_id = $1::text and customer_id = $2::text and status = 'draft'`,
      values,
    )
    await query(
      client,
      `update testimonials.testimonials set customer_name = null, updated_at = clock_timestamp()
       where organization_id = $1::text and customer_id = $2::text and customer_name is not null`,
      values,
    )
  })
}

/** All that the product's own tables have of a customer, as JSON; null where that is nothing. */
export async function exportCustomer(
  pool: Pool,
  { organizationId, customerId }: CustomerKey,
): Promise<unknown> {
  const [row] = await query<{ found: unknown }>(
    pool,
    `select case when c is not null or s.rows is not null or t.rows is not null then jsonb_build_object(
       'name', c.name, 'email', c.email, 'updatedAt', c.updated_at,
       'submissions', coalesce(s.rows, '[]'), 'testimonials', coalesce(t.rows, '[]')) end as found
     from (select) one
     left join testimonials.customers c on c.organization_id = $1::text and c.id = $2::text
     cross join lateral (
       select jsonb_agg(jsonb_build_object('id', s.id, 'formId', s.form_id, 'answers', s.answers,
         'name', s.customer_name, 'createdAt', s.created_at) order by s.id) as rows
       from testimonials.submissions s where s.organization_id = $1::text and s.customer_id = $2::text) s
     cross join lateral (
       select jsonb_agg(jsonb_build_object('id', t.id, 'formId', t.form_id, 'status', t.status, 'text', t.text,
         'name', t.customer_name, 'createdAt', t.created_at) order by t.id) as rows
       from testimonials.testimonials t where t.organization_id = $1::text and t.customer_id = $2::text) t`,
    [organizationId, customerId],
  )
  return row?.found ?? null
}
