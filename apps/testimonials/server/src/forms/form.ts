import { errorOf, invalid, withOrganization } from '@stipend/engine'
import type { Pool } from 'pg'
import { newId } from './new-id.ts'
import { isId, type Page, type PageInput, pageOf, query, queryIn, requireCursor } from './query.ts'

export interface Question {
  /** Stays while the question is reworded or moved. */
  id: string
  text: string
}

/** A public form, by which an organization asks its customers. */
export interface Form {
  organizationId: string
  id: string
  name: string
  productName: string
  productDescription: string
  /** In the order in which they are asked. */
  questions: Question[]
  /** Closed forms take nothing more. */
  isOpen: boolean
  createdAt: Date
  updatedAt: Date
  /** When a customer last could not have AI help because of the organization, and why; told at most once an hour. */
  lastInterruption: { reason: string; at: Date } | null
}

/** A question with its id stays the one it was; without, it is a new one. */
export interface QuestionInput {
  id?: string | undefined
  text: string
}

export interface FormFields {
  name: string
  productName: string
  productDescription: string
  questions: readonly QuestionInput[]
  isOpen: boolean
}

/** What is absent stays. Questions are made of those that stand. */
export type FormChanges = {
  [Field in Exclude<keyof FormFields, 'questions'>]?: FormFields[Field] | undefined
} & {
  questions?: ((standing: readonly Question[]) => readonly QuestionInput[]) | undefined
}

export const maxQuestions = 20

interface FormRow {
  organization_id: string
  id: string
  name: string
  product_name: string
  product_description: string
  questions: Question[]
  is_open: boolean
  created_at: Date
  updated_at: Date
  reason: string | null
  told_at: Date | null
}

const selectForms = `select f.*, i.reason, i.told_at
  from testimonials.forms f
  left join testimonials.ai_interruptions i on i.organization_id = f.organization_id and i.form_id = f.id`

export async function createForm(pool: Pool, organizationId: string, fields: FormFields): Promise<Form> {
  const id = newId()
  const questions = questionsOf(fields.questions, [])
  await withOrganization(pool, organizationId, async (client) => {
    await query(
      client,
      'insert into testimonials.form_organizations (form_id, organization_id) values ($1::uuid, $2::text)',
      [id, organizationId],
    )
    await query(
      client,
      `insert into testimonials.forms
         (organization_id, id, name, product_name, product_description, questions, is_open)
       values ($1::text, $2::uuid, $3::text, $4::text, $5::text, $6::jsonb, $7::boolean)`,
      [
        organizationId,
        id,
        fields.name,
        fields.productName,
        fields.productDescription,
        JSON.stringify(questions),
        fields.isOpen,
      ],
    )
  })
  return await getForm(pool, organizationId, id)
}

/** @throws NotFoundError, for another organization's form as for one that does not exist */
export async function getForm(pool: Pool, organizationId: string, id: string): Promise<Form> {
  const [row] = isId(id)
    ? await queryIn<FormRow>(
        pool,
        organizationId,
        `${selectForms} where f.organization_id = $1::text and f.id = $2::uuid`,
        [organizationId, id],
      )
    : []
  return formOf(row ?? noForm(id))
}

/** A form by its id alone, as the public knows it. @throws NotFoundError */
export async function findForm(pool: Pool, id: string): Promise<Form> {
  const [found] = isId(id)
    ? await query<{ organization_id: string }>(
        pool,
        'select organization_id from testimonials.form_organizations where form_id = $1::uuid',
        [id],
      )
    : []
  return await getForm(pool, (found ?? noForm(id)).organization_id, id)
}

/** Newest first. */
export async function listForms(pool: Pool, organizationId: string, page: PageInput): Promise<Page<Form>> {
  const rows = await queryIn<FormRow>(
    pool,
    organizationId,
    `${selectForms} where f.organization_id = $1::text and ($2::uuid is null or f.id < $2::uuid)
     order by f.id desc limit $3::integer`,
    [organizationId, requireCursor(page.cursor), page.limit + 1],
  )
  return pageOf(rows.map(formOf), page.limit)
}

/** @throws NotFoundError, InvalidRequestError for questions */
export async function updateForm(
  pool: Pool,
  { organizationId, id }: { organizationId: string; id: string },
  changes: FormChanges,
): Promise<Form> {
  if (!isId(id)) noForm(id)
  await withOrganization(pool, organizationId, async (client) => {
    const [row] = await query<{ questions: Question[] }>(
      client,
      'select questions from testimonials.forms where organization_id = $1::text and id = $2::uuid for update',
      [organizationId, id],
    )
    if (row === undefined) return noForm(id)
    const questions = changes.questions && questionsOf(changes.questions(row.questions), row.questions)
    await query(
      client,
      `update testimonials.forms
       set name = coalesce($3::text, name), product_name = coalesce($4::text, product_name),
         product_description = coalesce($5::text, product_description), questions = coalesce($6::jsonb, questions),
         is_open = coalesce($7::boolean, is_open), updated_at = clock_timestamp()
       where organization_id = $1::text and id = $2::uuid`,
      [
        organizationId,
        id,
        changes.name ?? null,
        changes.productName ?? null,
        changes.productDescription ?? null,
        questions === undefined ? null : JSON.stringify(questions),
        changes.isOpen ?? null,
      ],
    )
  })
  return await getForm(pool, organizationId, id)
}

/** Removes the form with all that came in by it. @throws NotFoundError */
export async function deleteForm(pool: Pool, organizationId: string, id: string): Promise<void> {
  if (!isId(id)) noForm(id)
  await withOrganization(pool, organizationId, async (client) => {
    const deleted = await query(
      client,
      'delete from testimonials.forms where organization_id = $1::text and id = $2::uuid returning id',
      [organizationId, id],
    )
    if (deleted.length === 0) noForm(id)
    await query(client, 'delete from testimonials.form_organizations where form_id = $1::uuid', [id])
    await query(
      client,
      `delete from testimonials.customers c where c.organization_id = $1::text and not exists (
         select from testimonials.submissions s where s.organization_id = $1::text and s.customer_id = c.id)`,
      [organizationId],
    )
  })
}

/** Ids are short and unique within the form. @throws InvalidRequestError */
function questionsOf(given: readonly QuestionInput[], standing: readonly Question[]): Question[] {
  if (given.length > maxQuestions) throw invalid('questions', `must hold at most ${maxQuestions} questions`)
  const known = new Set(standing.map(({ id }) => id))
  const taken = new Set<string>()
  for (const [index, { id }] of given.entries()) {
    if (id === undefined) continue
    if (!known.has(id)) throw invalid(`questions.${index}.id`, 'must be the id of a question of this form')
    if (taken.has(id)) throw invalid(`questions.${index}.id`, 'must not be named twice')
    taken.add(id)
  }
  const used = new Set([...known, ...taken])
  return given.map(({ id, text }) => ({ id: id ?? nextQuestionId(used), text }))
}

function nextQuestionId(used: Set<string>): string {
  for (let number = used.size + 1; ; number += 1) {
    const id = `q${number}`
    if (used.has(id)) continue
    used.add(id)
    return id
  }
}

function noForm(formId: string): never {
  throw errorOf('not_found', { message: 'No such form.', formId: formId.slice(0, 100) })
}

function formOf(row: FormRow): Form {
  return {
    organizationId: row.organization_id,
    id: row.id,
    name: row.name,
    productName: row.product_name,
    productDescription: row.product_description,
    questions: row.questions,
    isOpen: row.is_open,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastInterruption:
      row.reason === null || row.told_at === null ? null : { reason: row.reason, at: row.told_at },
  }
}
