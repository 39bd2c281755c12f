import { errorOf } from '@stipend/engine'
import type { Pool, PoolClient } from 'pg'
import type { Customer } from '../identity/customer.ts'
import type { Form } from './form.ts'
import { newId } from './new-id.ts'
import { inTransaction, isId, type Page, type PageInput, pageOf, query, requireCursor } from './query.ts'

export interface Answer {
  question: string
  answer: string
}

/** What a customer sent by a form. */
export interface Submission {
  id: string
  formId: string
  answers: Answer[]
  customer: { id: string | null; name: string | null; email: string | null }
  createdAt: Date
}

export interface SubmitInput {
  form: Form
  customer: Customer
  answers: readonly Answer[]
  text: string
  /** As the customer wants to be named; default: as the sign-in names them. */
  name?: string | undefined
  /** Of the assembled text that the customer began with. */
  draftId?: string | undefined
  /** Texts in 24 hours that one sender may send by one form. */
  limit: number
}

/** Keeps what the customer ends with: the answers, and the text as a testimonial. One transaction. */
export async function submit(
  pool: Pool,
  input: SubmitInput,
): Promise<{ submissionId: string; testimonialId: string; madeBy: 'ai' | 'manual' }> {
  const { organizationId, id: formId } = input.form
  return await inTransaction(pool, async (client) => {
    await limitSender(client, input)
    const submissionId = await keepAnswers(client, input)
    const name = input.name ?? input.customer.actor.name ?? null
    const draft = await takeDraft(client, input, { submissionId, name })
    if (draft !== null) return { submissionId, testimonialId: draft, madeBy: 'ai' as const }
    const testimonialId = newId()
    await query(
      client,
      `insert into testimonials.testimonials
         (organization_id, id, form_id, submission_id, status, made_by, text, customer_id, customer_name)
       values ($1::text, $2::uuid, $3::uuid, $4::uuid, 'submitted', 'manual', $5::text, $6::text, $7::text)`,
      [organizationId, testimonialId, formId, submissionId, input.text, customerIdOf(input.customer), name],
    )
    return { submissionId, testimonialId, madeBy: 'manual' as const }
  })
}

/** An assembled text that nobody has sent yet becomes the testimonial; null where there is no such draft. */
async function takeDraft(
  client: PoolClient,
  { form, customer, text, draftId }: SubmitInput,
  { submissionId, name }: { submissionId: string; name: string | null },
): Promise<string | null> {
  if (draftId === undefined || !isId(draftId)) return null
  const [taken] = await query<{ id: string }>(
    client,
    `update testimonials.testimonials
     set status = 'submitted', submission_id = $4::uuid, text = $5::text, customer_name = $6::text,
       updated_at = clock_timestamp()
     where organization_id = $1::text and id = $2::uuid and form_id = $3::uuid and status = 'draft'
       and customer_id is not distinct from $7::text
     returning id`,
    [form.organizationId, draftId, form.id, submissionId, text, name, customerIdOf(customer)],
  )
  return taken?.id ?? null
}

async function keepAnswers(
  client: PoolClient,
  { form, customer, answers, name }: SubmitInput,
): Promise<string> {
  const { organizationId } = form
  const { actor } = customer
  const customerId = customerIdOf(customer)
  if (customerId !== null) {
    await query(
      client,
      `insert into testimonials.customers (organization_id, id, name, email)
       values ($1::text, $2::text, $3::text, $4::text)
       on conflict (organization_id, id)
       do update set name = excluded.name, email = excluded.email, updated_at = clock_timestamp()`,
      [organizationId, customerId, actor.name ?? null, actor.email ?? null],
    )
  }
  const id = newId()
  await query(
    client,
    `insert into testimonials.submissions
       (organization_id, id, form_id, answers, customer_id, customer_name, sender_digest)
     values ($1::text, $2::uuid, $3::uuid, $4::jsonb, $5::text, $6::text, $7::text)`,
    [organizationId, id, form.id, JSON.stringify(answers), customerId, name ?? null, customer.sender],
  )
  return id
}

/** Senders of the last day only: the digests of the others are forgotten. */
async function limitSender(client: PoolClient, { form, customer, limit }: SubmitInput): Promise<void> {
  // One at a time, or two that are sent at once would both find room for one.
  await query(client, 'select pg_advisory_xact_lock(hashtextextended($1::text, 0))', [customer.sender])
  await query(
    client,
    `update testimonials.submissions set sender_digest = null
     where organization_id = $1::text and form_id = $2::uuid and sender_digest is not null
       and created_at <= clock_timestamp() - interval '24 hours'`,
    [form.organizationId, form.id],
  )
  const [row] = await query<{ used: string; wait_ms: string | null }>(
    client,
    `select count(*) as used,
       (extract(epoch from min(created_at) + interval '24 hours' - clock_timestamp()) * 1000)::bigint as wait_ms
     from testimonials.submissions
     where organization_id = $1::text and form_id = $2::uuid and sender_digest = $3::text`,
    [form.organizationId, form.id, customer.sender],
  )
  if (Number(row?.used ?? 0) < limit) return
  throw errorOf('customer_limit_exceeded', {
    message: `You have sent ${limit} texts by this form in the last 24 hours.`,
    limit,
    retryAfterMs: Math.max(Number(row?.wait_ms ?? 0), 1000),
  })
}

const customerIdOf = ({ identity, actor }: Customer): string | null =>
  identity === 'verified' ? actor.id : null

interface SubmissionRow {
  id: string
  form_id: string
  answers: Answer[]
  customer_id: string | null
  name: string | null
  email: string | null
  created_at: Date
}

/** Newest first. */
export async function listSubmissions(
  pool: Pool,
  { organizationId, id }: Form,
  page: PageInput,
): Promise<Page<Submission>> {
  const rows = await query<SubmissionRow>(
    pool,
    `select s.id, s.form_id, s.answers, s.customer_id, coalesce(s.customer_name, c.name) as name, c.email, s.created_at
     from testimonials.submissions s
     left join testimonials.customers c on c.organization_id = s.organization_id and c.id = s.customer_id
     where s.organization_id = $1::text and s.form_id = $2::uuid and ($3::uuid is null or s.id < $3::uuid)
     order by s.id desc limit $4::integer`,
    [organizationId, id, requireCursor(page.cursor), page.limit + 1],
  )
  const items = rows.map((row) => ({
    id: row.id,
    formId: row.form_id,
    answers: row.answers,
    customer: { id: row.customer_id, name: row.name, email: row.email },
    createdAt: row.created_at,
  }))
  return pageOf(items, page.limit)
}
