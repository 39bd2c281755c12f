import type { Pool } from 'pg'
import { newId } from '../forms/new-id.ts'
import { isId, type Page, type PageInput, pageOf, queryIn, requireCursor } from '../forms/query.ts'

export const generationCapabilities = [
  'question_generation',
  'testimonial_assembly',
  'testimonial_polish',
] as const
export type GenerationCapability = (typeof generationCapabilities)[number]

/** What somebody had written in the studio; kept for 30 days. */
export interface Generation {
  id: string
  personId: string
  personName: string | null
  capability: GenerationCapability
  quality: string
  /** provider/model that served. */
  model: string
  simulated: boolean
  /** As the route took it. */
  input: object
  /** As the route answered it: `questions`, `testimonial` or `text`. */
  output: object
  /** In credits. */
  creditsUsed: number
  /** Of the metered call, in the ledger. */
  reservationId: string
  createdAt: Date
}

const kept = `interval '30 days'`

/** Keeps an answer, once: told again it is the same. */
export async function keepGeneration(
  pool: Pool,
  organizationId: string,
  generation: Omit<Generation, 'id' | 'createdAt'>,
): Promise<void> {
  const { personId, personName, capability, quality, model, simulated } = generation
  await queryIn(
    pool,
    organizationId,
    `insert into testimonials.generations (organization_id, id, person_id, person_name, capability, quality, model,
       is_simulated, input, output, credits_used, reservation_id)
     values ($1::text, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::boolean, $9::jsonb, $10::jsonb,
       $11::numeric, $12::uuid)
     on conflict (organization_id, reservation_id) do nothing`,
    [
      organizationId,
      newId(),
      personId,
      personName,
      capability,
      quality,
      model,
      simulated,
      JSON.stringify(generation.input),
      JSON.stringify(generation.output),
      generation.creditsUsed,
      generation.reservationId,
    ],
  )
}

/** Newest first. */
export async function listGenerations(
  pool: Pool,
  organizationId: string,
  page: PageInput & { capability?: GenerationCapability | undefined },
): Promise<Page<Generation>> {
  const rows = await queryIn<Omit<Generation, 'creditsUsed'> & { creditsUsed: string }>(
    pool,
    organizationId,
    `select id, person_id as "personId", person_name as "personName", capability, quality, model,
       is_simulated as simulated, input, output, credits_used as "creditsUsed", reservation_id as "reservationId",
       created_at as "createdAt"
     from testimonials.generations
     where organization_id = $1::text and ($2::text is null or capability = $2::text)
       and ($3::uuid is null or id < $3::uuid) and created_at > clock_timestamp() - ${kept}
     order by id desc limit $4::integer`,
    [organizationId, page.capability ?? null, requireCursor(page.cursor), page.limit + 1],
  )
  return pageOf(
    rows.map(({ creditsUsed, ...row }) => ({ ...row, creditsUsed: Number(creditsUsed) })),
    page.limit,
  )
}

/** Whether there was such a one. */
export async function deleteGeneration(pool: Pool, organizationId: string, id: string): Promise<boolean> {
  if (!isId(id)) return false
  const rows = await queryIn(
    pool,
    organizationId,
    'delete from testimonials.generations where organization_id = $1::text and id = $2::uuid returning id',
    [organizationId, id],
  )
  return rows.length > 0
}

/** All that a person had written; done again, it finds nothing. */
export async function eraseGenerations(pool: Pool, organizationId: string, personId: string): Promise<void> {
  await queryIn(
    pool,
    organizationId,
    'delete from testimonials.generations where organization_id = $1::text and person_id = $2::text',
    [organizationId, personId],
  )
}

/** All that is kept of what a person had written, as JSON; null where that is nothing. */
export async function exportGenerations(
  pool: Pool,
  organizationId: string,
  personId: string,
): Promise<unknown> {
  const [row] = await queryIn<{ found: unknown }>(
    pool,
    organizationId,
    `select jsonb_agg(jsonb_build_object('id', id, 'capability', capability, 'quality', quality, 'input', input,
       'output', output, 'createdAt', created_at) order by id) as found
     from testimonials.generations where organization_id = $1::text and person_id = $2::text`,
    [organizationId, personId],
  )
  return row?.found ? { generations: row.found } : null
}

/** What is older than it is kept goes. */
export async function deleteOldGenerations(pool: Pool, organizationId: string): Promise<void> {
  await queryIn(
    pool,
    organizationId,
    `delete from testimonials.generations
     where organization_id = $1::text and created_at < clock_timestamp() - ${kept}`,
    [organizationId],
  )
}
