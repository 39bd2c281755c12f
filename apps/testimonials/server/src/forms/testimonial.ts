import { errorOf, invalid } from '@stipend/engine'
import type { Pool } from 'pg'
import type { Customer } from '../identity/customer.ts'
import type { Form } from './form.ts'
import { newId } from './new-id.ts'
import { isId, type Page, type PageInput, pageOf, query, queryIn, requireCursor } from './query.ts'

export const testimonialStatuses = ['draft', 'submitted', 'published'] as const
export type TestimonialStatus = (typeof testimonialStatuses)[number]

export interface Testimonial {
  id: string
  formId: string
  submissionId: string | null
  /** A draft was assembled and not sent; it goes after 48 hours. */
  status: TestimonialStatus
  /** `ai`: the customer began with an assembled text. */
  madeBy: 'ai' | 'manual'
  text: string
  customerName: string | null
  /** Of the metered call, in the ledger. */
  reservationId: string | null
  createdAt: Date
  updatedAt: Date
  publishedAt: Date | null
}

interface TestimonialRow {
  id: string
  form_id: string
  submission_id: string | null
  status: TestimonialStatus
  made_by: 'ai' | 'manual'
  text: string
  customer_name: string | null
  reservation_id: string | null
  created_at: Date
  updated_at: Date
  published_at: Date | null
}

const columns =
  'id, form_id, submission_id, status, made_by, text, customer_name, reservation_id, created_at, updated_at, published_at'

/** Keeps an assembled text until its customer sends it; the same call keeps one. Older drafts go. */
export async function keepDraft(
  pool: Pool,
  input: { form: Form; customer: Customer; text: string; reservationId: string },
): Promise<string> {
  const { form, customer, text, reservationId } = input
  const [kept] = await queryIn<{ id: string }>(
    pool,
    form.organizationId,
    `with old as (
       delete from testimonials.testimonials
       where organization_id = $1::text and status = 'draft' and created_at < clock_timestamp() - interval '48 hours'),
     standing as (
       select id from testimonials.testimonials
       where organization_id = $1::text and form_id = $3::uuid and reservation_id = $6::uuid),
     made as (
       insert into testimonials.testimonials
         (organization_id, id, form_id, status, made_by, text, customer_id, reservation_id)
       select $1::text, $2::uuid, $3::uuid, 'draft', 'ai', $4::text, $5::text, $6::uuid
       where not exists (select from standing)
       returning id)
     select id from made union all select id from standing`,
    [
      form.organizationId,
      newId(),
      form.id,
      text,
      customer.identity === 'verified' ? customer.actor.id : null,
      reservationId,
    ],
  )
  if (kept === undefined) throw errorOf('internal')
  return kept.id
}

/** Drafts that nobody has sent for 48 hours go, also of organizations whose forms are at rest. */
export async function deleteOldDrafts(pool: Pool): Promise<void> {
  const organizations = await query<{ id: string }>(
    pool,
    'select distinct organization_id as id from testimonials.form_organizations order by 1',
    [],
  )
  for (const { id } of organizations) {
    await queryIn(
      pool,
      id,
      `delete from testimonials.testimonials
       where organization_id = $1::text and status = 'draft' and created_at < clock_timestamp() - interval '48 hours'`,
      [id],
    )
  }
}

/** Newest first; drafts only where they are asked for. */
export async function listTestimonials(
  pool: Pool,
  { organizationId, id }: Form,
  page: PageInput & { status?: TestimonialStatus | undefined },
): Promise<Page<Testimonial>> {
  const statuses = page.status === undefined ? ['submitted', 'published'] : [page.status]
  const rows = await queryIn<TestimonialRow>(
    pool,
    organizationId,
    `select ${columns} from testimonials.testimonials
     where organization_id = $1::text and form_id = $2::uuid and status = any($3::text[])
       and ($4::uuid is null or id < $4::uuid)
     order by id desc limit $5::integer`,
    [organizationId, id, statuses, requireCursor(page.cursor), page.limit + 1],
  )
  return pageOf(rows.map(testimonialOf), page.limit)
}

/** Publishes what a customer has sent, or takes it back. @throws NotFoundError, InvalidRequestError for a draft */
export async function setPublished(
  pool: Pool,
  { form, testimonialId }: { form: Form; testimonialId: string },
  isPublished: boolean,
): Promise<Testimonial> {
  const [row] = isId(testimonialId)
    ? await queryIn<TestimonialRow>(
        pool,
        form.organizationId,
        `update testimonials.testimonials
         set status = case when status = 'draft' then status when $4::boolean then 'published' else 'submitted' end,
           published_at = case when $4::boolean and status <> 'draft' then coalesce(published_at, clock_timestamp()) end,
           updated_at = clock_timestamp()
         where organization_id = $1::text and form_id = $2::uuid and id = $3::uuid
         returning ${columns}`,
        [form.organizationId, form.id, testimonialId, isPublished],
      )
    : []
  if (row === undefined) {
    throw errorOf('not_found', {
      message: 'No such testimonial.',
      testimonialId: testimonialId.slice(0, 100),
    })
  }
  if (row.status === 'draft') throw invalid('status', 'cannot change: the customer has not sent this text')
  return testimonialOf(row)
}

function testimonialOf(row: TestimonialRow): Testimonial {
  return {
    id: row.id,
    formId: row.form_id,
    submissionId: row.submission_id,
    status: row.status,
    madeBy: row.made_by,
    text: row.text,
    customerName: row.customer_name,
    reservationId: row.reservation_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    publishedAt: row.published_at,
  }
}
